/**
 * The guard against forged endpoints: where a request may go that a stranger asks for (RFC 8030 §8, OWASP «server-side request forgery»).
 * Pure: judges a URL as it is written and an address as it was resolved. Connects to nothing, and knows nothing of push.
 */
import { isIP } from 'node:net'
import { whyNotPublic } from './public-address'

/** What the operator says; everything may be left out. */
export interface GuardRules {
  /** Globs of hosts (`*.push.apple.com`; `*` is any run of characters): no others. Empty or absent: every host. */
  readonly allow?: readonly string[] | undefined
  /** Globs of hosts that are refused, whatever else is said. */
  readonly deny?: readonly string[] | undefined
  /** Hosts that need not be public: `host` or `host:port`, and `http://host[:port]` for one that has no TLS. No globs. */
  readonly allowPrivate?: readonly string[] | undefined
  /** Default: 443 alone. */
  readonly ports?: readonly number[] | undefined
}

/** An endpoint that may be tried. Only `origin` and `host` may ever be logged: the rest is a capability. */
export interface Endpoint {
  readonly is: 'endpoint'
  /** As it is compared and sent. */
  readonly href: string
  /** `scheme://host[:port]` (RFC 6454 §6.2). */
  readonly origin: string
  /** A name, or an IP address without brackets. */
  readonly host: string
  /** Path and query. */
  readonly path: string
  /** The operator has named it: its host need not be on the public internet. */
  readonly mayBePrivate: boolean
}

type Judgement = Endpoint | { readonly is: 'refused'; readonly why: string }

export interface Guard {
  /** The endpoint, or why it can't be one; the words hold nothing of it. */
  endpoint(text: string): Judgement
  /** True for a host that the operator has named, in `allow` or `allowPrivate`. */
  isNamed(host: string): boolean
}

/** UnifiedPush AND_3.0.0: no endpoint is longer; bytes. */
const LONGEST = 1000
/** Names that no public service has: RFC 6761, 6762, 7686, 8375, and ICANN's `internal`. */
const NOT_PUBLIC = /(^|\.)(localhost|local|internal|home\.arpa|invalid|onion)$/

/** Where the path of `https://a` can begin, or of `http://a`. */
const SCHEME = 'http://a'.length
/** Path and query that the URL parser leaves as they are: no segment is empty or begins with a dot, nothing is escaped. */
const PLAIN_PATH = /^(?:\/[\w~=+:@,;!$&()*-][\w~=+:@,;!$&()*.-]*)+(?:\?[\w~=+:@,;!$&()*./-]+)?$/
/** Origins that are remembered. */
const MOST_ORIGINS = 256

/** Says nothing of what was found instead: a stranger could map our network by it. */
export const NOT_ON_THE_INTERNET = 'its host is not on the public internet'

interface PrivateHost {
  readonly host: string
  readonly protocol: string
  /** Undefined: those of the rules. */
  readonly port: number | undefined
}

const PRIVATE_HOST = /^(https?:\/\/)?(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i

/** Reads an entry of `allowPrivate`; undefined for what isn't one. */
export function privateHost(entry: string): PrivateHost | undefined {
  const [, scheme, port] = PRIVATE_HOST.exec(entry) ?? [undefined, undefined, undefined]
  const text = scheme === undefined ? `https://${entry}` : entry
  if (!PRIVATE_HOST.test(entry) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  const said = port === undefined ? undefined : Number(port.slice(1))
  return { host: bare(url), protocol: url.protocol, port: said ?? (url.protocol === 'http:' ? 80 : undefined) }
}

function bare({ hostname }: URL): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
}

function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'http:' ? 80 : 443) : Number(url.port)
}

/** A glob as an expression for lower-case hosts. */
function globOf(glob: string): RegExp {
  const parts = glob.toLowerCase().split('*')
  return new RegExp(`^${parts.map((part) => part.replace(/[^a-z0-9]/g, '\\$&')).join('.*')}$`)
}

/** The URL of a text that is printable ASCII, and of the form that it seems to have. */
function parse(text: string): URL | string {
  if (text.length > LONGEST) return `it is longer than ${LONGEST} bytes`
  // What the parser would quietly mend: spaces, tabs, line ends, backslashes, a missing `//`, letters that only look like others.
  if (!/^https?:\/\/[^/\\]/i.test(text) || /[^\x21-\x7e]|\\/.test(text)) return 'it is no https address'
  try {
    const url = new URL(text)
    return url.href.length > LONGEST ? `it is longer than ${LONGEST} bytes` : url
  } catch {
    return 'it is no https address'
  }
}

/** Why this address, to which the host was resolved, must not be connected to, for the operator; undefined if it may. */
export function whyForbidden(address: string, { host, mayBePrivate }: Endpoint): string | undefined {
  const what = mayBePrivate ? undefined : whyNotPublic(address)
  return what === undefined ? undefined : `${NOT_ON_THE_INTERNET}: ${host} has the address ${address}, ${what}`
}

/** Globs and names are read once. */
export function makeGuard(rules: GuardRules): Guard {
  const allow = (rules.allow ?? []).map(globOf)
  const deny = (rules.deny ?? []).map(globOf)
  const own = (rules.allowPrivate ?? []).flatMap((entry) => privateHost(entry) ?? [])
  const ports = rules.ports ?? [443]

  /** Whether the operator has named it, with this scheme and port. */
  const isOwn = (url: URL, its: string): boolean =>
    own.some(
      ({ host, protocol, port }) =>
        host === its && protocol === url.protocol && (port === undefined ? isServed(url) : port === portOf(url)),
    )
  const isServed = (url: URL): boolean => ports.includes(portOf(url))

  const fault = (url: URL, text: string, host: string, isNamedHere: boolean): string | undefined => {
    if (/^[^/]*\/\/[^/?#]*@/.test(text)) return 'it names a user'
    if (text.includes('#')) return 'it has a fragment'
    if (host.endsWith('.')) return 'its host ends with a dot'
    if (deny.some((glob) => glob.test(host))) return 'its host is refused here'
    if (isNamedHere) return undefined
    if (url.protocol !== 'https:') return 'it is no https address'
    if (!isServed(url)) return 'its port is refused here'
    if (allow.length > 0 && !allow.some((glob) => glob.test(host))) return 'its host is not among those that are served'
    const isPublic = isIP(host) === 0 ? host.includes('.') && !NOT_PUBLIC.test(host) : whyNotPublic(host) === undefined
    return isPublic ? undefined : NOT_ON_THE_INTERNET
  }

  /** By origin, of endpoints that were found good: the next one there differs by its path alone. */
  const origins = new Map<string, Pick<Endpoint, 'origin' | 'host' | 'mayBePrivate'>>()

  const alike = (text: string): Endpoint | undefined => {
    const slash = text.indexOf('/', SCHEME)
    const known = slash < 0 || text.length > LONGEST ? undefined : origins.get(text.slice(0, slash))
    if (known === undefined) return undefined
    const path = text.slice(slash)
    if (!PLAIN_PATH.test(path)) return undefined
    const { origin, host, mayBePrivate } = known
    return { is: 'endpoint', href: text, origin, host, path, mayBePrivate }
  }

  const judge = (text: string): Judgement => {
    const found = alike(text)
    if (found !== undefined) return found
    const url = parse(text)
    if (typeof url === 'string') return { is: 'refused', why: url }
    const host = bare(url)
    const mayBePrivate = isOwn(url, host)
    const why = fault(url, text, host, mayBePrivate)
    if (why !== undefined) return { is: 'refused', why }
    const { href, origin, pathname, search } = url
    if (origins.size === MOST_ORIGINS) origins.clear()
    origins.set(origin, { origin, host, mayBePrivate })
    return { is: 'endpoint', href, origin, host, path: `${pathname}${search}`, mayBePrivate }
  }
  /** Who sends and the wire ask about the same one, one right after the other. */
  let last: { readonly text: string; readonly judgement: Judgement } | undefined

  return Object.freeze({
    endpoint(text: string) {
      if (last?.text !== text) last = { text, judgement: judge(text) }
      return last.judgement
    },
    isNamed: (host: string) => own.some((one) => one.host === host) || allow.some((glob) => glob.test(host)),
  })
}

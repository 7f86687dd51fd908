/** Who calls: by name, where a bearer token (RFC 6750) or a client certificate says so, and from which address. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { type IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import { type TLSSocket } from 'node:tls'
import { type Opaque } from '../model/opaque'

export interface Caller {
  /** The name of its token, or of its certificate; absent where nobody is asked for one. */
  readonly name?: string
  /** The peer's, or, behind trusted proxies, the one that they were asked from. */
  readonly address: string
  /** Who has this token on the listener now; undefined: nobody. */
  readonly whoHas: (token: string) => string | undefined
}

/** Who may ask on a listener. */
export interface Auth {
  /** Bearer tokens, by the name of who has them. */
  readonly tokens: ReadonlyMap<string, Opaque>
  /** A client certificate that the listener's authorities vouch for is as good as a token. */
  readonly certificates: boolean
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** The addresses and networks (`10.0.0.0/8`, `::1`) whose `X-Forwarded-For` is believed. */
export function trusting(proxies: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const proxy of proxies) {
    const [address = '', bits] = proxy.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    list.addSubnet(address, bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits), family)
  }
  return (address) => isIP(address) !== 0 && list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

/** An IPv4 address as itself, also where it came over a socket of IPv6. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '')
}

/**
 * The address that asked: the peer's own, or the last one of `X-Forwarded-For` that no trusted proxy wrote down for another trusted
 * one. What a stranger writes there changes nothing.
 */
export function addressOf(request: IncomingMessage, isTrusted: (address: string) => boolean): string {
  let address = plain(request.socket.remoteAddress ?? '')
  const header = request.headers['x-forwarded-for']
  const forwarded = (Array.isArray(header) ? header.join(',') : (header ?? ''))
    .split(',')
    .map((each) => plain(each.trim()))
  while (isTrusted(address)) {
    const before = forwarded.pop()
    if (before === undefined || isIP(before) === 0) break
    address = before
  }
  return address
}

/** The bearer token that a request brings along. */
export function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
}

export interface Naming {
  /** The name of who asks, or undefined for nobody who may. */
  of(request: IncomingMessage): string | undefined
  /** The name of who has this token. Every token is compared, in constant time. */
  whoHas(token: string): string | undefined
}

export function makeNaming(auth: Auth): Naming {
  const known = [...auth.tokens].map(([name, token]) => ({ name, digest: digest(token.reveal()) }))
  function whoHas(token: string): string | undefined {
    const its = digest(token)
    return known.filter((each) => timingSafeEqual(each.digest, its)).at(0)?.name
  }
  function of(request: IncomingMessage): string | undefined {
    const given = bearerOf(request.headers.authorization)
    if (given !== undefined) return whoHas(given)
    const socket = request.socket as Partial<TLSSocket>
    if (!auth.certificates || socket.authorized !== true) return undefined
    const { CN } = socket.getPeerCertificate?.().subject ?? {}
    return (Array.isArray(CN) ? CN[0] : CN) ?? 'a certificate without a name'
  }
  return Object.freeze({ of, whoHas })
}

/**
 * Web Push (RFC 8030, 8291, 8292) to whichever push service a subscription names: browsers, and UnifiedPush (AND_3.0.0), where VAPID may be
 * left out. One attempt. Refuses to know when to try again, and what a service worker reads.
 */
import { X509Certificate } from 'node:crypto'
import { z } from 'zod'
import { type Credential } from '../model/opaque'
import { type Outcome } from '../model/outcome'
import { type ProxySetting } from '../model/proxy'
import { makeGuard, privateHost, type Guard } from '../wire/guard'
import { makeGuardedWire } from '../wire/guarded'
import { type Http2 } from '../wire/wire'
import { caExpiry } from './ca-expiry'
import { connectionsOption, wireConnections, type Connections } from './connections'
import { http2Option, spokenBy } from './http2'
import { type Attempt, type Finding, type Provider, type ProviderKind, type ProviderSurroundings } from './provider'
import { proxyFindings, proxyPart, throughProxy } from './through-proxy'
import { credentialName } from './credential-name'
import { endpointOf, normalise } from './webpush-address'
import { isLocalSubject, readVapid, type Vapid, type VapidOptions, type WebPushFault } from './webpush-key'
import { previewWebPush } from './webpush-preview'
import { proveWebPush, signs, unverified } from './webpush-proof'
import { makeWebPushSender } from './webpush-sender'
import { makeVendorClock } from './vendor-clock'
import { vapidTokens } from './webpush-vapid'

export interface WebPushOptions {
  readonly vapid?: VapidOptions | undefined
  readonly allow?: readonly string[] | undefined
  readonly deny?: readonly string[] | undefined
  readonly allowPrivate?: readonly string[] | undefined
  readonly ports?: readonly number[] | undefined
  readonly ca?: Credential | undefined
  readonly connections?: Connections | undefined
  readonly http2?: Http2 | undefined
  readonly proxy?: ProxySetting | undefined
}

/** More than one connection bears: who finds no room waits on disk, and costs more. */
const CONCURRENCY = 600
/** For each connection that a busy push service got besides its first. */
const MORE = 100
const GRACE = 15_000

interface Credentials {
  readonly vapid?: Vapid
  readonly ca?: Buffer
}

function read({ vapid, ca }: WebPushOptions): Credentials | { readonly fault: WebPushFault } {
  const who = vapid === undefined ? undefined : readVapid(vapid)
  if (who !== undefined && 'text' in who) return { fault: who }
  const found = who === undefined ? {} : { vapid: who }
  if (ca === undefined) return found
  try {
    new X509Certificate(ca.bytes())
    return { ...found, ca: ca.bytes() }
  } catch {
    const mend = 'Name a PEM file with the certificate of the authority (-----BEGIN CERTIFICATE-----)'
    return { fault: { text: `ca ${ca.toString()} is no readable certificate`, mend } }
  }
}

function check(options: WebPushOptions, now: number): readonly Finding[] {
  const found = read(options)
  if ('fault' in found) return [{ is: 'fault', ...found.fault }]
  const fault = found.vapid === undefined ? undefined : unverified(found.vapid, now)
  if (fault !== undefined) return [{ is: 'fault', ...fault }]
  const fact = (text: string): Finding => ({ is: 'fact', text })
  const { allow = [], deny = [], allowPrivate = [], ports = [443] } = options
  const { vapid } = found
  const local: Finding = {
    is: 'warning',
    text: `vapid.subject is ${vapid?.subject ?? ''}, which Apple refuses`,
    mend: 'Write an address that exists on the internet: "mailto:push@your.domain"',
  }
  return [
    ...(vapid === undefined
      ? [fact('no VAPID key: UnifiedPush only, for the push services of browsers demand one')]
      : [fact(signs(vapid)), fact(`VAPID subject ${vapid.subject}`)]),
    ...(vapid !== undefined && isLocalSubject(vapid.subject) ? [local] : []),
    fact(`sends to ${allow.length === 0 ? 'every public host' : allow.join(', ')}, port ${ports.join(', ')}`),
    ...(deny.length === 0 ? [] : [fact(`never to ${deny.join(', ')}`)]),
    ...proxyFindings(options.proxy),
    ...(allowPrivate.length === 0 ? [] : [fact(`also inside the network to ${allowPrivate.join(', ')}`)]),
  ]
}

function open(options: WebPushOptions, { clock, keep, notice }: ProviderSurroundings): Provider {
  const found = read(options)
  if ('fault' in found) throw new Error(`${found.fault.text}. ${found.fault.mend}`)
  const { vapid, ca } = found
  const fault = vapid === undefined ? undefined : unverified(vapid, clock.now())
  if (fault !== undefined) throw new Error(`${fault.text}. ${fault.mend}`)
  const guard = makeGuard(options)
  const via = throughProxy(options.proxy)
  const wire = makeGuardedWire(
    {
      guard,
      ...wireConnections(options.connections),
      ...spokenBy(options.http2),
      ...via,
      ...(ca === undefined ? {} : { ca }),
    },
    clock,
  )
  const tokens = vapid === undefined ? undefined : vapidTokens(vapid, keep, clock)
  const theirs = makeVendorClock(clock, notice)
  const send = makeWebPushSender({
    ...{ guard, wire, tokens, clock, notice, isProxied: via.proxy !== undefined },
    heard: (origin, date) => theirs.hear(origin, date),
  })

  const name =
    vapid === undefined
      ? {}
      : { credential: credentialName('webpush', vapid.publicKey, vapid.subject, ca, proxyPart(options.proxy)) }

  return Object.freeze({
    ...name,
    get concurrency() {
      return CONCURRENCY + MORE * wire.more
    },
    attempt(attempt: Attempt): Promise<Outcome> {
      const { content } = attempt
      return content.speaks === 'webpush'
        ? send(attempt, content)
        : Promise.resolve({ is: 'refused', why: `written for ${content.speaks}, not for Web Push` })
    },
    async whyNot(address: string) {
      const endpoint = guard.endpoint(endpointOf(address) ?? '')
      return endpoint.is === 'refused' ? endpoint.why : wire.whyNotThere(endpoint)
    },
    preview: (attempt: Attempt) =>
      attempt.content.speaks === 'webpush'
        ? previewWebPush(attempt, attempt.content, vapid?.publicKey, clock.now())
        : undefined,
    prove: async () => [...proveWebPush(vapid, clock.now()), ...theirs.findings()],
    close: () => wire.close(GRACE),
  })
}

/** Guards by the options that they come from: reading globs for each registration would be a waste. */
const guards = new WeakMap<WebPushOptions, Guard>()
const NO_OPTIONS: WebPushOptions = Object.freeze({})

function guardOf(options: WebPushOptions): Guard {
  const guard = guards.get(options) ?? makeGuard(options)
  guards.set(options, guard)
  return guard
}

const glob = z.string().regex(/^[a-z0-9.*:_-]+$/i, 'a host, or a glob such as *.push.apple.com')
const privately = z
  .string()
  .refine((entry) => privateHost(entry) !== undefined, 'host, host:port, or http://host[:port]; no globs')

const kind: ProviderKind<WebPushOptions> = {
  kind: 'webpush',
  speaks: 'webpush',
  options: (words) =>
    z.strictObject({
      vapid: z.strictObject({ subject: z.string(), privateKey: words.credential }).optional(),
      allow: z.array(glob).optional(),
      deny: z.array(glob).optional(),
      allowPrivate: z.array(privately).optional(),
      ports: z.array(z.int().min(1).max(65_535)).min(1).optional(),
      ca: words.credential.optional(),
      connections: connectionsOption,
      http2: http2Option,
      proxy: words.proxy.optional(),
    }),
  address: (raw, options = NO_OPTIONS) => normalise(raw, guardOf(options)),
  /** Of the 3993 bytes of a message the rest is for the account's name, the keys and the quotation marks. */
  maxEncryptedSize: 3000,
  offers(options) {
    const found = read(options)
    return 'fault' in found || found.vapid === undefined ? {} : { 'vapid-public-key': found.vapid.publicKey }
  },
  expiries: ({ ca }) => caExpiry(ca),
  check: async (options, now) => check(options, now),
  open,
}

/** Web Push and UnifiedPush as a kind of provider. */
export const webpush = Object.freeze(kind)

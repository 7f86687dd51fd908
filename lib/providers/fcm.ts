/**
 * Firebase Cloud Messaging, HTTP v1: https://firebase.google.com/docs/cloud-messaging/send/v1-api. One attempt: a token, a request, a
 * judgement. Refuses to know when to try again. The legacy interface (`/fcm/send`, server keys) is gone at Google and here.
 */
import { X509Certificate } from 'node:crypto'
import { z } from 'zod'
import { type Credential } from '../model/opaque'
import { type Outcome } from '../model/outcome'
import { type ProxySetting } from '../model/proxy'
import { makeHttp2Origin } from '../wire/http2'
import { type Http2, type OriginOptions } from '../wire/wire'
import { caExpiry } from './ca-expiry'
import { connectionsOption, wireConnections, type Connections } from './connections'
import { credentialName } from './credential-name'
import { readAccount, type Account, type AccountFault } from './fcm-account'
import { probeFcm } from './fcm-probe'
import { requestFor } from './fcm-request'
import { makeFcmSender } from './fcm-sender'
import { makeAccessTokens } from './fcm-token'
import { http2Option, spokenBy } from './http2'
import { masked, previewOf } from './preview'
import { type Attempt, type Finding, type Provider, type ProviderKind, type ProviderSurroundings } from './provider'
import { proxyFindings, proxyPart, throughProxy } from './through-proxy'
import { makeVendorClock } from './vendor-clock'

export interface FcmOptions {
  readonly serviceAccount: Credential
  readonly endpoint?: string | undefined
  readonly ca?: Credential | undefined
  readonly connections?: Connections | undefined
  readonly http2?: Http2 | undefined
  readonly proxy?: ProxySetting | undefined
}

const GOOGLES_ENDPOINT = 'https://fcm.googleapis.com'
/** What Google lets one connection have under way. */
const STREAMS = 100
/**
 * Attempts that may be begun beyond those: they wait for a stream a moment, so that streams are busy while others become durable. Who finds
 * no room waits on disk, and costs half as much again.
 */
const AHEAD = 500
const GRACE = 15_000

interface Credentials {
  readonly account: Account
  readonly ca?: Buffer
}

function read(options: FcmOptions): Credentials | { readonly fault: AccountFault } {
  const found = readAccount(options.serviceAccount, options.endpoint !== undefined)
  if ('fault' in found || options.ca === undefined) return found
  try {
    new X509Certificate(options.ca.bytes())
  } catch {
    const text = `ca ${options.ca.toString()} is no readable certificate`
    return {
      fault: { text, mend: 'Name a PEM file with the certificate of the authority (-----BEGIN CERTIFICATE-----)' },
    }
  }
  return { account: found.account, ca: options.ca.bytes() }
}

function check(options: FcmOptions): readonly Finding[] {
  const found = read(options)
  if ('fault' in found) return [{ is: 'fault', ...found.fault }]
  const { project, email, keyId, tokenUri } = found.account
  return [
    { is: 'fact', text: `Firebase project ${project}` },
    { is: 'fact', text: `service account ${email}, key ${keyId ?? 'without an id'}` },
    { is: 'fact', text: `access tokens from ${tokenUri}` },
    ...proxyFindings(options.proxy),
    ...(options.endpoint === undefined ? [] : [{ is: 'fact', text: `sends to ${options.endpoint}` } as const]),
  ]
}

function nameOf({ account, ca }: Credentials, { endpoint, proxy }: FcmOptions): string {
  const { project, email, privateKey, tokenUri } = account
  return credentialName('fcm', project, email, privateKey, tokenUri, endpoint, ca, proxyPart(proxy))
}

function textsIn(object: object): readonly string[] {
  return Object.values(object).flat().map(String)
}

/** FCM quotes what it refuses: neither token nor content may come back in words that are logged. */
function discreet(outcome: Outcome, { address, content }: Attempt): Outcome {
  if (outcome.is === 'delivered') return outcome
  const texts = content.speaks === 'fcm' ? [content.data, content.notification ?? {}].flatMap(textsIn) : []
  const quoted = [address.reveal(), ...texts]
  const why = quoted.filter((text) => text.length > 3).reduce((words, text) => words.replaceAll(text, '…'), outcome.why)
  return { ...outcome, why }
}

function open(options: FcmOptions, { clock, notice }: ProviderSurroundings): Provider {
  const found = read(options)
  if ('fault' in found) throw new Error(`${found.fault.text}. ${found.fault.mend}`)
  const { account, ca } = found
  const via = throughProxy(options.proxy)
  const wire: OriginOptions = {
    url: options.endpoint ?? GOOGLES_ENDPOINT,
    ...(ca === undefined ? {} : { ca }),
    requestTimeout: 15_000,
    connectTimeout: 10_000,
    pingAfter: 15_000,
    maxBody: 64 * 1024,
    initialStreams: STREAMS,
    maxStreams: STREAMS,
    ...wireConnections(options.connections),
    ...spokenBy(options.http2),
    ...via,
    notice,
  }
  const origin = makeHttp2Origin(wire, clock)
  const theirs = makeVendorClock(clock, notice)
  const whom = `FCM (project ${account.project})`
  const grantor = `Google (${new URL(account.tokenUri).host})`
  const tokens = makeAccessTokens(account, {
    clock,
    notice,
    heard: (date) => theirs.hear(grantor, date),
    ...via,
    ...(ca === undefined ? {} : { ca }),
  })

  const send = makeFcmSender({ account, origin, tokens, clock, heard: (date) => theirs.hear(whom, date) })
  let underWay = 0
  let ended: (() => void) | undefined

  /** One attempt less; `close` waits for the last. */
  const left = (): void => {
    underWay--
    if (underWay === 0) ended?.()
  }

  return Object.freeze({
    credential: nameOf(found, options),
    get concurrency() {
      return STREAMS * (origin.connections?.() ?? 1) + AHEAD
    },
    attempt(attempt: Attempt) {
      underWay++
      return send(attempt).then(
        (outcome) => {
          left()
          return discreet(outcome, attempt)
        },
        (error: unknown) => {
          left()
          throw error
        },
      )
    },
    preview(attempt: Attempt) {
      if (attempt.content.speaks !== 'fcm') return undefined
      const message = { ...masked(attempt), content: attempt.content }
      return previewOf(wire.url, requestFor(message, { project: account.project, bearer: '…' }, clock.now()))
    },
    async prove() {
      const proven = await probeFcm(account.project, (attempt) => send(attempt, true), clock)
      return [...proven, ...theirs.findings()]
    },
    async close() {
      if (underWay > 0) {
        await new Promise<void>((done) => {
          const cancel = clock.after(GRACE, done)
          ended = () => {
            cancel()
            done()
          }
        })
      }
      tokens.close()
      await origin.close(0)
    },
  })
}

const kind: ProviderKind<FcmOptions> = {
  kind: 'fcm',
  speaks: 'fcm',
  options: (words) =>
    z.strictObject({
      serviceAccount: words.credential,
      endpoint: words.endpoint.optional(),
      ca: words.credential.optional(),
      connections: connectionsOption,
      http2: http2Option,
      proxy: words.proxy.optional(),
    }),
  /** Case matters; Google promises no grammar but what fits into a header and no length, and none over 4096 has been seen. */
  address: (raw) => (/^[\x21-\x7e]{1,4096}$/.test(raw) ? raw : undefined),
  /**
   * Of the 4096 bytes that all keys and values of `data` may have together, 34 are the keys `account`, `encrypted`, `iv` and an
   * initialisation vector; the rest above 3000, the size that clients assume when nobody tells them, is the account's address.
   */
  maxEncryptedSize: 3000,
  // Collapsible messages: 20 at once per app and device, then one each 3 minutes; all: 240 a minute, 5,000 an hour.
  pace: { wakeUps: { burst: 20, perSecond: 1 / 180 }, all: { burst: 240, perSecond: 5_000 / 3_600 } },
  expiries: ({ ca }) => caExpiry(ca),
  check: async (options) => check(options),
  open,
}

/** FCM as a kind of provider. */
export const fcm = Object.freeze(kind)

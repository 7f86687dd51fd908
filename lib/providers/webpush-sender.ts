/**
 * One push to one subscription: a request, a judgement, and what belongs to the same attempt (a fresh token, a shorter message). Remembers
 * what no single answer tells. Refuses to know when to try again.
 */
import { type Clock } from '../clock'
import { type WebPushContent } from '../model/content'
import { type Outcome } from '../model/outcome'
import { type Endpoint, type Guard } from '../wire/guard'
import { type GuardedWire } from '../wire/guarded'
import { type WireFailure } from '../wire/wire'
import { type Attempt } from './provider'
import { endpointOf, subscriptionOf, type Subscription } from './webpush-address'
import { LARGEST_PLAINTEXT } from './webpush-encrypt'
import { makeTroubles } from './webpush-memory'
import { judgeReply, type Judged } from './webpush-outcome'
import { requestFor, sealedRequestFor } from './webpush-request'
import { makeServices } from './webpush-services'
import { type VapidTokens } from './webpush-vapid'

export interface WebPushSenderOptions {
  readonly guard: Guard
  readonly wire: GuardedWire
  /** Absent where the app has no VAPID key. */
  readonly tokens: VapidTokens | undefined
  readonly clock: Clock
  readonly notice: (text: string) => void
  /** Told the `date` of what push services answer whose word is believed. */
  readonly heard: (origin: string, date: string | undefined) => void
  /** A proxy stands in between: what can't be reached may be its fault, and never casts doubt on a subscription. */
  readonly isProxied: boolean
}

export type SendWebPush = (attempt: Attempt, content: WebPushContent) => Promise<Outcome>

const HOUR = 3600_000
const DAY = 24 * HOUR
const MOST_REDIRECTS = 3
/** ntfy keeps a message so long for who comes to listen. */
const NO_SUBSCRIBER_FOR = 12 * HOUR
/** So long a host may be unreachable, or lead where it must not, before it is the subscription that is in doubt. */
const UNREACHABLE_FOR = 3 * DAY
const FORBIDDEN_FOR = DAY
/** When a push service is asked again that has refused our token. */
const REFUSED_FOR = 15 * 60_000

/** Push services that everybody knows: their words are believed about us, and may be quoted. */
const VENDORS =
  /^(fcm\.googleapis\.com|jmt17\.google\.com|([\w-]+\.)*(push\.services\.mozilla\.com|push\.apple\.com|notify\.windows\.com))$/

const WITH_KEY =
  'Set the clock of this machine (NTP), and look at vapid.subject: it must be a mailto: or https: address that exists; Apple refuses localhost'
const WITHOUT_KEY = 'This push service demands VAPID: give the app `vapid` with `subject` and `privateKey`'

/** Knows of no trouble yet. */
export function makeWebPushSender({
  guard,
  wire,
  tokens,
  clock,
  notice,
  heard,
  isProxied,
}: WebPushSenderOptions): SendWebPush {
  const troubles = makeTroubles(clock)
  const services = makeServices(clock)
  let hasTaken = false

  const noticeHourly = (about: string, text: string): void => {
    const { times, lasts } = troubles.note(`notice ${about}`)
    if (times > 1 && lasts < HOUR) return
    if (times > 1) {
      troubles.clear(`notice ${about}`)
      troubles.note(`notice ${about}`)
    }
    notice(text)
  }

  /** A token of ours is refused. Only if no push service ever took one is it ours for certain, and never by a stranger's word alone. */
  const tokenRefused = (why: string, { origin }: Endpoint, isTrusted: boolean): Outcome => {
    const mend = tokens === undefined ? WITHOUT_KEY : WITH_KEY
    if (isTrusted && !hasTaken) return { is: 'misconfigured', whom: 'credential', why, mend }
    if (isTrusted) noticeHourly(`token ${origin}`, `${why}. ${mend}`)
    return { is: 'busy', whom: 'target', why, notBefore: clock.now() + REFUSED_FOR }
  }

  const failed = (failure: WireFailure, { origin, href }: Endpoint): Outcome => {
    const { why, ambiguous } = failure
    if (failure.forbidden === true) return forbidden(why, href)
    const lasts = failure.unreachable && !isProxied ? troubles.note(`unreachable ${origin}`).lasts : 0
    return lasts >= UNREACHABLE_FOR ? { is: 'suspect', why } : { is: 'down', whom: 'target', why, ambiguous }
  }

  const forbidden = (why: string, endpoint: string): Outcome =>
    troubles.note(`forbidden ${endpoint}`).lasts >= FORBIDDEN_FOR ? { is: 'suspect', why } : { is: 'refused', why }

  const conclude = (judged: Judged, endpoint: Endpoint, isTrusted: boolean): Outcome => {
    const { origin, href } = endpoint
    switch (judged.is) {
      case 'delivered':
        hasTaken = true
        for (const about of ['redirected', 'no subscriber', 'forbidden']) troubles.clear(`${about} ${href}`)
        return judged
      case 'token refused':
        return tokenRefused(judged.why, endpoint, isTrusted)
      case 'other key':
        noticeHourly(
          'other key',
          `${origin}: a subscription was made with another VAPID key. If there are many, the key file was replaced: put the old one back`,
        )
        return { is: 'gone', why: judged.why }
      case 'too large':
        return { is: 'refused', why: judged.why }
      case 'redirected': {
        const { times } = troubles.note(`redirected ${href}`)
        const { why } = judged
        return times > MOST_REDIRECTS ? { is: 'suspect', why } : { is: 'down', whom: 'target', why, ambiguous: false }
      }
      case 'no subscriber': {
        const { lasts } = troubles.note(`no subscriber ${href}`)
        return { is: lasts >= NO_SUBSCRIBER_FOR ? 'gone' : 'refused', why: judged.why }
      }
      default:
        return judged
    }
  }

  const ask = async (
    to: Subscription | undefined,
    endpoint: Endpoint,
    isTrusted: boolean,
    attempt: Pick<Attempt, 'expiresAt'> & { readonly content: WebPushContent },
  ): Promise<Judged | WireFailure> => {
    const { content, expiresAt } = attempt
    const { origin } = endpoint
    const { sealed } = content
    const request = async (what: ReturnType<typeof requestFor>): Promise<Judged | WireFailure> => {
      const reply = await wire.request(endpoint.href, what)
      if (reply.is === 'failure') return reply
      if (isTrusted) heard(origin, reply.headers['date'])
      return judgeReply(reply, { origin, isTrusted, now: clock.now() })
    }
    if (sealed !== undefined) return request(sealedRequestFor(sealed, content, expiresAt, clock.now()))
    if (to === undefined) return { is: 'refused', why: 'the address has no keys to encrypt for' }
    const once = async (isBare: boolean): Promise<Judged | WireFailure> => {
      const now = clock.now()
      if (tokens === undefined) return request(requestFor({ to, content, expiresAt, isBare }, now))
      const authorization = tokens.authorization(origin)
      return request(requestFor({ to, content, expiresAt, isBare, authorization }, now))
    }
    const isLong = Buffer.byteLength(content.payload) > LARGEST_PLAINTEXT
    const first = await once(isLong)
    const judged = first.is === 'token refused' && tokens?.renew(origin) === true ? await once(isLong) : first
    return judged.is === 'too large' && !isLong ? once(true) : judged
  }

  return async ({ address, expiresAt }, content) => {
    const to = subscriptionOf(address.reveal())
    const named = endpointOf(address.reveal())
    if (named === undefined) return { is: 'suspect', why: 'the address is no Web Push subscription' }
    const endpoint = guard.endpoint(named)
    if (endpoint.is === 'refused') return forbidden(`the endpoint is refused: ${endpoint.why}`, named)
    const { host, origin } = endpoint
    const isTrusted = guard.isNamed(host) || VENDORS.test(host)
    const rest = services.enter(origin, isTrusted)
    if (rest !== undefined) return { is: 'busy', whom: 'target', ...rest }
    const found = await ask(to, endpoint, isTrusted, { content, expiresAt })
    services.left(origin, found.is === 'failure' || found.is === 'busy' || found.is === 'down' ? 'ill' : 'well')
    if (found.is === 'failure') return failed(found, endpoint)
    troubles.clear(`unreachable ${origin}`)
    return conclude(found, endpoint, isTrusted)
  }
}

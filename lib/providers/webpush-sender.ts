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

/** The troubles that are over once its push service has taken a push. */
const OF_AN_ENDPOINT = ['redirected', 'no subscriber', 'forbidden'] as const

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
    const { times, lasts } = troubles.note('notice', about)
    if (times > 1 && lasts < HOUR) return
    if (times > 1) {
      troubles.clear('notice', about)
      troubles.note('notice', about)
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
    const lasts = failure.unreachable && !isProxied ? troubles.note('unreachable', origin).lasts : 0
    return lasts >= UNREACHABLE_FOR ? { is: 'suspect', why } : { is: 'down', whom: 'target', why, ambiguous }
  }

  const forbidden = (why: string, endpoint: string): Outcome =>
    troubles.note('forbidden', endpoint).lasts >= FORBIDDEN_FOR ? { is: 'suspect', why } : { is: 'refused', why }

  const conclude = (judged: Judged, endpoint: Endpoint, isTrusted: boolean): Outcome => {
    const { origin, href } = endpoint
    switch (judged.is) {
      case 'delivered':
        hasTaken = true
        for (const what of OF_AN_ENDPOINT) troubles.clear(what, href)
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
        const { times } = troubles.note('redirected', href)
        const { why } = judged
        return times > MOST_REDIRECTS ? { is: 'suspect', why } : { is: 'down', whom: 'target', why, ambiguous: false }
      }
      case 'no subscriber': {
        const { lasts } = troubles.note('no subscriber', href)
        return { is: lasts >= NO_SUBSCRIBER_FOR ? 'gone' : 'refused', why: judged.why }
      }
      default:
        return judged
    }
  }

  interface Task {
    readonly to: Subscription | undefined
    readonly endpoint: Endpoint
    readonly isTrusted: boolean
    readonly content: WebPushContent
    readonly expiresAt: number
    readonly isCall: true | undefined
  }

  const request = ({ endpoint, isTrusted }: Task, what: ReturnType<typeof requestFor>): Promise<Judged | WireFailure> =>
    wire.request(endpoint.href, what).then((reply) => {
      if (reply.is === 'failure') return reply
      const { origin } = endpoint
      if (isTrusted) heard(origin, reply.headers['date'])
      return judgeReply(reply, { origin, isTrusted, now: clock.now() })
    })

  /** A TTL of 0 is now or never (RFC 8030 §5.2), and now is not over yet. */
  const lastMoment = (expiresAt: number, now: number): number => clock.elapsed() + Math.max(1, expiresAt - now)

  const once = (task: Task, to: Subscription, isBare: boolean): Promise<Judged | WireFailure> => {
    const { content, expiresAt, isCall } = task
    const now = clock.now()
    const notAfter = lastMoment(expiresAt, now)
    if (tokens === undefined)
      return request(task, requestFor({ to, content, expiresAt, isBare, notAfter, isCall }, now))
    const authorization = tokens.authorization(task.endpoint.origin)
    return request(task, requestFor({ to, content, expiresAt, isBare, notAfter, isCall, authorization }, now))
  }

  /** What belongs to the same attempt: a fresh token, a shorter message. */
  const again = async (task: Task, to: Subscription, first: Judged, isLong: boolean): Promise<Judged | WireFailure> => {
    const isRenewed = first.is === 'token refused' && tokens?.renew(task.endpoint.origin) === true
    const judged = isRenewed ? await once(task, to, isLong) : first
    return judged.is === 'too large' && !isLong ? once(task, to, true) : judged
  }

  /** One promise where the first answer is the last, as nearly always. Throws for keys that nothing can be encrypted for. */
  const ask = (task: Task): Promise<Judged | WireFailure> => {
    const { to, content, expiresAt, isCall } = task
    const { sealed } = content
    if (sealed !== undefined) {
      const now = clock.now()
      const notAfter = lastMoment(expiresAt, now)
      return request(task, sealedRequestFor(sealed, content, expiresAt, now, { notAfter, isCall }))
    }
    if (to === undefined) return Promise.resolve({ is: 'refused', why: 'the address has no keys to encrypt for' })
    const isLong = Buffer.byteLength(content.payload) > LARGEST_PLAINTEXT
    return once(task, to, isLong).then((first) =>
      first.is === 'token refused' || first.is === 'too large' ? again(task, to, first, isLong) : first,
    )
  }

  return ({ address, expiresAt, isCall }, content) => {
    const text = address.reveal()
    const to = subscriptionOf(text)
    const named = to?.endpoint ?? endpointOf(text)
    if (named === undefined) return outcomeOf({ is: 'suspect', why: 'the address is no Web Push subscription' })
    const endpoint = guard.endpoint(named)
    if (endpoint.is === 'refused') {
      return outcomeOf(forbidden(`the endpoint is refused: ${endpoint.why}`, named))
    }
    const { host, origin } = endpoint
    const isTrusted = guard.isNamed(host) || VENDORS.test(host)
    const rest = services.enter(origin, isTrusted)
    if (rest !== undefined) return outcomeOf({ is: 'busy', whom: 'target', ...rest })
    let asked: Promise<Judged | WireFailure>
    try {
      asked = ask({ to, endpoint, isTrusted, content, expiresAt, isCall })
    } catch {
      services.left(origin, 'well')
      return outcomeOf({ is: 'suspect', why: 'the address has a key that nothing can be encrypted for' })
    }
    return asked.then((found) => {
      services.left(origin, found.is === 'failure' || found.is === 'busy' || found.is === 'down' ? 'ill' : 'well')
      if (found.is === 'failure') return failed(found, endpoint)
      troubles.clear('unreachable', origin)
      return conclude(found, endpoint, isTrusted)
    })
  }
}

const outcomeOf = (outcome: Outcome): Promise<Outcome> => Promise.resolve(outcome)

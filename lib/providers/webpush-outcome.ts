/**
 * What a push service's answer to one message means, row by row, with what each vendor says in its own way: RFC 8030 §5, §7.3;
 * https://mozilla-push-service.readthedocs.io/en/latest/http.html · https://developer.apple.com/documentation/usernotifications/sending-web-push-notifications-in-web-apps-and-browsers
 * · https://firebase.google.com/docs/cloud-messaging · https://learn.microsoft.com/windows/apps/design/shell/tiles-and-notifications/push-request-response-headers
 * Pure: no clock, no network, no memory of other answers.
 */
import { type Outcome } from '../model/outcome'
import { type WireReply } from '../wire/wire'
import { retryAfter } from './retry-after'

/** What only he who remembers can judge. */
export type Judged =
  | Extract<Outcome, { readonly is: 'delivered' | 'gone' | 'refused' | 'busy' | 'down' }>
  /** The VAPID token was refused, or its lack: another one may belong to the same attempt. */
  | { readonly is: 'token refused'; readonly why: string }
  /** The subscription belongs to another VAPID key than ours. */
  | { readonly is: 'other key'; readonly why: string }
  /** Larger than this push service takes: a shorter one may belong to the same attempt. */
  | { readonly is: 'too large'; readonly why: string }
  /** It points elsewhere, where nobody follows. */
  | { readonly is: 'redirected'; readonly why: string }
  /** UnifiedPush: nobody has listened to the topic yet. */
  | { readonly is: 'no subscriber'; readonly why: string }

/** Everything a row may look at. */
interface Answer {
  readonly words: string
  readonly why: string
  /** Milliseconds since 1970: what was asked for, or this many from now where nothing was. */
  readonly wait: (otherwise: number) => { readonly notBefore?: number }
}
type Row = (answer: Answer) => Judged

const MINUTE = 60_000

const delivered: Row = () => ({ is: 'delivered' })
const refused: Row = ({ why }) => ({ is: 'refused', why })
const gone: Row = ({ why }) => ({ is: 'gone', why })
const redirected: Row = ({ why }) => ({ is: 'redirected', why })
const tooLarge: Row = ({ why }) => ({ is: 'too large', why })
const down: Row = ({ why, wait }) => ({ is: 'down', whom: 'target', why, ambiguous: false, ...wait(0) })
const busy =
  (otherwise: number): Row =>
  ({ why, wait }) => ({ is: 'busy', whom: 'target', why, ...wait(otherwise) })

/**
 * Apple: `VapidPkHashMismatch`. FCM: «the VAPID credentials in the authorization header do not correspond to the credentials used to create
 * the subscriptions». Mozilla: «VAPID public key mismatch». Microsoft: «The public key of the JWT does not match the one of the channel Url».
 */
const OTHER_KEY =
  /VapidPkHashMismatch|do not correspond to the credentials|public key mismatch|public key .{0,40}not match/i

/** 400: of all that is wrong with a request only this is about the subscription. */
const badRequest: Row = (answer) =>
  OTHER_KEY.test(answer.words) ? { is: 'other key', why: answer.why } : refused(answer)

/** Mozilla errno 109; Apple `BadJwtToken`, `BadVapidPublicKey`; FCM «invalid JWT provided». */
const unauthorized: Row = ({ words, why }) => ({ is: OTHER_KEY.test(words) ? 'other key' : 'token refused', why })

/** ntfy 50701: «cannot publish to UnifiedPush topic without previously active subscriber». */
const insufficient: Row = (answer) =>
  /\b50701\b|active subscriber/.test(answer.words) ? { is: 'no subscriber', why: answer.why } : down(answer)

const rows = new Map<number, Row>([
  [400, badRequest],
  [401, unauthorized],
  [403, unauthorized],
  // Mozilla errno 102, 103, 105, 106; Apple `Unregistered`; FCM «push subscription has unsubscribed or expired».
  [404, gone],
  [410, gone],
  // Microsoft throttles: X-WNS-Status appthrottled, channelthrottled, dropped.
  [406, busy(15 * MINUTE)],
  [408, down],
  [413, tooLarge],
  [425, down],
  [429, busy(MINUTE)],
  [507, insufficient],
])

function rowFor(status: number): Row {
  const row = rows.get(status)
  if (row !== undefined) return row
  // 201 is the standard's word; 200 is ntfy's, 202 that of services that deliver later.
  if (status >= 200 && status < 300) return delivered
  if (status >= 300 && status < 400) return redirected
  return status >= 400 && status < 500 ? refused : down
}

/** The words that a vendor says no with, wherever it puts them: Apple's reason, Mozilla's message, ntfy's error, Microsoft's header. */
function wordsOf({ headers, body }: WireReply): string {
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch {
    json = undefined
  }
  const fields = typeof json === 'object' && json !== null ? (json as Readonly<Record<string, unknown>>) : {}
  const said = ['reason', 'errno', 'code', 'error', 'message'].flatMap((name) => {
    const value = fields[name]
    return typeof value === 'string' || typeof value === 'number' ? [String(value)] : []
  })
  const windows = [headers['x-wns-error-description'], headers['x-wns-status']].flatMap((value) => value ?? [])
  const all = [...windows, ...said].join(' ')
  return (all === '' && !body.includes('<') ? body : all).replace(/[^\x20-\x7e]+/g, ' ').trim()
}

/**
 * Judges an answer. `origin` is all that is said of the endpoint; `isTrusted`: the push service's words may be repeated to an operator, which
 * those of a stranger's server may not. `now`: milliseconds since 1970, for Retry-After.
 */
export function judgeReply(
  reply: WireReply,
  { origin, isTrusted, now }: { readonly origin: string; readonly isTrusted: boolean; readonly now: number },
): Judged {
  // Nobody asks what is said with a yes, and reading an empty body as JSON costs more than all else here.
  if (rowFor(reply.status) === delivered) return { is: 'delivered' }
  const words = wordsOf(reply).slice(0, 1000)
  const quoted = isTrusted && words !== '' ? ` ${words.slice(0, 200)}` : ''
  return rowFor(reply.status)({
    words,
    why: `${origin} answered ${reply.status}${quoted}`,
    wait: (otherwise) => {
      const notBefore =
        retryAfter(reply.headers['retry-after'], now, reply.headers['date']) ??
        (otherwise > 0 ? now + otherwise : undefined)
      return notBefore === undefined ? {} : { notBefore }
    },
  })
}

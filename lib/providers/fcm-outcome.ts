/**
 * What FCM's answer to one message means, row by row. Pure: no clock, no network, no token. Knows nothing of retrying.
 * https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode · https://firebase.google.com/docs/cloud-messaging/error-codes
 */
import { type Outcome } from '../model/outcome'
import { type WireReply } from '../wire/wire'
import { readFcmError, type FcmError } from './fcm-error'
import { retryAfter } from './retry-after'

/** The access token was refused: another one and one more try belong to the same attempt. */
export interface TokenRefused {
  readonly is: 'token refused'
  readonly why: string
}
export type Judged = Outcome | TokenRefused

/** Everything a row may look at. */
interface Answer {
  readonly http: number
  readonly error: FcmError
  readonly why: string
  /** Milliseconds since 1970: what FCM asked for, or this many from now where it asked for nothing. */
  readonly wait: (otherwise: number) => { readonly notBefore?: number }
}
type Row = (answer: Answer) => Judged

const QUOTA_WAIT = 60_000
const GATEWAY_WAIT = 30_000

const gone: Row = ({ why }) => ({ is: 'gone', why })
const suspect: Row = ({ why }) => ({ is: 'suspect', why })
const refused: Row = ({ why }) => ({ is: 'refused', why })
const down: Row = ({ why, wait }) => ({ is: 'down', why, ambiguous: false, ...wait(0) })
const gateway: Row = ({ why, wait }) => ({ is: 'down', why, ambiguous: false, ...wait(GATEWAY_WAIT) })
const tokenRefused: Row = ({ why }) => ({ is: 'token refused', why })
const misconfigured =
  (mend: string, whom: 'target' | 'credential' = 'credential'): Row =>
  ({ why }) => ({ is: 'misconfigured', whom, why, mend })

const IN_CONSOLE = 'In the Firebase console, Project settings → Cloud Messaging,'

/** «A message targeted to an iOS device or a web push registration could not be sent. Check the validity of your credentials.» */
const thirdParty = misconfigured(
  `${IN_CONSOLE} upload an APNs key that is valid for the app and its environment; Android devices are not affected by it`,
  'target',
)

/** «Sending limit exceeded for the message target»: of one device, or of all that the project sends. */
const quota: Row = ({ error, why, wait }) => ({
  is: 'busy',
  why,
  whom: [error.message, ...error.quotas].some((text) => /\bdevice\b/i.test(text)) ? 'target' : 'credential',
  ...wait(QUOTA_WAIT),
})

/** «Request parameters were invalid»: only these words are about the token; everything else is about our message. */
const invalidArgument: Row = (answer) => {
  const { message, violations, apns } = answer.error
  const notAToken =
    /^The registration token is not a valid FCM registration token\.?$/i.test(message) ||
    violations.some((one) => one.field === 'message.token' && /^Invalid registration token\.?$/i.test(one.description))
  // «APNs device token is disabled.»
  if (notAToken || apns?.statusCode === 410) return gone(answer)
  if (apns !== undefined && ['BadDeviceToken', 'DeviceTokenNotForTopic'].includes(apns.reason)) return suspect(answer)
  return refused(answer)
}

const permission: Row = (answer) =>
  answer.error.reason === 'SERVICE_DISABLED'
    ? misconfigured('Enable the Firebase Cloud Messaging API (V1) for the project in the Google Cloud console')(answer)
    : misconfigured(
        'Give the service account the role Firebase Cloud Messaging API Admin (cloudmessaging.messages.create) in the project',
      )(answer)

const notFound = misconfigured(
  'FCM does not know the project: take the key file from the Firebase project of the app, and look at `endpoint` if it is set',
)

/** Google's word of its own, wherever in the details it stands; it counts for more than all that follows. */
const byErrorCode = new Map<string, Row>([
  ['INVALID_ARGUMENT', invalidArgument],
  // «App instance was unregistered from FCM»
  ['UNREGISTERED', gone],
  // «The authenticated sender ID is different from the sender ID for the registration token»
  ['SENDER_ID_MISMATCH', suspect],
  ['QUOTA_EXCEEDED', quota],
  // «The server is overloaded»
  ['UNAVAILABLE', down],
  // «An unknown internal error occurred»
  ['INTERNAL', down],
  ['THIRD_PARTY_AUTH_ERROR', thirdParty],
])

/** The canonical word of the envelope, where FCM added none of its own: google/rpc/code.proto. */
const byStatus = new Map<string, Row>([
  ['INVALID_ARGUMENT', invalidArgument],
  ['UNAUTHENTICATED', tokenRefused],
  ['PERMISSION_DENIED', permission],
  ['NOT_FOUND', notFound],
  ['RESOURCE_EXHAUSTED', quota],
  ['INTERNAL', down],
  ['UNAVAILABLE', down],
  ['ABORTED', down],
  ['CANCELLED', down],
  ['DEADLINE_EXCEEDED', down],
])

/** Pages and empty bodies, as Google's front ends send them. */
const byHttp = new Map<number, Row>([
  [400, refused],
  [401, tokenRefused],
  [403, permission],
  [404, notFound],
  [408, down],
  [429, quota],
  [502, gateway],
  [504, gateway],
])

function rowFor({ http, error }: Answer): Row {
  const { errorCode, status } = error
  const otherwise = http >= 400 && http < 500 ? refused : down
  const known = byErrorCode.get(errorCode)
  if (known !== undefined) return known
  // UNSPECIFIED_ERROR, APNS_AUTH_ERROR and words that came later: the token is kept, and the message where repeating it may help.
  if (errorCode !== '') return http === 429 ? quota : otherwise
  return byStatus.get(status) ?? byHttp.get(http) ?? otherwise
}

/** How every message that was taken is answered: one name and nothing else. */
const named = /^\s*\{\s*"name"\s*:\s*"[^"\\\u0000-\u001f]*"\s*\}\s*$/

const succeeded = (body: string): boolean => {
  if (named.test(body)) return true
  try {
    const json: unknown = JSON.parse(body)
    return typeof json === 'object' && json !== null && 'name' in json && typeof json.name === 'string'
  } catch {
    return false
  }
}

/** Judges an answer. `now`: milliseconds since 1970, for Retry-After. */
export function judgeReply(reply: WireReply, now: number): Judged {
  if (reply.status === 200) {
    if (succeeded(reply.body)) return { is: 'delivered' }
    return { is: 'down', why: 'FCM answered 200 without a message id', ambiguous: true }
  }
  const error = readFcmError(reply.body)
  const words = [error.errorCode || error.status, error.apns?.reason, error.message].filter(Boolean).join(': ')
  const answer: Answer = {
    http: reply.status,
    error,
    why: `FCM answered ${reply.status}${words === '' ? '' : ` ${words}`}`.slice(0, 300),
    wait: (otherwise) => {
      const asked =
        retryAfter(reply.headers['retry-after'], now, reply.headers['date']) ?? retryAfter(error.retryDelay, now)
      const notBefore = asked ?? (otherwise > 0 ? now + otherwise : undefined)
      return notBefore === undefined ? {} : { notBefore }
    },
  }
  return rowFor(answer)(answer)
}

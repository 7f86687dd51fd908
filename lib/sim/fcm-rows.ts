// What FCM answers instead of success, body by body, as recorded from the live service and from its documentation.
// https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode and .../FcmError, google/rpc/error_details.proto

/** One answer. `details` are apart because their order varies from day to day. */
export interface FcmRow {
  readonly status: number
  readonly error?: { readonly message: string; readonly status: string; readonly details?: readonly object[] }
  /** Instead of `error`: what is no JSON. */
  readonly html?: string
  readonly empty?: true
}

const fcm = (errorCode: string): object => ({
  '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError',
  errorCode,
})
const apns = (statusCode: number, reason: string): object => ({
  '@type': 'type.googleapis.com/google.firebase.fcm.v1.ApnsError',
  statusCode,
  reason,
})
const badRequest = (field: string, description: string): object => ({
  '@type': 'type.googleapis.com/google.rpc.BadRequest',
  fieldViolations: [{ ...(field === '' ? {} : { field }), description }],
})
const quota = (subject: string, description: string): object => ({
  '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
  violations: [{ subject, description }],
})
const info = (reason: string, metadata: object = { service: 'fcm.googleapis.com' }): object => ({
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  reason,
  domain: 'googleapis.com',
  metadata,
})
const row = (status: number, word: string, message: string, ...details: readonly object[]): FcmRow => ({
  status,
  error: { message, status: word, ...(details.length === 0 ? {} : { details }) },
})

const NO_CREDENTIAL =
  'Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.'
const BAD_CREDENTIAL =
  'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.'
const INVALID = 'Request contains an invalid argument.'
const NOT_A_TOKEN = 'The registration token is not a valid FCM registration token'
const EXHAUSTED = 'Resource has been exhausted (e.g. check quota).'

/** A refusal of the JSON itself: unknown field, wrong type, unknown enum value. `field` is the path of the message it is in. */
export const badJson = (field: string, description: string): FcmRow =>
  row(400, 'INVALID_ARGUMENT', `Invalid JSON payload received. ${description}`, badRequest(field, description))

/** A refusal of a well-formed message. */
export const badMessage = (field: string, description: string): FcmRow =>
  row(400, 'INVALID_ARGUMENT', description, fcm('INVALID_ARGUMENT'), badRequest(field, description))

const html = (status: number, title: string, text: string): FcmRow => ({
  status,
  html: `<!DOCTYPE html>\n<html lang=en>\n<title>Error ${status} (${title})!!1</title>\n<p><b>${status}.</b> <ins>That’s an error.</ins>\n<p>${text} <ins>That’s all we know.</ins></html>\n`,
})

/** Every answer that the simulator can be told to give, by name. */
export const fcmRows = {
  'not a token': row(
    400,
    'INVALID_ARGUMENT',
    NOT_A_TOKEN,
    fcm('INVALID_ARGUMENT'),
    badRequest('message.token', 'Invalid registration token'),
  ),
  'not a token, message only': row(400, 'INVALID_ARGUMENT', NOT_A_TOKEN, fcm('INVALID_ARGUMENT')),
  'not a token, violation only': row(
    400,
    'INVALID_ARGUMENT',
    INVALID,
    fcm('INVALID_ARGUMENT'),
    badRequest('message.token', 'Invalid registration token'),
  ),
  'APNs token disabled': row(
    400,
    'INVALID_ARGUMENT',
    'APNs device token is disabled.',
    fcm('INVALID_ARGUMENT'),
    apns(410, 'Unregistered'),
  ),
  'APNs BadDeviceToken': row(400, 'INVALID_ARGUMENT', INVALID, fcm('INVALID_ARGUMENT'), apns(400, 'BadDeviceToken')),
  'APNs DeviceTokenNotForTopic': row(
    400,
    'INVALID_ARGUMENT',
    INVALID,
    fcm('INVALID_ARGUMENT'),
    apns(400, 'DeviceTokenNotForTopic'),
  ),
  'bare invalid argument': row(400, 'INVALID_ARGUMENT', INVALID),
  'invalid argument': row(400, 'INVALID_ARGUMENT', INVALID, fcm('INVALID_ARGUMENT')),
  'bad field': badJson('message', 'Unknown name "tokn" at \'message\': Cannot find field.'),
  'reserved key': badMessage('message.data', 'Invalid data payload key: from'),
  'bad ttl': badMessage('message.android.ttl', 'Invalid time to live'),
  'too big': badMessage('message', 'Android message is too big'),
  'no target': badMessage('message.token', 'Recipient of the message is not set.'),
  'credential missing': row(401, 'UNAUTHENTICATED', NO_CREDENTIAL, info('CREDENTIALS_MISSING')),
  'token expired': row(401, 'UNAUTHENTICATED', BAD_CREDENTIAL, info('ACCESS_TOKEN_EXPIRED')),
  'token invalid': row(401, 'UNAUTHENTICATED', BAD_CREDENTIAL),
  'APNs key invalid': row(
    401,
    'UNAUTHENTICATED',
    NO_CREDENTIAL,
    fcm('THIRD_PARTY_AUTH_ERROR'),
    apns(403, 'InvalidProviderToken'),
  ),
  'APNs key for the other environment': row(
    401,
    'UNAUTHENTICATED',
    'Auth error from APNS or Web Push Service',
    fcm('THIRD_PARTY_AUTH_ERROR'),
    apns(403, 'BadEnvironmentKeyInToken'),
  ),
  APNS_AUTH_ERROR: row(401, 'UNAUTHENTICATED', 'Auth error from APNS', fcm('APNS_AUTH_ERROR')),
  'sender mismatch': row(403, 'PERMISSION_DENIED', 'SenderId mismatch', fcm('SENDER_ID_MISMATCH')),
  'permission denied': row(
    403,
    'PERMISSION_DENIED',
    "Permission 'cloudmessaging.messages.create' denied on resource '//cloudresourcemanager.googleapis.com/projects/demo' (or it may not exist).",
    info('IAM_PERMISSION_DENIED', { permission: 'cloudmessaging.messages.create', resource: 'projects/demo' }),
  ),
  'service disabled': row(
    403,
    'PERMISSION_DENIED',
    'Firebase Cloud Messaging API has not been used in project 100000000000 before or it is disabled.',
    info('SERVICE_DISABLED'),
  ),
  unregistered: row(404, 'NOT_FOUND', 'Requested entity was not found.', fcm('UNREGISTERED')),
  'unregistered at APNs': row(
    404,
    'NOT_FOUND',
    'Requested entity was not found.',
    fcm('UNREGISTERED'),
    apns(410, 'Unregistered'),
  ),
  'not found': row(404, 'NOT_FOUND', 'Requested entity was not found.'),
  'not found, page': html(404, 'Not Found', 'The requested URL was not found on this server.'),
  'project quota': row(
    429,
    'RESOURCE_EXHAUSTED',
    EXHAUSTED,
    fcm('QUOTA_EXCEEDED'),
    quota(
      'project:100000000000',
      "Quota exceeded for quota metric 'Send requests' and limit 'Send requests per minute'",
    ),
  ),
  'device quota': row(
    429,
    'RESOURCE_EXHAUSTED',
    'Device message rate exceeded.',
    fcm('QUOTA_EXCEEDED'),
    quota('device', 'Device message rate exceeded'),
  ),
  'topic quota': row(
    429,
    'RESOURCE_EXHAUSTED',
    'Topic message rate exceeded.',
    fcm('QUOTA_EXCEEDED'),
    quota('topic', 'Topic message rate exceeded'),
  ),
  'bare quota': row(429, 'RESOURCE_EXHAUSTED', EXHAUSTED),
  internal: row(500, 'INTERNAL', 'Internal error encountered.', fcm('INTERNAL')),
  'bare internal': row(500, 'INTERNAL', 'Internal error encountered.'),
  'bad gateway': html(502, 'Server Error', 'The server encountered a temporary error. Please try again in 30 seconds.'),
  'gateway timeout': html(504, 'Gateway Timeout', 'The server did not answer in time. Please try again in 30 seconds.'),
  unavailable: row(503, 'UNAVAILABLE', 'The service is currently unavailable.', fcm('UNAVAILABLE')),
  'unavailable, empty': { status: 503, empty: true },
  'UNSPECIFIED_ERROR, 400': row(400, 'UNKNOWN', 'Unknown error.', fcm('UNSPECIFIED_ERROR')),
  'UNSPECIFIED_ERROR, 500': row(500, 'UNKNOWN', 'Unknown error.', fcm('UNSPECIFIED_ERROR')),
  'unheard-of, 400': row(400, 'OUT_OF_RANGE', 'Something new.', fcm('SOMETHING_NEW')),
  'unheard-of, 500': row(500, 'DATA_LOSS', 'Something new.', fcm('SOMETHING_NEW')),
} as const satisfies Record<string, FcmRow>

/** The name of one of them. */
export type FcmRowName = keyof typeof fcmRows

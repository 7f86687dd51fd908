// What Web Push services answer instead of 201, body by body: recorded from the live services, their documentation and, for Mozilla and
// ntfy, their sources. Not verified against a vendor: Apple's body of 410, and FCM's and Microsoft's bodies other than those of 401, 403, 410.

/** One answer. */
export interface WebPushRow {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** Empty where it is missing. */
  readonly body?: string
}

const JSON_TYPE = 'application/json'
const TEXT_TYPE = 'text/plain; charset=utf-8'

const bare = (status: number, headers: Readonly<Record<string, string>> = {}): WebPushRow => ({ status, headers })
const text = (status: number, body: string, headers: Readonly<Record<string, string>> = {}): WebPushRow => ({
  status,
  headers: { 'content-type': TEXT_TYPE, ...headers },
  body,
})
const json = (status: number, body: object, headers: Readonly<Record<string, string>> = {}): WebPushRow => ({
  status,
  headers: { 'content-type': JSON_TYPE, ...headers },
  body: JSON.stringify(body),
})
const html = (status: number, title: string): WebPushRow => ({
  status,
  headers: { 'content-type': 'text/html' },
  body: `<html><head><title>${status} ${title}</title></head><body><center><h1>${status} ${title}</h1></center></body></html>\n`,
})

const PHRASES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  410: 'Gone',
  413: 'Payload Too Large',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
}
const mozilla = (code: number, errno: number | null, message: string, headers?: Readonly<Record<string, string>>) =>
  json(
    code,
    {
      code,
      errno,
      error: PHRASES[code],
      message,
      more_info: 'http://autopush.readthedocs.io/en/latest/http.html#error-codes',
    },
    headers,
  )

const APNS_ID = 'C5B1F3A2-2D8E-4E5B-9A53-6E3A1D9F0B77'
const apple = (status: number, reason: string, headers: Readonly<Record<string, string>> = {}): WebPushRow =>
  json(status, { reason }, { 'apns-id': APNS_ID, ...headers })

const wns = (status: number, description: string, headers: Readonly<Record<string, string>> = {}): WebPushRow =>
  bare(status, {
    'x-wns-error-description': description,
    'x-wns-msg-id': '5B1F3A2C2D8E4E5B',
    'x-wns-status': 'dropped',
    'x-wns-notificationstatus': 'dropped',
    ...headers,
  })
const THROTTLED = 'The cloud service is throttling this channel.'

const ntfy = (http: number, code: number, error: string, headers?: Readonly<Record<string, string>>): WebPushRow =>
  json(http, { code, http, error, link: 'https://ntfy.sh/docs/publish/' }, headers)

/** Every answer that the simulator can be told to give, by name. */
export const webPushRows = {
  ok: bare(200),
  'accepted, async': bare(202, { location: '/receipt/1' }),
  'no content': bare(204),

  'bad request': bare(400),
  unauthorized: bare(401, { 'www-authenticate': 'vapid' }),
  forbidden: bare(403),
  'not found': bare(404),
  'not found, page': html(404, 'Not Found'),
  'method not allowed': bare(405, { allow: 'POST' }),
  gone: bare(410),
  'too large': bare(413),
  'unsupported coding': bare(415, { 'accept-encoding': 'aes128gcm' }),
  'too many requests': bare(429, { 'retry-after': '60' }),
  'too many requests, bare': bare(429),
  'internal error': bare(500),
  'bad gateway': html(502, 'Bad Gateway'),
  unavailable: bare(503),
  'unavailable, Retry-After': bare(503, { 'retry-after': '30' }),
  'gateway timeout': html(504, 'Gateway Time-out'),

  'fcm bad TTL': text(400, 'bad request: invalid TTL header\n'),
  'fcm bad request': text(400, 'bad request\n'),
  'fcm no authorization': text(401, 'authorization header must be specified.\n'),
  'fcm bad JWT': text(403, 'permission denied: invalid JWT provided\n'),
  'fcm other key': text(
    403,
    'the VAPID credentials in the authorization header do not correspond to the credentials used to create the subscriptions.\n',
  ),
  'fcm not found': text(404, 'A valid push subscription endpoint should be specified in the URL.\n'),
  'fcm gone': text(410, 'push subscription has unsubscribed or expired.\n'),
  'fcm too large': text(413, 'payload too large\n'),
  'fcm too many requests': text(429, 'too many requests\n', { 'retry-after': '60' }),
  'fcm internal': text(500, 'internal error\n'),
  'fcm unavailable': text(503, 'service unavailable\n', { 'retry-after': '10' }),

  'mozilla 101 keys missing': mozilla(400, 101, 'Missing Crypto-Key header'),
  'mozilla 110 encryption': mozilla(400, 110, 'Unknown Content-Encoding header'),
  'mozilla 111 no TTL': mozilla(400, 111, 'Missing TTL value'),
  'mozilla 112 TTL': mozilla(400, 112, 'TTL value is invalid'),
  'mozilla 113 topic': mozilla(400, 113, 'Topic must be no greater than 32 characters'),
  'mozilla 114 TTL': mozilla(400, 114, 'TTL must be greater than 0'),
  'mozilla 109 no authorization': mozilla(401, 109, 'Missing VAPID token'),
  'mozilla 109 bad token': mozilla(401, 109, 'Invalid VAPID token'),
  'mozilla 109 audience': mozilla(401, 109, 'Invalid VAPID audience'),
  'mozilla 109 expired': mozilla(401, 109, 'Invalid VAPID expiry'),
  'mozilla 109 too long': mozilla(401, 109, 'The VAPID token expiration is too long'),
  'mozilla 109 other key': mozilla(401, 109, 'VAPID public key mismatch'),
  'mozilla 102 invalid token': mozilla(404, 102, 'Invalid token'),
  'mozilla 103 no user': mozilla(410, 103, 'UAID not found', { 'cache-control': 'max-age=86400' }),
  'mozilla 105 user deleted': mozilla(410, 105, 'User was deleted during routing', {
    'cache-control': 'max-age=86400',
  }),
  'mozilla 106 no subscription': mozilla(410, 106, 'No such subscription', { 'cache-control': 'max-age=86400' }),
  'mozilla 104 too large': mozilla(413, 104, 'Bridge payload was too big, over by 1 bytes'),
  'mozilla too many requests': mozilla(429, null, 'Too many requests', { 'retry-after': '60' }),
  'mozilla internal': mozilla(500, null, 'General error'),
  'mozilla 201 back off': mozilla(503, 201, 'Database error', { 'retry-after': '120' }),
  'mozilla 202 retry now': mozilla(503, 202, 'Failed to route the message', { 'retry-after': '0' }),
  'mozilla 900 bridge': mozilla(502, 900, 'Bridge error'),
  'mozilla 901 bridge credential': mozilla(502, 901, 'Bridge authentication error'),
  'mozilla 902 bridge timeout': mozilla(502, 902, 'Bridge request timeout'),
  'mozilla 903 bridge connection': mozilla(502, 903, 'Bridge connection error'),

  'apple BadTtl': apple(400, 'BadTtl'),
  'apple BadUrgency': apple(400, 'BadUrgency'),
  'apple BadWebPushTopic': apple(400, 'BadWebPushTopic'),
  'apple BadWebPushRequest': apple(400, 'BadWebPushRequest'),
  'apple VapidPkHashMismatch': apple(400, 'VapidPkHashMismatch'),
  'apple VapidPkHashMismatch, 403': apple(403, 'VapidPkHashMismatch'),
  'apple BadJwtToken': apple(403, 'BadJwtToken'),
  'apple BadVapidPublicKey': apple(403, 'BadVapidPublicKey'),
  'apple BadPath': apple(404, 'BadPath'),
  'apple MethodNotAllowed': apple(405, 'MethodNotAllowed'),
  'apple Unregistered': apple(410, 'Unregistered'),
  'apple PayloadTooLarge': apple(413, 'PayloadTooLarge'),
  'apple TooManyRequests': apple(429, 'TooManyRequests'),
  'apple InternalServerError': apple(500, 'InternalServerError'),
  'apple ServiceUnavailable': apple(503, 'ServiceUnavailable'),

  'wns TTL conflict': wns(400, 'Ttl value conflicts with X-WNS-Cache-Policy.'),
  'wns bad request': wns(400, 'One or more headers were specified incorrectly.'),
  'wns bad JWT': wns(401, 'JWT Authentication Failed, unable to validate token signature'),
  'wns other key': wns(401, 'The public key of the JWT does not match the one of the channel Url.'),
  'wns not found': wns(404, 'The channel Url is not valid.'),
  'wns 406 appthrottled': wns(406, THROTTLED, { 'retry-after': '900', 'x-wns-status': 'appthrottled' }),
  'wns 406 channelthrottled': wns(406, THROTTLED, { 'retry-after': '900', 'x-wns-status': 'channelthrottled' }),
  'wns 406 dropped': wns(406, THROTTLED, { 'retry-after': '900' }),
  'wns gone': wns(410, 'The channel expired.'),
  'wns too large': wns(413, 'The payload exceeds the size limit.'),
  'wns too many requests': wns(429, THROTTLED, { 'retry-after': '900', 'x-wns-status': 'channelthrottled' }),
  'wns internal': wns(500, 'An internal failure caused the delivery to fail.'),
  'wns unavailable': wns(503, 'The server is currently unavailable.', { 'retry-after': '60' }),

  'ntfy not found': ntfy(404, 40401, 'page not found'),
  'ntfy too large': ntfy(413, 41301, 'attachment too large, or bandwidth limit reached'),
  'ntfy too many requests': ntfy(429, 42901, 'limit reached: too many requests, please be nice'),
  'ntfy too many messages': ntfy(429, 42908, 'limit reached: daily message quota reached'),
  'ntfy internal': ntfy(500, 50001, 'internal server error'),
  'ntfy 50701 no subscriber': ntfy(
    507,
    50701,
    'cannot publish to UnifiedPush topic without previously active subscriber',
  ),
} as const satisfies Record<string, WebPushRow>

/** The name of one of them. */
export type WebPushRowName = keyof typeof webPushRows

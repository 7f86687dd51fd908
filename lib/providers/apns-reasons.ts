/**
 * Every reason that APNs gives, in Apple's own sentences, and what we make of it.
 * https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns
 */

export type Reaction =
  /** The token is dead since the body's timestamp. */
  | 'gone'
  | 'suspect'
  /** Our notification is at fault. */
  | 'refused'
  | 'busy target'
  | 'busy credential'
  /** The same again later. */
  | 'down'
  /** The same again later, on another connection. */
  | 'reconnect'
  | 'misconfigured'
  /** A new token on a new connection, once; then misconfigured. */
  | 'new token'
  /** The same token on a new connection, once; then misconfigured. */
  | 'fresh connection'

export interface Reason {
  readonly status: number
  readonly reaction: Reaction
  /** Apple's sentence. */
  readonly says: string
  /** Where the fault is the operator's: what to do. */
  readonly mend?: string
  /** It is the key's or the certificate's, whatever app uses it. */
  readonly whom?: 'credential'
}

const KEY =
  'Check that key, keyId and teamId belong together, that the key has not been revoked, and that the clock of this machine is right (NTP)'
const SCOPE = 'Keys may be limited to one environment: use a key of this environment, or change environment'
const CERTIFICATE = 'Make a new certificate for this app and environment, or use a .p8 key'
const TOPIC = 'Check that topic is the bundle id of the app, and that the key or certificate may push to it'
const CLOCK = 'Check the clock of this machine (NTP): a token may be at most an hour old'

const reason = (status: number, reaction: Reaction, says: string, mend?: string): Reason =>
  Object.freeze({
    ...{ status, reaction, says },
    ...(mend === undefined ? {} : { mend }),
    ...(mend === undefined || mend === TOPIC ? {} : { whom: 'credential' }),
  })

/** By the value of the JSON key `reason`. */
export const reasons: ReadonlyMap<string, Reason> = new Map(
  Object.entries({
    BadCollapseId: reason(400, 'refused', 'The collapse identifier exceeds the maximum allowed size.'),
    // Also said of a token in order that belongs to the other environment, so it is not proof that the token is dead.
    BadDeviceToken: reason(
      400,
      'suspect',
      'The specified device token is invalid. Verify that the request contains a valid token and that the token matches the environment.',
    ),
    BadExpirationDate: reason(400, 'refused', 'The apns-expiration value is invalid.'),
    BadMessageId: reason(400, 'refused', 'The apns-id value is invalid.'),
    BadPriority: reason(400, 'refused', 'The apns-priority value is invalid.'),
    BadTopic: reason(400, 'misconfigured', 'The apns-topic value is invalid.', TOPIC),
    DeviceTokenNotForTopic: reason(400, 'suspect', 'The device token doesn’t match the specified topic.'),
    DuplicateHeaders: reason(400, 'refused', 'One or more headers are repeated.'),
    IdleTimeout: reason(400, 'reconnect', 'Idle timeout.'),
    InvalidPushType: reason(400, 'refused', 'The apns-push-type value is invalid.'),
    MissingDeviceToken: reason(
      400,
      'refused',
      'The device token isn’t specified in the request :path. Verify that the :path header contains the device token.',
    ),
    MissingTopic: reason(
      400,
      'misconfigured',
      'The apns-topic header of the request isn’t specified and is required.',
      TOPIC,
    ),
    PayloadEmpty: reason(400, 'refused', 'The message payload is empty.'),
    TopicDisallowed: reason(400, 'misconfigured', 'Pushing to this topic is not allowed.', TOPIC),
    BadCertificate: reason(403, 'misconfigured', 'The certificate is invalid.', CERTIFICATE),
    BadCertificateEnvironment: reason(
      403,
      'misconfigured',
      'The client certificate is for the wrong environment.',
      CERTIFICATE,
    ),
    BadEnvironmentKeyIdInToken: reason(
      403,
      'misconfigured',
      'The key ID in the provider token doesn’t match the environment.',
      SCOPE,
    ),
    // COMPAT(APNs in production): what it sends where the documentation has BadEnvironmentKeyIdInToken.
    BadEnvironmentKeyInToken: reason(
      403,
      'misconfigured',
      'The key ID in the provider token doesn’t match the environment.',
      SCOPE,
    ),
    // A connection on which it was said once goes on saying it, hence the new one.
    ExpiredProviderToken: reason(
      403,
      'new token',
      'The provider token is stale and a new token should be generated.',
      CLOCK,
    ),
    Forbidden: reason(403, 'misconfigured', 'The specified action is not allowed.', TOPIC),
    // Said too when a connection has seen a token of another team; signing again and again would be TooManyProviderTokenUpdates.
    InvalidProviderToken: reason(
      403,
      'fresh connection',
      'The provider token is not valid, or the token signature can’t be verified.',
      KEY,
    ),
    MissingProviderToken: reason(
      403,
      'misconfigured',
      'No provider certificate was used to connect to APNs, and the authorization header is missing or no provider token is specified.',
      KEY,
    ),
    UnrelatedKeyIdInToken: reason(
      403,
      'fresh connection',
      'The key ID in the provider token isn’t related to the key ID of the token used in the first push of this connection. To use this token, open a new connection.',
      KEY,
    ),
    BadPath: reason(404, 'refused', 'The request contained an invalid :path value.'),
    MethodNotAllowed: reason(405, 'refused', 'The specified :method value isn’t POST.'),
    ExpiredToken: reason(410, 'gone', 'The device token has expired.'),
    Unregistered: reason(410, 'gone', 'The device token is inactive for the specified topic.'),
    PayloadTooLarge: reason(413, 'refused', 'The message payload is too large.'),
    TooManyProviderTokenUpdates: reason(
      429,
      'busy credential',
      'The provider’s authentication token is being updated too often. Update the authentication token no more than once every 20 minutes.',
    ),
    TooManyRequests: reason(429, 'busy target', 'Too many requests were made consecutively to the same device token.'),
    InternalServerError: reason(500, 'down', 'An internal server error occurred.'),
    ServiceUnavailable: reason(503, 'down', 'The service is unavailable.'),
    Shutdown: reason(503, 'reconnect', 'The APNs server is shutting down.'),
  }),
)

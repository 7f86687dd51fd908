// What the simulator of APNs may find in a request, and the reasons that Apple gives for refusing one.
// Apple Developer Documentation, “Handling notification responses from APNs”. It judges nothing itself.

/** Apple's reasons and the status that each of them comes with. */
export const REASONS = {
  BadCollapseId: 400,
  BadDeviceToken: 400,
  BadExpirationDate: 400,
  BadMessageId: 400,
  BadPriority: 400,
  BadTopic: 400,
  DeviceTokenNotForTopic: 400,
  DuplicateHeaders: 400,
  IdleTimeout: 400,
  InvalidPushType: 400,
  MissingDeviceToken: 400,
  MissingTopic: 400,
  PayloadEmpty: 400,
  TopicDisallowed: 400,
  BadCertificate: 403,
  BadCertificateEnvironment: 403,
  BadEnvironmentKeyIdInToken: 403,
  BadEnvironmentKeyInToken: 403,
  ExpiredProviderToken: 403,
  Forbidden: 403,
  InvalidProviderToken: 403,
  MissingProviderToken: 403,
  UnrelatedKeyIdInToken: 403,
  BadPath: 404,
  MethodNotAllowed: 405,
  ExpiredToken: 410,
  Unregistered: 410,
  PayloadTooLarge: 413,
  TooManyProviderTokenUpdates: 429,
  TooManyRequests: 429,
  InternalServerError: 500,
  ServiceUnavailable: 503,
  Shutdown: 503,
} as const

/** One of Apple's reasons. */
export type Reason = keyof typeof REASONS

/** The two hosts that Apple runs; a simulator is one of them. */
export type ApnsEnvironment = 'production' | 'sandbox'

/**
 * How bad a finding is. `violation`: a correct client never does this. `warning`: allowed, yet Apple advises against it or drops such pushes.
 * `state`: the request is in order, but the world is not as the client believes (a dead token, an unknown key).
 */
export type Severity = 'violation' | 'warning' | 'state'

/** One thing that the simulator noticed. */
export interface Finding {
  readonly severity: Severity
  /** The short name of the rule, e.g. `apns-priority`. */
  readonly rule: string
  /** What was wrong, for whoever must mend the client. */
  readonly text: string
  /** What Apple would refuse the request with; without it, the request is accepted nevertheless. */
  readonly reason?: Reason
  /** Of `Unregistered` and `ExpiredToken`: since when, in milliseconds since 1970. */
  readonly since?: number
}

const finding =
  (severity: Severity) =>
  (rule: string, text: string, reason?: Reason): Finding =>
    reason === undefined ? { severity, rule, text } : { severity, rule, text, reason }

/** Makes a finding that no correct client causes. */
export const violation = finding('violation')
/** Makes a finding that Apple lets pass. */
export const warning = finding('warning')
/** Makes a finding about the state of the world. */
export const state = finding('state')

/** Runs rules in order up to the first that gives a reason to refuse, and answers with all findings on the way. */
export const firstRefusal = (rules: readonly (() => readonly Finding[])[]): readonly Finding[] => {
  const found: Finding[] = []
  for (const rule of rules) {
    for (const one of rule()) {
      found.push(one)
      if (one.reason !== undefined) return found
    }
  }
  return found
}

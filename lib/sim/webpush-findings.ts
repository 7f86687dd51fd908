// What the simulator of a Web Push service may find in a request, and for what a push service may refuse one. It judges nothing itself.

/** For what a push service may refuse a push; each vendor has its own answer, or none (webpush-personalities.ts). */
export type Refusal =
  | 'method'
  | 'unknown subscription'
  | 'gone'
  | 'expired'
  | 'no subscriber'
  | 'no VAPID'
  | 'bad VAPID'
  | 'VAPID expired'
  | 'VAPID audience'
  | 'VAPID too long'
  | 'VAPID subject'
  | 'other key'
  | 'TTL missing'
  | 'TTL'
  | 'urgency'
  | 'topic'
  | 'cache policy'
  | 'coding'
  | 'too large'

/**
 * How bad a finding is. `violation`: a correct client never does this. `warning`: allowed, yet unwise.
 * `state`: the request is in order, but the world is not as the client believes (a dead subscription, another key).
 */
export type Severity = 'violation' | 'warning' | 'state'

/** One thing that the simulator noticed. */
export interface Finding {
  readonly severity: Severity
  /** The short name of the rule, e.g. `vapid-aud`. */
  readonly rule: string
  /** What was wrong, for whoever must mend the client. */
  readonly text: string
  /** For what it may be refused; without it, the push is accepted nevertheless. */
  readonly refusal?: Refusal
}

const finding =
  (severity: Severity) =>
  (rule: string, text: string, refusal?: Refusal): Finding =>
    refusal === undefined ? { severity, rule, text } : { severity, rule, text, refusal }

/** Makes a finding that no correct client causes. */
export const violation = finding('violation')
/** Makes a finding that is allowed and unwise. */
export const warning = finding('warning')
/** Makes a finding about the state of the world. */
export const state = finding('state')

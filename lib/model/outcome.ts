/** What a push service said about one attempt, in the only words the rest of the program knows. */

export type Outcome =
  /** The push service has it. */
  | { readonly is: 'delivered' }
  /** This token is dead. `since`: the vendor's timestamp (ms since 1970), believed only against an older registration. */
  | { readonly is: 'gone'; readonly why: string; readonly since?: number }
  /** The token, or our pairing of it with an environment, topic or project, is wrong: never forgotten in a hurry. */
  | { readonly is: 'suspect'; readonly why: string }
  /** This notification will never be taken; the token is fine. */
  | { readonly is: 'refused'; readonly why: string }
  /** Come back later: for this device only, or for all that uses this credential. */
  | {
      readonly is: 'busy'
      readonly why: string
      readonly whom: 'target' | 'credential'
      /** Milliseconds since 1970. */
      readonly notBefore?: number
    }
  /**
   * Could not ask (`ambiguous: false`, safe to repeat), or asked and could not hear the answer (`ambiguous: true`). `whom: 'target'`: it is
   * the push service of this device alone, and says nothing of the app's others.
   */
  | {
      readonly is: 'down'
      readonly why: string
      readonly ambiguous: boolean
      readonly whom?: 'target'
      readonly notBefore?: number
    }
  /**
   * Our own fault, of topic or credential: hold the app, tell the operator, forget nothing. `whom: 'credential'`: it concerns every app
   * that shares the credential; `target`: devices of this kind alone (iPhones behind Firebase), so the app's others go on.
   */
  | {
      readonly is: 'misconfigured'
      readonly why: string
      readonly mend?: string
      readonly whom?: 'target' | 'credential'
    }

export type OutcomeWord = Outcome['is']

/** What the running service tells of itself and lets an operator do: functions, so that this folder knows none of its parts. */
import { type LinkView, type Noticed, type Refusal } from './questions'

export interface Live {
  readonly version: string
  /** Milliseconds since it was started. */
  uptime(): number
  /** What this process does: `ingest`, `dispatch`, or both. */
  readonly roles: readonly string[]
  /** None where this process attaches to no server. */
  links(): readonly LinkView[]
  /** The same, with what the servers of those that are attached answer now. Never rejects, and takes seconds where one is silent. */
  proveLinks?(): Promise<readonly LinkView[]>
  /** What HTTP interfaces say of themselves, where they do. */
  interfaces?(): readonly { readonly name: string; readonly text: string }[]
  /** Why apps are held, by app: their pushes wait, but for one now and then that tries. */
  held(): ReadonlyMap<string, string>
  /** What is to be done about an app that is held, where that is known. */
  mend?(app: string): string | undefined
  /** Why it is in doubt whether apps can send, by app, from asking their push services alone: their pushes are tried all the same. */
  doubts?(): ReadonlyMap<string, string>
  /** Why fuses have blown, by app. */
  fuses(): ReadonlyMap<string, string>
  /** What the traffic itself says is wrong. */
  noticed?(): readonly Noticed[]
  /** When the credentials of apps expire (ms since 1970), by app, where they do. */
  expiries?(): ReadonlyMap<string, number>
  resetFuse(app: string): Promise<void>
  /** The app is tried again at once. */
  release(app: string): void
  /** Publishes to a node that were refused, newest first. */
  refusals(node: string): readonly Refusal[]
}

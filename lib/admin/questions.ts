/** What can be asked of a service, and what is answered: the words that pass over its socket, one JSON object each way. */
import { type Outcome } from '../model/outcome'
import { type Account, type End } from '../model/accounting'
import { type Exchanged, type Holding } from '../model/backup'
import { type Finding, type Preview } from '../providers/provider'
import { type Environment } from '../model/registration'
import { type Tombstone, type Trace } from '../model/trace'
import { type Incoming, type TakenIn } from './take-in'

/** Every time is ms since 1970, every span ms. */
export type Question =
  | { readonly ask: 'status' }
  | {
      readonly ask: 'devices'
      readonly owner?: string
      readonly app?: string
      /** The id that the page before ended with. */
      readonly after?: string
      readonly limit: number
    }
  /** `name`: a registration's id, or its node. */
  | { readonly ask: 'device'; readonly name: string }
  | { readonly ask: 'remove'; readonly name: string }
  | { readonly ask: 'erase'; readonly owner: string }
  /** `about`: a delivery's or a registration's id, a node, or an owner. */
  | { readonly ask: 'explain'; readonly about: string }
  | { readonly ask: 'outbox'; readonly app?: string; readonly limit: number }
  | { readonly ask: 'retry'; readonly delivery?: string; readonly app?: string }
  | { readonly ask: 'drop'; readonly delivery?: string; readonly app?: string }
  | { readonly ask: 'fuse-reset'; readonly app: string }
  /** `name`: a registration's id, or a node with one device. `by`: who asks, for the trace. */
  | { readonly ask: 'test'; readonly name: string; readonly by?: string }
  /** What a test push to it would be; nothing is sent. */
  | { readonly ask: 'preview'; readonly name: string }
  /** Push services are asked whether they take our credentials; nobody is woken. */
  | { readonly ask: 'prove' }
  | { readonly ask: 'statistics' }
  | { readonly ask: 'reload' }
  /** `certificate`: a .p12 in base64. `by`: who hands it in. */
  | {
      readonly ask: 'set-certificate'
      readonly app: string
      readonly certificate: string
      readonly password?: string
      readonly by: string
    }
  | { readonly ask: 'drop-certificate'; readonly app: string; readonly by: string }
  /** Without `commit` it is only told how they stand. */
  | { readonly ask: 'take-in'; readonly devices: readonly Incoming[]; readonly commit: boolean }
  /** The store's own file is not written to for half a minute; `hold`: for as long again, by the name that was answered. */
  | { readonly ask: 'hold-still'; readonly hold?: string }
  /** Nobody else may back the store up or restore it for half a minute; `hold` as above. */
  | { readonly ask: 'hold-place'; readonly hold?: string }
  /** Ends either hold: an answer says that it lasted from the first question on. */
  | { readonly ask: 'let-go'; readonly hold: string }
  /** What the store holds, and how much of it came after a moment. */
  | { readonly ask: 'holding'; readonly after: number }
  /** Whoever holds the place has made a store ready: it is to be exchanged. `madeAt`: when the copy was made. */
  | { readonly ask: 'exchange'; readonly hold: string; readonly madeAt?: number }
  /** What came of it: the service ends its links and connections in between. */
  | { readonly ask: 'exchanged'; readonly hold: string }

export type Asked = Question['ask']

/** A registration as an operator sees it: no secret, and of its tokens the last four characters. */
export interface DeviceView {
  readonly id: string
  readonly service: string
  readonly node: string
  readonly owner: string
  readonly dialect: string
  readonly device: string
  readonly app: string
  readonly address?: string
  readonly callAddress?: string
  readonly environment?: Environment
  readonly registeredAt: number
  readonly seenAt: number
}

/** A certificate that an administrator handed in, in force in place of what the configuration names. */
export interface HandedInView {
  readonly by: string
  readonly at: number
  /** What is to be said of it now. */
  readonly findings: readonly Finding[]
}

export interface AppStatus {
  readonly app: string
  /** False where the store knows it and the configuration does not. */
  readonly isConfigured: boolean
  readonly registrations: number
  /** Absent where it never had a push. */
  readonly account?: Account
  /** What was accepted and is not accounted for: 0, or there is a bug. */
  readonly missing: number
  /** Why its pushes wait at the moment, but for one now and then that tries. */
  readonly held?: string
  /** What is to be done about that, where it does not mend itself. */
  readonly mend?: string
  /** Its push service was asked about its credential, and why that is in doubt since; its pushes are tried all the same. */
  readonly doubt?: string
  /** Why none of its tokens is forgotten until the fuse is reset. */
  readonly fuse?: string
  readonly handedIn?: HandedInView
  /** When the oldest push that is not yet delivered was accepted. */
  readonly oldest?: number
}

/** What the traffic itself says is wrong, although nothing failed. `about`: an app, or a domain. */
export interface Noticed {
  readonly about: string
  readonly text: string
  readonly mend: string
}

export interface LinkView {
  readonly domain: string
  readonly service: string
  readonly isOnline: boolean
  /** Another instance is attached; this one takes its place when it ends. */
  readonly isStandby?: true
  /** Why it is neither, where that is known: how the last try ended. */
  readonly why?: string
  readonly mend?: string
  /** What its server answered about itself, where it was asked; with a mend, that it did not or what is odd about it. */
  readonly says?: { readonly text: string; readonly mend?: string }
}

export interface Status {
  /** Absent where no service runs, and this was read from the store. */
  readonly running?: {
    readonly version: string
    readonly uptime: number
    /** What this process does: `ingest`, `dispatch`, or both. */
    readonly roles: readonly string[]
    readonly links: readonly LinkView[]
    /** What HTTP interfaces say of themselves, a line each. */
    readonly interfaces: readonly { readonly name: string; readonly text: string }[]
  }
  readonly apps: readonly AppStatus[]
  readonly waiting: number
  readonly inFlight: number
  readonly oldest?: number
  /** Absent where nothing was noticed. */
  readonly noticed?: readonly Noticed[]
  readonly at: number
}

/** A publish that was refused before it became a delivery. */
export interface Refusal {
  readonly at: number
  readonly service: string
  readonly publisher: string
  readonly answer: string
  readonly why: string
}

export interface Explanation {
  readonly about: string
  readonly is: 'delivery' | 'registration' | 'node' | 'owner' | 'unknown'
  readonly devices: readonly DeviceView[]
  readonly tombstones: readonly Tombstone[]
  /** Newest first. */
  readonly traces: readonly Trace[]
  /** Since the service was started; newest first. */
  readonly refusals: readonly Refusal[]
  /** Apps of what is told above that are held, and why. */
  readonly held: Readonly<Record<string, string>>
  readonly at: number
}

/** What an app was given within a span, and what became of it; what waits and is in flight as it stands now. */
export interface Tally {
  readonly app: string
  readonly span: 'hour' | 'day' | 'start'
  /** When the span began: later than its name says where the service was started later. */
  readonly from: number
  readonly account: Account
  /** What was accepted, ever, and is not accounted for: 0, or there is a bug. */
  readonly missing: number
}

/** What became of a test push, as far as that is known. */
export interface Tested {
  readonly device: DeviceView
  readonly delivery: string
  /** Absent where no attempt was judged in time. */
  readonly outcome?: Outcome
  /** Absent where it is not over: it waits, or is tried again. */
  readonly end?: End
  /** Why its app is held, if it is. */
  readonly held?: string
}

/** What was proven of an app's credential, and what was not. */
export interface Proven {
  readonly app: string
  readonly findings: readonly Finding[]
}

/** What is wrong with the configuration; nothing is in force of it then. */
export interface Reloaded {
  readonly faults: readonly { readonly path: string; readonly text: string; readonly mend: string }[]
}

export interface Answers {
  status: Status
  /** `next`: the `after` of the next page, if there is more. */
  devices: { readonly devices: readonly DeviceView[]; readonly next?: string }
  device: { readonly devices: readonly DeviceView[] }
  remove: { readonly removed: readonly DeviceView[] }
  erase: {
    readonly owner: string
    readonly devices: readonly DeviceView[]
    readonly tombstones: number
    readonly deliveries: number
    readonly traces: number
  }
  explain: Explanation
  outbox: { readonly waiting: readonly Trace[]; readonly held: Readonly<Record<string, string>>; readonly at: number }
  retry: { readonly retried: number }
  /** They ended as `abandoned`. */
  drop: { readonly dropped: number }
  'fuse-reset': { readonly app: string; readonly was: string }
  test: Tested
  preview: { readonly device: DeviceView; readonly request: Preview }
  prove: { readonly apps: readonly Proven[]; readonly links: readonly LinkView[] }
  statistics: { readonly tallies: readonly Tally[]; readonly at: number }
  reload: Reloaded
  /** What was read in it. */
  'set-certificate': { readonly app: string; readonly facts: readonly string[] }
  'drop-certificate': { readonly app: string }
  /** In the order of the question. */
  'take-in': { readonly stands: readonly TakenIn[] }
  'hold-still': { readonly hold: string }
  'hold-place': { readonly hold: string }
  'let-go': Readonly<Record<string, never>>
  holding: Holding
  /** It is begun. */
  exchange: Readonly<Record<string, never>>
  /** `unknown`: it was begun by no such hold since this process was started. */
  exchanged:
    { readonly is: 'done'; readonly exchanged: Exchanged } | { readonly is: 'under way' } | { readonly is: 'unknown' }
}

/** One answer to each question. `failed`: why not, and what to do, in words for the operator. */
export type Reply<A extends Asked = Asked> =
  { readonly is: 'answer'; readonly answer: Answers[A] } | { readonly is: 'failed'; readonly why: string }

/** Answers one kind of question, typed as that kind is. */
export type Ask = <A extends Asked>(question: Extract<Question, { readonly ask: A }>) => Promise<Reply<A>>

/** Questions that change nothing, and that a store at rest can answer. */
export const readings: ReadonlySet<Asked> = new Set(['status', 'devices', 'device', 'explain', 'outbox'])

/**
 * What passes between the main thread and the store's thread: one message per batch each way, flat lists of plain
 * values, for those are cloned several times faster than objects. Types only.
 */
import { type Account } from '../model/accounting'
import { type Holding } from '../model/backup'
import { type Environment, type Registration } from '../model/registration'
import { type Kept } from '../model/kept'
import { type DeadTarget, type Grave } from '../model/past'
import { type Tombstone, type Trace } from '../model/trace'
import { type BoundsOptions } from './sqlite-bounds'
import { type DeviceQuery, type RemoteDisable } from './store'

export type Field = string | number | null

/** A registration whose tokens are bare texts, for classes do not pass between threads. */
export type PlainRegistration = Omit<Registration, 'secret' | 'address' | 'callAddress'> & {
  readonly secret: string | undefined
  readonly address: string | undefined
  readonly callAddress: string | undefined
}

/** `NewRegistration` with bare texts. */
export type PlainNew = Omit<PlainRegistration, 'environment' | 'registeredAt' | 'seenAt'> & { readonly at: number }

export interface PlainMatch {
  readonly service: string
  readonly owner: string
  readonly dialect: string | undefined
  readonly app: string | undefined
  readonly device: string | undefined
  readonly node: string | undefined
  readonly address: string | undefined
}

/** A delivery on its way, with the notes of its story. */
export type PlainWaiting = Omit<Trace, 'publisher' | 'steps'> & { readonly notes: string }

/** In turn: the place of a question among those asked, and a registration found for it, as one text. What one node has is one text: JSON, a list. */
export type ToldRegistrations = readonly (string | number)[]

/** Which nodes: service, node, service, node, … Texts alone travel between threads in a third of the time that objects around them take. */
export type Finding = readonly string[]

/** service, node, owner */
export type GraveKey = readonly [string, string, string]

/** service, owner, dialect, app, device */
export type Device = readonly [string, string, string, string, string]

export interface TraceStretch {
  /** The row that the stretch before ended with; undefined: begin with the newest. */
  readonly before: number | undefined
  readonly needles: readonly string[]
  readonly rows: number
}

export interface TraceRead {
  readonly bytes: number
  /** Where the next stretch begins; undefined: this was the last. */
  readonly next: number | undefined
}

/** Questions of registry, keep and accounting: what is asked, and what is answered. */
export interface Questions {
  register: { readonly ask: PlainNew; readonly answer: PlainRegistration }
  find: { readonly ask: Finding; readonly answer: ToldRegistrations }
  get: { readonly ask: readonly string[]; readonly answer: ToldRegistrations }
  ownedBy: {
    readonly ask: { readonly service: string; readonly owner: string }
    readonly answer: readonly PlainRegistration[]
  }
  unregister: {
    readonly ask: { readonly match: PlainMatch; readonly at: number; readonly remoteDisable: boolean }
    readonly answer: readonly PlainRegistration[]
  }
  forget: {
    readonly ask: {
      readonly app: string
      readonly address: string
      readonly registeredBefore: number
      readonly why: string
      readonly at: number
    }
    readonly answer: readonly {
      readonly registration: PlainRegistration
      readonly slot: 'address' | 'callAddress'
    }[]
  }
  markDead: {
    readonly ask: { readonly app: string; readonly address: string; readonly why: string; readonly at: number }
    readonly answer: undefined
  }
  deadAmong: {
    readonly ask: readonly { readonly app: string; readonly address: string }[]
    readonly answer: readonly ({ readonly at: number; readonly why: string } | undefined)[]
  }
  readdress: {
    readonly ask: { readonly id: string; readonly app: string; readonly address: string; readonly at: number }
    readonly answer: PlainRegistration | undefined
  }
  prove: {
    readonly ask: { readonly id: string; readonly environment: Environment; readonly address: string }
    readonly answer: undefined
  }
  /** How many registrations there are after this one, by app, and where the next stretch begins; undefined: this was the last. */
  count: {
    readonly ask: Device
    readonly answer: {
      readonly counts: readonly (readonly [string, number])[]
      readonly next: Device | undefined
    }
  }
  remoteDisablesDue: {
    readonly ask: { readonly at: number; readonly limit: number }
    readonly answer: readonly RemoteDisable[]
  }
  claimRemoteDisable: {
    readonly ask: { readonly registration: string; readonly dueAt: number; readonly until: number }
    readonly answer: boolean
  }
  endRemoteDisables: { readonly ask: readonly string[]; readonly answer: undefined }
  keepGet: { readonly ask: string; readonly answer: { readonly value: string; readonly at: number } | undefined }
  keepSwap: {
    readonly ask: {
      readonly name: string
      readonly value: string
      readonly at: number
      readonly before: Kept | undefined
    }
    readonly answer: Kept
  }
  keepPut: {
    readonly ask: { readonly name: string; readonly value: string; readonly at: number }
    readonly answer: undefined
  }
  seen: { readonly ask: { readonly ids: readonly string[]; readonly at: number }; readonly answer: undefined }
  devices: { readonly ask: DeviceQuery; readonly answer: readonly PlainRegistration[] }
  tombstones: {
    readonly ask: { readonly node?: string; readonly owner?: string; readonly limit: number }
    readonly answer: readonly Tombstone[]
  }
  deliveries: { readonly ask: readonly string[]; readonly answer: readonly PlainWaiting[] }
  waiting: {
    readonly ask: { readonly app?: string; readonly limit: number }
    readonly answer: readonly PlainWaiting[]
  }
  /** A stretch of the outbox after an id: what is for these targets, and how old the oldest of each app is. */
  stretch: {
    readonly ask: { readonly after: string; readonly targets: readonly string[] }
    readonly answer: {
      readonly found: readonly PlainWaiting[]
      readonly oldest: ReadonlyMap<string, number>
      readonly next: string | undefined
    }
  }
  /** So many rows of traces older than `before`, newest first: the lines about these deliveries or targets. */
  traceLines: { readonly ask: TraceStretch; readonly answer: TraceRead & { readonly found: readonly string[] } }
  traceErase: { readonly ask: TraceStretch; readonly answer: TraceRead & { readonly removed: number } }
  traceSweep: {
    readonly ask: { readonly before: number; readonly bytes: number; readonly now: number }
    readonly answer: { readonly isDone: boolean }
  }
  /** Ends all registrations of an owner, and leaves tombstones. */
  bury: {
    readonly ask: { readonly owner: string; readonly at: number; readonly why: string }
    readonly answer: readonly PlainRegistration[]
  }
  sweepRegistrations: {
    readonly ask: { readonly after: string; readonly before: number; readonly at: number; readonly why: string }
    readonly answer: { readonly removed: readonly PlainRegistration[]; readonly next: string | undefined }
  }
  sweepTombstones: {
    readonly ask: { readonly after: GraveKey; readonly before: number }
    readonly answer: { readonly next: GraveKey | undefined }
  }
  graves: { readonly ask: { readonly after: GraveKey; readonly limit: number }; readonly answer: readonly Tombstone[] }
  /** As they were in another store. */
  buryAgain: { readonly ask: readonly Grave[]; readonly answer: undefined }
  keptNames: { readonly ask: undefined; readonly answer: readonly string[] }
  addressKey: { readonly ask: undefined; readonly answer: string }
  deadTargets: {
    readonly ask: { readonly after: string; readonly limit: number }
    readonly answer: readonly DeadTarget[]
  }
  deadTargetsAmong: { readonly ask: readonly string[]; readonly answer: readonly DeadTarget[] }
  keepDead: { readonly ask: readonly DeadTarget[]; readonly answer: undefined }
  dropTombstones: { readonly ask: string; readonly answer: number }
  /** Ends those that wait as `unregistered`, without a trace; returns how many. One that is out ends without one, too. */
  endWaiting: { readonly ask: readonly string[]; readonly answer: number }
  hasten: {
    readonly ask: { readonly which: { readonly delivery: string } | { readonly app: string }; readonly at: number }
    readonly answer: number
  }
  /** Ends what waits as `abandoned`: one delivery, or a stretch of an app's. */
  abandon: {
    readonly ask: { readonly which: { readonly delivery: string } | { readonly app: string }; readonly at: number }
    readonly answer: { readonly abandoned: number; readonly isDone: boolean }
  }
  accounts: { readonly ask: undefined; readonly answer: ReadonlyMap<string, Account> }
  /** Done after the commit of its batch; what came of it, `whyNotStill` tells in the next. */
  holdStill: { readonly ask: boolean; readonly answer: undefined }
  whyNotStill: { readonly ask: undefined; readonly answer: string | undefined }
  /** `ask`: ms since 1970. */
  holding: { readonly ask: number; readonly answer: Holding }
}

export type Question = keyof Questions

export type Asked = { readonly [Q in Question]: { readonly what: Q; readonly ask: Questions[Q]['ask'] } }[Question]

/** Asks the store's thread; `seen` is told the answer at once, in the order in which the answers were given. */
export type Ask = <Q extends Question>(
  what: Q,
  ask: Questions[Q]['ask'],
  seen?: (answer: Questions[Q]['answer']) => void,
) => Promise<Questions[Q]['answer']>

/** How each question is answered, inside the transaction of its batch. */
export type Answers<Q extends Question> = { readonly [K in Q]: (ask: Questions[K]['ask']) => Questions[K]['answer'] }

/** Everything that is to become durable in one transaction. */
export interface Batch {
  /** Milliseconds since 1970: the store's thread has no clock. */
  readonly now: number
  /** The wall clock was set back by so many milliseconds since the batch before. */
  readonly setBack?: number
  readonly asked: readonly Asked[]
  /** `PUT_FIELDS` per delivery. */
  readonly puts: readonly Field[]
  /** Deliveries that were taken at once, as nearly all are: of these nothing more is to be told. */
  readonly delivered: readonly string[]
  /** `SETTLED_FIELDS` per settlement of any other kind. */
  readonly settled: readonly Field[]
  /** Deliveries that were handed out and that nobody took: they wait again as if they had never been out. */
  readonly released: readonly string[]
  /** What the claim that waits has room for: app and room in turn. Absent: nothing is handed out. */
  readonly claim?: readonly (string | number)[]
}

/** Questions that change nothing, at a moment when nothing is to be handed out: answered without a transaction. */
export interface Reading {
  readonly reading: readonly Asked[]
}

/** In the order of `reading`. */
export interface HasRead {
  readonly read: readonly unknown[]
}

export interface Done {
  /** In the order of `asked`. */
  readonly answers: readonly unknown[]
  /** One letter per delivery put: `k` kept, `c` kept and at once handed to the claim, `f` full. */
  readonly puts: string
  /** Handed to the claim from disk: `HANDED_FIELDS` per delivery, in order. */
  readonly handed: readonly Field[]
  /** When the next delivery falls due for which the claim has room, or one expires (ms since 1970); undefined if none will. */
  readonly nextDue: number | undefined
  /** Nothing falls due for any app, and nothing expires, before this moment (ms since 1970); `Infinity` where nothing waits. */
  readonly soonest: number
  /** What the operator is told of the bounds; each begins after the store's name. */
  readonly news: readonly string[]
}

/** Nothing of the batch was kept. `code`: SQLite's name of the fault, if it is SQLite's. */
export interface Failed {
  readonly failed: string
  readonly code: string | undefined
}

export interface ThreadOptions {
  readonly file: string
  /** Base64; absent: a key file beside the database. */
  readonly contentKey: string | undefined
  /** For messages: where `contentKey` came from. */
  readonly contentKeyFrom: string
  readonly bounds: BoundsOptions
  /** When it is started (ms since 1970). */
  readonly now: number
}

/**
 * The store's thread begins with one of these, then answers each batch with `Done`, each reading with `HasRead`, a finding that travels alone with
 * `ToldRegistrations`; or any of them with `Failed`.
 */
export type Opened =
  | { readonly opened: true; readonly warnings: readonly string[] }
  | { readonly refused: string }
  | { readonly broken: string }

/** What the thread that only reads answers to each `Asked`. */
export type Read = { readonly answer: unknown } | { readonly failed: string }

export type ToThread = Batch | Reading | Finding | 'close'

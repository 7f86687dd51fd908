/**
 * What passes between the main thread and the store's thread: one message per batch each way, flat lists of plain
 * values, for those are cloned several times faster than objects. Types only.
 */
import { type Account } from '../model/accounting'
import { type Environment, type Registration } from '../model/registration'

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

/** Questions of registry, keep and accounting: what is asked, and what is answered. */
export interface Questions {
  register: { readonly ask: PlainNew; readonly answer: PlainRegistration }
  find: {
    readonly ask: readonly { readonly service: string; readonly node: string }[]
    readonly answer: readonly (readonly PlainRegistration[])[]
  }
  get: { readonly ask: readonly string[]; readonly answer: readonly (PlainRegistration | undefined)[] }
  ownedBy: {
    readonly ask: { readonly service: string; readonly owner: string }
    readonly answer: readonly PlainRegistration[]
  }
  unregister: {
    readonly ask: { readonly match: PlainMatch; readonly at: number }
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
  prove: { readonly ask: { readonly id: string; readonly environment: Environment }; readonly answer: undefined }
  count: { readonly ask: undefined; readonly answer: ReadonlyMap<string, number> }
  keepGet: { readonly ask: string; readonly answer: { readonly value: string; readonly at: number } | undefined }
  keepPut: {
    readonly ask: { readonly name: string; readonly value: string; readonly at: number }
    readonly answer: undefined
  }
  accounts: { readonly ask: undefined; readonly answer: ReadonlyMap<string, Account> }
}

export type Question = keyof Questions

export type Asked = { readonly [Q in Question]: { readonly what: Q; readonly ask: Questions[Q]['ask'] } }[Question]

/** How each question is answered, inside the transaction of its batch. */
export type Answers<Q extends Question> = { readonly [K in Q]: (ask: Questions[K]['ask']) => Questions[K]['answer'] }

/** Everything that is to become durable in one transaction. */
export interface Batch {
  /** Milliseconds since 1970: the store's thread has no clock. */
  readonly now: number
  readonly asked: readonly Asked[]
  /** `PUT_FIELDS` per delivery. */
  readonly puts: readonly Field[]
  /** `SETTLED_FIELDS` per settlement. */
  readonly settled: readonly Field[]
  /** Deliveries that were handed out and that nobody took: they wait again as if they had never been out. */
  readonly released: readonly string[]
  /** What the claim that waits has room for: app and room in turn. Absent: nothing is handed out. */
  readonly claim?: readonly (string | number)[]
}

export interface Done {
  /** In the order of `asked`. */
  readonly answers: readonly unknown[]
  /** One letter per delivery put: `k` kept, `c` kept and at once handed to the claim, `f` full. */
  readonly puts: string
  /** Handed to the claim from disk: `HANDED_FIELDS` per delivery, in order. */
  readonly handed: readonly Field[]
  /** When the next delivery falls due (ms since 1970) for which the claim has room; undefined if none will by itself. */
  readonly nextDue: number | undefined
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
  readonly maxDeliveries: number
}

/** The store's thread begins with one of these, then answers each batch with `Done` or `Failed`. */
export type Opened =
  | { readonly opened: true; readonly warnings: readonly string[] }
  | { readonly refused: string }
  | { readonly broken: string }

export type ToThread = Batch | 'close'

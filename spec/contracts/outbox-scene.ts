/** What the parts of the outbox's conformance suite share. */
import { type Account, closes } from '../../lib/model/accounting'
import { type Delivery, type Notification, type Target } from '../../lib/model/notification'
import { type Claimed, type Outbox, type Settlement } from '../../lib/outbox/outbox'
import { type HandClock } from '../support/hand-clock'

/** An open outbox and what a test needs around it. */
export interface OutboxUnderTest {
  /** The outbox as it is now open. */
  outbox(): Outbox
  readonly clock: HandClock
  accounts(): Promise<ReadonlyMap<string, Account>>
  /** Ends it with whatever is claimed, and opens it again on the same data. */
  reopen(): Promise<void>
  close(): Promise<void>
}

export interface OutboxSetUp {
  /** `bound`: how many deliveries may wait. */
  (options: { readonly bound: number }): Promise<OutboxUnderTest>
}

let made = 0

/** A name that no other test has. */
export function fresh(word: string): string {
  return `${word}-${++made}`
}

/** A lower-case UUID, in order of making. */
export function uuid(): string {
  return `00000000-0000-4000-8000-${(++made).toString(16).padStart(12, '0')}`
}

export function delivery(
  app: string,
  now: number,
  its: { readonly target?: Target; readonly id?: string; readonly publisher?: string } & Partial<Notification> = {},
): Delivery {
  const { target, id, publisher, ...notification } = its
  return {
    id: id ?? uuid(),
    app,
    target: target ?? { to: 'registration', registration: uuid() },
    notification: { class: 'message', urgency: 'high', expiresAt: now + 3600_000, content: {}, ...notification },
    acceptedAt: now,
    ...(publisher === undefined ? {} : { publisher }),
  }
}

/** Two of what `make` makes. */
export function two<T>(make: () => T): readonly [T, T] {
  return [make(), make()]
}

export function ended(claimed: Claimed, end: Extract<Settlement, { end: unknown }>['end'] = 'delivered'): Settlement {
  return { id: claimed.delivery.id, app: claimed.delivery.app, end, resent: false }
}

/** What is handed out now, for this room; empty if nothing is. */
export async function takeNow(outbox: Outbox, room: Readonly<Record<string, number>>): Promise<readonly Claimed[]> {
  const claim = outbox.claim(new Map(Object.entries(room)))
  await turn(outbox)
  void outbox.claim(new Map())
  return claim
}

/** Passes when the outbox has done whatever it was asked before. */
export async function turn(outbox: Outbox): Promise<void> {
  await outbox.settle([{ id: uuid(), app: 'nobody', end: 'delivered', resent: false }])
}

export const ids = (claimed: readonly Claimed[]): readonly string[] => claimed.map((one) => one.delivery.id)

/** What every test sees: the open outbox, and an app that no other test has. */
export interface OutboxScene {
  readonly setUp: OutboxSetUp
  readonly tested: OutboxUnderTest
  readonly app: string
  readonly outbox: () => Outbox
  readonly now: () => number
  /** The account of this test's app, or of another; fails unless it closes. */
  readonly account: (name?: string) => Promise<Account>
  /** What is handed out now of this test's app. */
  readonly takeAll: () => Promise<readonly Claimed[]>
  /** The same, where it is exactly one. */
  readonly takeOne: () => Promise<Claimed>
}

/** Opens one outbox for all tests of the suite that is being declared. */
export function outboxScene(setUp: OutboxSetUp): OutboxScene {
  let tested: OutboxUnderTest | undefined
  let app = ''
  beforeAll(async () => {
    tested = await setUp({ bound: 1000 })
  })
  afterAll(() => tested?.close())
  beforeEach(() => {
    app = fresh('app')
  })
  const open = (): OutboxUnderTest => {
    if (tested === undefined) throw new Error('the outbox did not open')
    return tested
  }
  const takeAll = () => takeNow(open().outbox(), { [app]: 1000 })
  return {
    setUp,
    get tested() {
      return open()
    },
    get app() {
      return app
    },
    outbox: () => open().outbox(),
    now: () => open().clock.now(),
    async account(name = app) {
      const found = (await open().accounts()).get(name)
      if (found === undefined) throw new Error(`no account of ${name}`)
      expect(closes(found)).toBe(true)
      return found
    },
    takeAll,
    async takeOne() {
      const [claimed, ...others] = await takeAll()
      if (claimed === undefined || others.length > 0) throw new Error(`one was expected, not ${others.length + 1}`)
      return claimed
    },
  }
}

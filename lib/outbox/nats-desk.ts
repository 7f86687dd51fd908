/** What operators ask and change of what is in hand: here, and at the other instances by asking them. */
import { type NatsConnection } from '@nats-io/transport-node'
import { type Trace } from '../model/trace'
import { readNotes, toldOf } from '../stores/trace-lines'
import { type Changes } from './nats-changes'
import { type Counts, addCounts } from './nats-journal'
import { type Members } from './nats-members'
import { type Own } from './nats-partition'
import { type Row } from './nats-row'
import { type Standing } from './nats-standing'
import { STRETCH, type Turns } from './nats-turns'

/** One delivery, or all of an app. */
export type Which = { readonly delivery: string } | { readonly app: string }

/** What one instance answers; each as plain data, for it travels. */
export interface Answers {
  readonly accounts: {
    readonly partitions: readonly number[]
    readonly counts: Readonly<Record<string, Counts>>
    readonly out: Readonly<Record<string, number>>
  }
  readonly waiting: readonly Trace[]
  readonly oldest: Readonly<Record<string, number>>
  readonly living: readonly Trace[]
  readonly hasten: number
  readonly abandon: number
  readonly erase: { readonly partitions: readonly number[]; readonly deliveries: number; readonly traces: number }
}

export interface Questions {
  readonly accounts: Readonly<Record<string, never>>
  readonly waiting: { readonly app?: string; readonly limit: number }
  readonly oldest: Readonly<Record<string, never>>
  readonly living: { readonly deliveries: readonly string[] } | { readonly targets: readonly string[] }
  readonly hasten: { readonly which: Which; readonly at: number }
  readonly abandon: { readonly which: Which; readonly at: number }
  readonly erase: { readonly targets: readonly string[] }
}
export type Asked = keyof Questions

export interface DeskOptions {
  readonly connection: NatsConnection
  /** Subjects of the instances; each has its own below it. */
  readonly subject: string
  readonly members: Members
  readonly turns: Turns
  readonly standing: Standing
  readonly changes: Changes
  readonly owned: ReadonlyMap<number, Own>
  /** Erases stories of targets in the partitions that are ours. */
  readonly eraseStories: (targets: readonly string[]) => Promise<number>
}

export interface Desk {
  /** Every instance's answer, our own first. Rejects where one that lives does not answer. */
  ask<A extends Asked>(what: A, question: Questions[A]): Promise<readonly Answers[A][]>
}

const ASK_MS = 10_000
/** What stands in a trace in place of a push service's words. */
const BY_OPERATOR = toldOf({ is: 'refused', why: 'dropped by an operator' })

export const inOrder = (one: Trace, other: Trace): number =>
  rank(one) - rank(other) || (one.dueAt ?? 0) - (other.dueAt ?? 0)
const rank = ({ state, class: its }: Trace): number => (state === 'out' ? 0 : its === 'call' ? 1 : 2)

export function makeDesk(options: DeskOptions): Desk {
  const { connection, subject, members, turns, standing, changes, owned } = options

  const traceOf = (row: Row): Trace => ({
    ...{ id: row.id, app: row.app, class: row.class, target: row.target, acceptedAt: row.accepted },
    ...{ expiresAt: row.expires, dueAt: row.due, ...readNotes(row.notes ?? 'null') },
    state: row.state === 'out' ? 'out' : standing.laneOf(row)?.out === undefined ? 'waiting' : 'behind',
  })
  const all = (test: (row: Row) => boolean): readonly Row[] => [...standing.rows.values()].filter(test)
  /** A stretch a turn, until there is none left. */
  const inStretches = async (test: (row: Row) => boolean, change: (row: Row, now: number) => void): Promise<number> => {
    // What was put before is taken in by then.
    await turns.look(() => undefined)
    for (let sum = 0; ;) {
      const count = await turns.ask((now) => {
        const rows = all((row) => row.state === 'waiting' && test(row)).slice(0, STRETCH)
        for (const row of rows) change(row, now)
        return rows.length
      })
      sum += count
      if (count < STRETCH) return sum
    }
  }
  const isOf =
    (which: Which) =>
    (row: Row): boolean =>
      'delivery' in which ? row.id === which.delivery : row.app === which.app

  const here: { readonly [A in Asked]: (question: Questions[A]) => Promise<Answers[A]> } = {
    accounts: () =>
      turns.look(() => {
        const counts = new Map<string, Counts>()
        for (const own of owned.values()) for (const [app, its] of own.counts) addCounts(counts, app, its)
        const out = [...standing.apps].map(([app, its]) => [app, its.out] as const)
        return { partitions: [...owned.keys()], counts: Object.fromEntries(counts), out: Object.fromEntries(out) }
      }),
    waiting: ({ app, limit }) =>
      turns.look(() =>
        all((row) => app === undefined || row.app === app)
          .map(traceOf)
          .sort(inOrder)
          .slice(0, limit),
      ),
    oldest: () =>
      turns.look(() => {
        const oldest: Record<string, number> = {}
        for (const { app, accepted } of standing.rows.values()) {
          oldest[app] = Math.min(oldest[app] ?? Infinity, accepted)
        }
        return oldest
      }),
    living: (of) =>
      turns.look(() => {
        const wanted = new Set('deliveries' in of ? of.deliveries : of.targets)
        return all((row) => wanted.has('deliveries' in of ? row.id : row.target)).map(traceOf)
      }),
    hasten: ({ which, at }) =>
      inStretches(
        (row) => row.due > at && isOf(which)(row),
        (row) => {
          row.due = at
          standing.wait(row)
          changes.waits(row)
        },
      ),
    abandon: ({ which, at }) =>
      inStretches(isOf(which), (row) => {
        changes.ended(row, at, 'abandoned', BY_OPERATOR)
        standing.drop(row)
      }),
    async erase({ targets }) {
      const wanted = new Set(targets)
      const deliveries = await inStretches(
        (row) => wanted.has(row.target),
        (row, now) => {
          row.notes = null
          changes.ended(row, now, 'unregistered', null)
          standing.drop(row)
        },
      )
      await turns.ask(() => {
        // One that is out ends by itself, and leaves no story.
        for (const row of all(({ state, target }) => state === 'out' && wanted.has(target))) row.notes = null
      })
      return { partitions: [...owned.keys()], deliveries, traces: await options.eraseStories(targets) }
    },
  }

  const answer = async (text: string): Promise<string> => {
    const { what, question } = JSON.parse(text) as { what: Asked; question: never }
    try {
      return JSON.stringify({ answer: await here[what](question) })
    } catch (error) {
      return JSON.stringify({ failed: error instanceof Error ? error.message : String(error) })
    }
  }
  connection.subscribe(`${subject}.${members.id}`, {
    callback(error, message) {
      if (error === null) void answer(message.string()).then((text) => void message.respond(text))
    },
  })
  const there = async <A extends Asked>(id: string, what: A, question: Questions[A]): Promise<Answers[A]> => {
    const reply = await connection.request(`${subject}.${id}`, JSON.stringify({ what, question }), { timeout: ASK_MS })
    const said = JSON.parse(reply.string()) as { answer: Answers[A] } | { failed: string }
    if ('failed' in said) throw new Error(said.failed)
    return said.answer
  }

  return Object.freeze({
    ask<A extends Asked>(what: A, question: Questions[A]) {
      const others = members.others().filter(({ owns }) => owns !== undefined)
      return Promise.all([here[what](question), ...others.map(({ id }) => there(id, what, question))])
    },
  } satisfies Desk)
}

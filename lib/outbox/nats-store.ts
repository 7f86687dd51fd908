/** A store whose pushes wait elsewhere: registrations are the store's, deliveries and their stories the queue's. */
import { type Trace } from '../model/trace'
import { type Store, type Sweep, type TraceQuery } from '../stores/store'
import { inOrder } from './nats-desk'
import { type NatsOutbox } from './nats-outbox'

/** Registrations of one person that are looked at. */
const MOST = 10_000

const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0)

export function withNats(store: Store, its: NatsOutbox): Store {
  const ask: NatsOutbox['desk']['ask'] = (what, question) => its.desk.ask(what, question)

  const shared = (at: number): number => at + (store.clockOffset?.() ?? 0)
  const oldest = async (): Promise<ReadonlyMap<string, number>> => {
    const found = new Map<string, number>()
    for (const each of await ask('oldest', {})) {
      for (const [app, at] of Object.entries(each)) found.set(app, Math.min(found.get(app) ?? Infinity, at))
    }
    return found
  }
  const traces = async (of: TraceQuery): Promise<readonly Trace[]> => {
    const needles = 'deliveries' in of ? of.deliveries : of.registrations
    if (needles.length === 0) return []
    const question = 'deliveries' in of ? { deliveries: needles } : { targets: needles }
    const living = (await ask('living', question)).flat().sort((one, other) => other.acceptedAt - one.acceptedAt)
    const isWhole = 'deliveries' in of && living.length === needles.length
    const ended = isWhole ? [] : await its.stories(needles, !('deliveries' in of))
    if ('deliveries' in of) return [...living, ...ended.filter(({ id }) => needles.includes(id))]
    const left = new Map(needles.map((id) => [id, of.perTarget]))
    return [...living, ...ended].filter(({ target }) => {
      const more = left.get(target) ?? 0
      left.set(target, more - 1)
      return more > 0
    })
  }
  /** Registrations of a person, and those that ended. */
  const targetsOf = async (owner: string): Promise<readonly string[]> => {
    const [devices, graves] = await Promise.all([
      store.records.devices({ owner, limit: MOST }),
      store.records.tombstones({ owner, limit: MOST }),
    ])
    return [...devices.map(({ id }) => id), ...graves.flatMap(({ registration }) => registration ?? [])]
  }
  const eraseOf = async (targets: readonly string[]) => {
    if (targets.length === 0) return { deliveries: 0, traces: 0 }
    const answers = await ask('erase', { targets })
    its.refuseUnless(answers.flatMap(({ partitions }) => partitions))
    return {
      deliveries: sum(answers.map(({ deliveries }) => deliveries)),
      traces: sum(answers.map((each) => each.traces)),
    }
  }

  return Object.freeze({
    ...store,
    outbox: its.outbox,
    queue: () => its.identity(),
    records: Object.freeze({
      ...store.records,
      ...{ accounts: () => its.accounts(), oldest, traces },
      async waiting(query: { readonly app?: string; readonly limit: number }) {
        return (await ask('waiting', query)).flat().sort(inOrder).slice(0, query.limit)
      },
    }),
    upkeep: Object.freeze({
      ...store.upkeep,
      /** What waits goes first: the store's own tombstones name it, should this be interrupted. */
      async erase(owner: string, at: number) {
        const targets = await targetsOf(owner)
        const first = await eraseOf(targets)
        const erased = await store.upkeep.erase(owner, at)
        // What came in between.
        const then = await eraseOf(targets)
        const { deliveries, traces: gone } = erased
        const counted = { deliveries: deliveries + first.deliveries + then.deliveries }
        return { ...erased, ...counted, traces: gone + first.traces + then.traces }
      },
      hasten: async (which, at) => sum(await ask('hasten', { which, at: shared(at) })),
      abandon: async (which, at) => sum(await ask('abandon', { which, at: shared(at) })),
      async sweep(sweep: Sweep, removed) {
        await its.sweepStories(sweep.tracesBefore, sweep.tracesBytes)
        await store.upkeep.sweep(sweep, removed)
      },
    } satisfies Store['upkeep']),
    accounts: () => its.accounts(),
    async close() {
      await its.close()
      await store.close()
    },
  } satisfies Store)
}

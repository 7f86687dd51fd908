/** What operators and time remove from the embedded store: one step after the other, pushes in between. */
import { type NodeCache } from './node-cache'
import { type Ask, type GraveKey, type PlainRegistration, type Questions, type TraceRead } from './sqlite-protocol'
import { rowsAfter } from './sqlite-records'
import { opaque } from './sqlite-told'
import { type Records, type Sweep, type Upkeep } from './store'

const FIRST_ROWS = 64
/** How many of an owner's devices and tombstones are asked for at once. */
const PAGE = 1000

export function makeSqliteUpkeep(ask: Ask, records: Records, cache: Pick<NodeCache, 'drop'>): Upkeep {
  const drop = (removed: readonly PlainRegistration[]): void => {
    for (const { service, node } of removed) cache.drop(service, node)
  }

  async function eraseTraces(needles: readonly string[]): Promise<number> {
    let removed = 0
    let before: number | undefined
    for (let rows = FIRST_ROWS; ;) {
      const answer: TraceRead & { readonly removed: number } = await ask('traceErase', { before, needles, rows })
      removed += answer.removed
      if (answer.next === undefined) return removed
      before = answer.next
      rows = rowsAfter(rows, answer)
    }
  }

  async function endWaiting(targets: readonly string[]): Promise<number> {
    let ended = 0
    for (let after: string | undefined = ''; after !== undefined;) {
      const { found, next }: Questions['stretch']['answer'] = await ask('stretch', { after, targets })
      if (found.length > 0)
        ended += await ask(
          'endWaiting',
          found.map(({ id }) => id),
        )
      after = next
    }
    return ended
  }

  return Object.freeze({
    /** The tombstones go last: they name what is to be erased, should this be interrupted. */
    async erase(owner: string, at: number) {
      const asked = { owner, at, why: 'erased by an operator' }
      const registrations = (await ask('bury', asked, drop)).map(opaque)
      const graves = await records.tombstones({ owner, limit: PAGE })
      const ids = graves.flatMap(({ registration }) => registration ?? [])
      const deliveries = ids.length === 0 ? 0 : await endWaiting(ids)
      const traces = ids.length === 0 ? 0 : await eraseTraces(ids)
      const tombstones = (await ask('dropTombstones', owner)) - registrations.length
      return { registrations, tombstones, deliveries, traces }
    },
    async abandon(which, at) {
      for (let sum = 0; ;) {
        const { abandoned, isDone }: Questions['abandon']['answer'] = await ask('abandon', { which, at })
        sum += abandoned
        if (isDone || 'delivery' in which) return sum
      }
    },
    hasten: (which, at) => ask('hasten', { which, at }),
    async sweep(sweep: Sweep, removed) {
      const { registrationsSeenBefore: before, at } = sweep
      for (let after: string | undefined = before === undefined ? undefined : ''; after !== undefined;) {
        const step = { after, before: before ?? 0, at, why: 'not seen for too long' }
        const answer: Questions['sweepRegistrations']['answer'] = await ask('sweepRegistrations', step, (seen) =>
          drop(seen.removed),
        )
        if (answer.removed.length > 0) removed(answer.removed.map(opaque))
        after = answer.next
      }
      for (let after: GraveKey | undefined = ['', '', '']; after !== undefined;) {
        after = (await ask('sweepTombstones', { after, before: sweep.tombstonesBefore })).next
      }
      for (let isDone = false; !isDone;) {
        const step = { before: sweep.tracesBefore, bytes: sweep.tracesBytes, now: at }
        isDone = (await ask('traceSweep', step)).isDone
      }
    },
  } satisfies Upkeep)
}

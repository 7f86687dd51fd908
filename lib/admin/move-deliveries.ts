/**
 * Moves what waits in one store's outbox into another's: claimed there, put here under the same id, and only then ended there as
 * abandoned. Broken off in between, it is put again, which changes nothing.
 */
import { type Claimed, type Settlement } from '../outbox/outbox'
import { type Moving } from './move'

export interface MovedDeliveries {
  readonly moved: number
  /** Calls that may have rung already: never sent twice, so they ended. */
  readonly ended: number
  /** Still waiting in the first store, for what they wait for did not come. */
  readonly left: number
}

/** The second store is at its bound: nothing was lost, and the rest still waits in the first. */
export class OutboxFull extends Error {
  override readonly name = 'OutboxFull'
}

const AT_ONCE = 100
/** Milliseconds without anything to claim. */
const PATIENCE = 2_000

async function waitingIn({ from }: Moving): Promise<ReadonlyMap<string, number>> {
  const accounts = [...(await from.accounts())]
  return new Map(accounts.flatMap(([app, { waiting }]) => (waiting > 0 ? [[app, waiting] as const] : [])))
}

async function claim({ from, clock }: Moving, apps: Iterable<string>): Promise<readonly Claimed[]> {
  const enough = new AbortController()
  const late = clock.sleep(PATIENCE, enough.signal).then(
    () => [],
    () => [],
  )
  const claimed = await Promise.race([from.outbox.claim(new Map([...apps].map((app) => [app, AT_ONCE]))), late])
  enough.abort()
  return claimed
}

const abandoned = ({ delivery: { id, app } }: Claimed): Settlement => ({ id, app, end: 'abandoned', resent: false })

const sum = (waiting: ReadonlyMap<string, number>): number => [...waiting.values()].reduce((all, its) => all + its, 0)

/** Rejects with `OutboxFull`. `told`: called now and then with how many are over, of how many. */
export async function moveDeliveries(
  moving: Moving,
  told: (done: number, of: number) => void = () => undefined,
): Promise<MovedDeliveries> {
  const { from, to, clock } = moving
  let [moved, ended] = [0, 0]
  for (;;) {
    const waiting = await waitingIn(moving)
    if (waiting.size === 0) return { moved, ended, left: 0 }
    told(moved + ended, moved + ended + sum(waiting))
    for (const app of waiting.keys()) await from.upkeep.hasten({ app }, clock.now())
    const claimed = await claim(moving, waiting.keys())
    if (claimed.length === 0) {
      return { moved, ended, left: sum(waiting) }
    }
    const isOver = ({ delivery, ambiguous }: Claimed): boolean => ambiguous && delivery.notification.class === 'call'
    const good = claimed.filter((each) => !isOver(each))
    const put = await to.outbox.put(good.map(({ delivery: { dueAt: _dueAt, ...delivery } }) => delivery))
    const kept = good.filter((_, at) => put[at] === 'kept')
    const settled = [...kept, ...claimed.filter(isOver)]
    await from.outbox.settle(settled.map(abandoned))
    moved += kept.length
    ended += settled.length - kept.length
    if (kept.length < good.length) {
      throw new OutboxFull(
        `the outbox of the second store is full; raise its store.maxDeliveries and run the same command again (${moved} pushes were moved)`,
      )
    }
  }
}

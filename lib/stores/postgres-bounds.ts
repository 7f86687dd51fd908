/**
 * How much waits, of all apps and of each, as this instance believes: what it did itself it knows, what others did it
 * measures now and then. Whatever is above the bounds is refused as full; what can go out at once is not.
 */
import { type Session, type Statement } from './postgres-database'
import { counted } from './postgres-story'

export interface BoundsOptions {
  readonly maxDeliveries: number
  readonly maxDeliveriesPerApp: number
}

export interface Bounds {
  waiting(app: string): number
  /** Whether anything waits, of any app. */
  readonly isEmpty: boolean
  /** So many more of the app wait, or fewer. */
  add(app: string, by: number): void
  /** Begins to admit a batch: each `admits` counts the one before along. */
  admission(): (app: string) => boolean
  /** Whether the bounds are so near that what others did matters. */
  readonly isNear: boolean
  measure(): Promise<void>
}

/** Where so much of a bound is free again, reaching it is news. */
const RELIEVED = 0.9
const NEAR = 0.8

/** Accounts close, so what waits is what was accepted and did neither end nor is out: no row of the outbox is counted. */
const waiting: Statement = {
  name: 'waiting',
  sql: `SELECT app, sum(n)::bigint AS n FROM (
      SELECT app, accepted - (${counted.slice(2).join(' + ')}) AS n FROM account
      UNION ALL SELECT app, -1 FROM delivery WHERE state = 1
    ) AS all_rows GROUP BY app`,
}

export function makeBounds(
  session: Session,
  most: BoundsOptions,
  shown: string,
  trouble: (text: string) => void,
): Bounds {
  let apps = new Map<string, number>()
  let all = 0
  const told = new Set<string>()

  const within = (name: string, used: number, bound: number, words: string): boolean => {
    if (used < bound * RELIEVED) told.delete(name)
    if (used < bound) return true
    if (!told.has(name)) {
      trouble(
        `store ${shown}: ${used} ${words}: what can not go out at once is answered with "wait" until there is room`,
      )
    }
    told.add(name)
    return false
  }

  return Object.freeze({
    waiting: (app: string) => apps.get(app) ?? 0,
    get isEmpty() {
      return all === 0
    },
    add(app: string, by: number) {
      apps.set(app, Math.max(0, (apps.get(app) ?? 0) + by))
      all = Math.max(0, all + by)
    },
    admission() {
      const admitted = new Map<string, number>()
      let sum = 0
      return (app: string) => {
        const ofApp = admitted.get(app) ?? 0
        const isAdmitted =
          within('', all + sum, most.maxDeliveries, 'deliveries wait, as many as store.maxDeliveries allows') &&
          within(
            app,
            (apps.get(app) ?? 0) + ofApp,
            most.maxDeliveriesPerApp,
            `deliveries of app ${app} wait, as many as store.maxDeliveriesPerApp allows`,
          )
        if (!isAdmitted) return false
        admitted.set(app, ofApp + 1)
        sum++
        return true
      }
    },
    get isNear() {
      return all > most.maxDeliveries * NEAR || [...apps.values()].some((n) => n > most.maxDeliveriesPerApp * NEAR)
    },
    async measure() {
      const rows = await session.rows<{ app: string; n: number }>(waiting)
      apps = new Map(rows.map(({ app, n }) => [app, n]))
      all = rows.reduce((sum, { n }) => sum + n, 0)
    },
  })
}

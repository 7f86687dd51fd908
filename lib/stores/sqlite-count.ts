/**
 * How many registrations there are, counted a stretch at a time. SQLite counts by app by sorting all it counts, in memory: of a million
 * registrations 63 MiB and a third of a second, in which no push gets by. Knows the table, and what a stretch is asked by.
 */
import { type Database } from './sqlite-database'
import { type Answers, type Device, type Questions } from './sqlite-protocol'
import { type AskRecords } from './sqlite-records'

/** Rows of one stretch: some 10 ms. */
const STRETCH = 20_000

const columns = 'service, owner, dialect, app, device'
/** In the order of the index that has all that is asked for. */
const from = `FROM registration INDEXED BY registration_device WHERE (${columns}) > (?, ?, ?, ?, ?) ORDER BY ${columns}`

interface DeviceRow {
  readonly service: string
  readonly owner: string
  readonly dialect: string
  readonly app: string
  readonly device: string
}

/** Reading: usable on a database that is open for reading only. `stretch`: rows counted at once. */
export function makeCount(database: Database, stretch = STRETCH): Answers<'count'> {
  const count = database.prepare(`SELECT app, count(*) AS n FROM (SELECT app ${from} LIMIT ${stretch}) GROUP BY app`)
  const last = database.prepare(`SELECT ${columns} ${from} LIMIT 1 OFFSET ${stretch - 1}`)
  return {
    count(after) {
      const row = last.rows<DeviceRow>([...after])[0]
      return {
        counts: count.rows<{ app: string; n: number }>([...after]).map(({ app, n }) => [app, n] as const),
        next: row === undefined ? undefined : [row.service, row.owner, row.dialect, row.app, row.device],
      }
    },
  }
}

/** By app. What is registered or ends meanwhile may or may not be counted. */
export async function countAll(ask: AskRecords): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  for (let after: Device | undefined = ['', '', '', '', '']; after !== undefined;) {
    const answer: Questions['count']['answer'] = await ask('count', after)
    for (const [app, n] of answer.counts) counts.set(app, (counts.get(app) ?? 0) + n)
    after = answer.next
  }
  return counts
}

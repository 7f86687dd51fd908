import { countAll, makeCount } from '../../lib/stores/sqlite-count'
import { openDatabase, type Database } from '../../lib/stores/sqlite-database'
import { type Answers, type Device } from '../../lib/stores/sqlite-protocol'
import { type AskRecords } from '../../lib/stores/sqlite-records'
import { migrate } from '../../lib/stores/sqlite-schema'

const apps = ['org.example.ios', 'org.example.android', 'org.example.web']

/** So many registrations, each of an owner and a device of its own but for every fifth, whose owner has two. */
function registered(rows: number): Database {
  const database = openDatabase(':memory:')
  migrate(database)
  const insert = database.prepare(
    `INSERT INTO registration (id, service, node, owner, dialect, device, app, hints, registered_at, seen_at)
     VALUES (?, ?, ?, ?, 'tigase', ?, ?, '{}', 1, 1)`,
  )
  for (let row = 0; row < rows; row++) {
    const owner = `owner${row % 5 === 0 ? row + 1 : row}@example.com`
    const service = row % 7 === 0 ? 'push.example.org' : 'push.example.com'
    insert.run([`id${row}`, service, `node${row}`, owner, `device${row}`, apps[row % 11 === 0 ? 0 : row % 3] ?? ''])
  }
  return database
}

/** As the store asks, with every stretch that was asked for. */
function asking({ count }: Answers<'count'>) {
  const asked: Device[] = []
  const ask = (_what: string, after: unknown): Promise<unknown> => {
    asked.push(after as Device)
    return Promise.resolve(count(after as Device))
  }
  return { asked, ask: ask as AskRecords }
}

const whole = (database: Database): Map<string, number> =>
  new Map(
    database
      .prepare('SELECT app, count(*) AS n FROM registration GROUP BY app')
      .rows<{ app: string; n: number }>([])
      .map(({ app, n }) => [app, n]),
  )

describe('stores/sqlite-count', () => {
  it.each([1, 10, 99, 100, 101])('counts every registration once, whatever %i rows a stretch has', async (stretch) => {
    const database = registered(100)
    const { ask, asked } = asking(makeCount(database, stretch))
    const counts = await countAll(ask)
    expect(counts).toEqual(whole(database))
    expect([...counts.values()].reduce((sum, n) => sum + n, 0)).toBe(100)
    expect(asked).toHaveLength(Math.floor(100 / stretch) + 1)
  })

  it('counts none where there are none', async () => {
    expect(await countAll(asking(makeCount(registered(0))).ask)).toEqual(new Map())
  })

  it('sorts no more than a stretch at once, and reads nothing but one index', () => {
    const database = registered(0)
    const asked: string[] = []
    makeCount({ ...database, prepare: (sql) => (asked.push(sql), database.prepare(sql)) })
    const plans = asked.map((sql) =>
      database
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .rows<{ detail: string }>(['', '', '', '', ''])
        .map(({ detail }) => detail),
    )
    const reading =
      'SEARCH registration USING COVERING INDEX registration_device ((service,owner,dialect,app,device)>(?,?,?,?,?))'
    expect(plans).toEqual([
      [expect.stringContaining('subquery'), reading, expect.stringContaining('SCAN'), 'USE TEMP B-TREE FOR GROUP BY'],
      [reading],
    ])
  })
})

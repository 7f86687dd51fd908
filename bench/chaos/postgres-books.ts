/** The books of a PostgreSQL store as an administrator of the database reads them: by SQL of its own, in one snapshot each. */
import { closes, ends, type Account } from '../../lib/model/accounting'
import { type Trace } from '../../lib/model/trace'
import { readLine } from '../../lib/stores/trace-lines'
import { type RealPostgres } from '../../spec/support/postgres'
import { type Device } from './devices'
import { type Leftover, away } from './leftover'
import { endpointOf } from './sqlite-ground'
import { DOMAIN } from './world'

/** A delivery that is out, and whose it is. */
export interface Out {
  readonly id: string
  readonly instance: number
}

/** Everything at one moment. */
export interface Sight {
  readonly accounts: ReadonlyMap<string, Account>
  readonly closes: boolean
  readonly left: number
  readonly out: readonly Out[]
  /** The beat of each instance. */
  readonly beats: ReadonlyMap<number, number>
}

type Counts = Omit<Account, 'inFlight' | 'waiting'> & { readonly app: string }

interface Seen {
  readonly accounts: readonly Counts[] | null
  readonly rows:
    readonly { readonly id: string; readonly app: string; readonly state: number; readonly instance: number }[] | null
  readonly instances: readonly { readonly id: number; readonly beat: number }[] | null
}

const columns = ['accepted', 'resent', ...ends]

type LeftRow = Readonly<
  Record<'due' | 'accepted' | 'expires' | 'now', number> & Record<'id' | 'row' | 'instances', string>
>

/** One statement is one snapshot. */
const sight = `
  SELECT (SELECT json_agg(a) FROM (
      SELECT app, ${columns.map((column) => `sum(${column})::bigint AS ${column}`).join(', ')} FROM xmpp_push.account GROUP BY app
    ) a) AS accounts,
    (SELECT json_agg(d) FROM (SELECT id, app, state, instance FROM xmpp_push.delivery) d) AS rows,
    (SELECT json_agg(i) FROM (SELECT id, beat FROM xmpp_push.instance) i) AS instances`

export interface PostgresBooks {
  /** Rejects where the database can't be read. */
  see(): Promise<Sight>
  remembered(devices: readonly Device[]): Promise<ReadonlyMap<Device, readonly string[]>>
  stories(): Promise<readonly Trace[]>
  /** What has not ended, with all that its row says. */
  leftovers(): Promise<readonly Leftover[]>
}

export function makePostgresBooks(server: Pick<RealPostgres, 'sql'>, database: string): PostgresBooks {
  return Object.freeze({
    async see() {
      const [row] = (await server.sql(sight, database)) as unknown as readonly Seen[]
      const rows = row?.rows ?? []
      const count = (app: string, state: number): number =>
        rows.filter((each) => each.app === app && each.state === state).length
      const accounts = new Map(
        (row?.accounts ?? []).map(({ app, ...counts }): readonly [string, Account] => {
          return [app, { ...counts, inFlight: count(app, 1), waiting: count(app, 0) }]
        }),
      )
      return {
        accounts,
        closes: rows.every(({ app }) => accounts.has(app)) && [...accounts.values()].every(closes),
        left: rows.length,
        out: rows.filter(({ state }) => state === 1),
        beats: new Map((row?.instances ?? []).map(({ id, beat }) => [id, beat])),
      }
    },
    async remembered(devices: readonly Device[]) {
      const rows = (await server.sql(
        `SELECT owner, app, address, call_address FROM xmpp_push.registration WHERE service = '${DOMAIN}'`,
        database,
      )) as unknown as readonly { owner: string; app: string; address: string | null; call_address: string | null }[]
      const its = new Map<string, string[]>()
      for (const { owner, app, address, call_address: callAddress } of rows) {
        const texts = [address ?? '', callAddress ?? ''].map(endpointOf)
        its.set(`${owner} ${app}`, [...(its.get(`${owner} ${app}`) ?? []), ...texts])
      }
      return new Map(devices.map((device) => [device, its.get(`${device.owner} ${device.app}`) ?? []]))
    },
    async leftovers() {
      const rows = (await server.sql(
        `SELECT d.id, (to_jsonb(d) - 'sealed')::text AS row, d.due_at AS due, d.accepted_at AS accepted, d.expires_at AS expires,
          (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now,
          (SELECT json_agg(i) FROM xmpp_push.instance i)::text AS instances
        FROM xmpp_push.delivery d ORDER BY d.due_at LIMIT 50`,
        database,
      )) as unknown as readonly LeftRow[]
      return rows.map(({ id, row, due, accepted, expires, now, instances }) => {
        const at = (moment: number): string => away(Number(moment), Number(now))
        const words = `due ${at(due)}, accepted ${at(accepted)}, expires ${at(expires)}`
        return { id, words: `${words}\n      ${row}\n      instances ${instances}` }
      })
    },
    async stories() {
      const rows = (await server.sql(
        'SELECT lines FROM xmpp_push.trace ORDER BY seq',
        database,
      )) as unknown as readonly {
        readonly lines: string
      }[]
      return rows.flatMap(({ lines }) => lines.split('\n').filter((line) => line !== '')).map(readLine)
    },
  })
}

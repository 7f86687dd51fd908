/** What statements read where the planner took the outbox for empty, as it is whenever nobody pushes, and a backlog comes. */
import { type Delivery } from '../../lib/model/notification'
import { type Claimed, type Settlement } from '../../lib/outbox/outbox'
import { delivery, ended } from '../contracts/outbox-scene'
import { realDescribe } from '../support/available'
import { handClock } from '../support/hand-clock'
import { startPostgres } from '../support/postgres'
import { openPostgres } from '../support/postgres-store'
import { serverForAll } from '../support/real-server'

const APP = 'org.example.app'
const [FEW, BACKLOG, ROUNDS] = [20, 2_000, 50]
/** Rows of an index that one push may cost from put to settled. */
const STEPS = 20

realDescribe('postgres', 'lib/stores/postgres-steps', () => {
  // What the planner believes is what this says, whenever it runs.
  const server = serverForAll(() => startPostgres({ settings: { autovacuum: 'off' } }))

  it('a push costs a few steps in an index, whatever the planner believes of the outbox, and however much waits', async () => {
    const clock = handClock()
    const url = await server().database()
    const name = new URL(url).pathname.slice(1)
    const trouble = (text: string): void => {
      throw new Error(text)
    }
    const store = await openPostgres(server(), url, { clock, trouble }, { maxDeliveries: 10 * BACKLOG })
    const room = new Map([[APP, 2]])
    let made = 0
    const pushes = (count: number): readonly Delivery[] =>
      Array.from({ length: count }, () => {
        const target = { to: 'registration', registration: `phone ${++made}` } as const
        return delivery(APP, clock.now(), { target, collapseKey: 'wake' })
      })
    const again = ({ delivery: { id }, attempts }: Claimed): Settlement => ({
      ...{ id, app: APP, resent: false, dueAt: clock.now() + 1, attempts: attempts + 1, ambiguous: false },
      outcome: { is: 'down', why: 'away', ambiguous: false },
    })
    /** Two come, two go: the second is to be tried again where that is said. */
    const round = async (second: (claimed: Claimed) => Settlement): Promise<void> => {
      await store.outbox.put(pushes(2))
      const claimed = await store.outbox.claim(room)
      expect(claimed).toHaveLength(2)
      await store.outbox.settle(claimed.map((each, at) => (at === 0 ? ended(each) : second(each))))
    }

    for (let nth = 0; nth < FEW; nth++) await round(ended)
    await server().sql('VACUUM ANALYZE xmpp_push.delivery', name)
    for (let nth = 0; nth < FEW; nth++) await round(ended)
    for (let put = 0; put < BACKLOG; put += 500) await store.outbox.put(pushes(500))
    for (let nth = 0; nth < ROUNDS; nth++) await round(again)
    // A connection tells what it read when it ends, at the latest.
    await store.close()

    const [read] = await server().sql(
      "SELECT sum(idx_tup_read)::int AS rows FROM pg_stat_user_indexes WHERE relname = 'delivery'",
      name,
    )
    expect(read?.['rows']).toBeGreaterThan(made)
    expect(read?.['rows']).toBeLessThan(STEPS * made)
  }, 60_000)
})

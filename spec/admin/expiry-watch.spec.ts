/** Credentials that expire: who is told, when, and never twice. */
import { makeExpiryWatch, type Expiring, type ExpiryWatch } from '../../lib/admin/expiry-watch'
import { type Event } from '../../lib/observe'
import { memoryKeep, type MemoryKeep } from '../support/apns-app'
import { handClock, settle, type HandClock } from '../support/hand-clock'

const HOUR = 3600_000
const DAY = 24 * HOUR
const WHAT = 'certificate (file /etc/push/push.p12)'

let clock: HandClock
let keep: MemoryKeep
let watch: ExpiryWatch
let expiring: Expiring[]
let sent: { readonly to: string; readonly text: string }[]
let events: Event[]
let isAttached: boolean
let administrators: string[]

function certificate(days: number, more: Partial<Expiring> = {}): Expiring {
  return { app: 'org.example.ios', what: WHAT, of: 'credential', at: clock.now() + days * DAY, mend: 'Renew', ...more }
}

function start(): void {
  watch = makeExpiryWatch({
    expiring: () => expiring,
    administrators: () => administrators,
    tell: async (to, text) => {
      if (isAttached) sent.push({ to, text })
      return isAttached
    },
    keep,
    clock,
    observe: (event) => void events.push(event),
  })
}

/** So much time passes, told hour by hour. */
async function pass(ms: number): Promise<void> {
  await clock.advance(ms)
  await settle()
}

beforeEach(() => {
  clock = handClock()
  keep = memoryKeep()
  ;[sent, events, isAttached, administrators] = [[], [], true, ['admin@example.com']]
  start()
})

afterEach(() => watch.stop())

describe('lib/admin/expiry-watch', () => {
  it('tells an administrator 30, 14, 7 and 1 days before and once it has happened, each once', async () => {
    const end = clock.now() + 40 * DAY
    expiring = [certificate(40)]
    await watch.look()
    const days: number[] = []
    for (let hour = 0; hour < 45 * 24; hour++) {
      const before = sent.length
      await pass(HOUR)
      if (sent.length > before) days.push(Math.ceil((end - clock.now()) / DAY))
    }
    expect(days).toEqual([30, 14, 7, 1, 0])
    expect(new Set(sent.map(({ to }) => to))).toEqual(new Set(['admin@example.com']))
  })

  it('says which app, which credential and file, when, what then, and what to do', async () => {
    expiring = [certificate(13)]
    await watch.look()
    expect(sent[0]?.text).toBe(
      'The certificate (file /etc/push/push.p12) of app org.example.ios expires in 13 days, on 2026-01-14 00:00 UTC. ' +
        'From then on nothing can be sent, and pushes wait as long as they live. Renew.',
    )
    await pass(13 * DAY)
    expect(sent.at(-1)?.text).toMatch(/expired on 2026-01-14 00:00 UTC: nothing can be sent, .* Renew\.$/)
  })

  it('says nothing of what expires in 31 days, nor of what has no date', async () => {
    expiring = []
    await watch.look()
    expiring = [certificate(31)]
    await pass(2 * HOUR)
    expect([sent, events]).toEqual([[], []])
  })

  it('begins with the step that is due, and skips those before', async () => {
    expiring = [certificate(5)]
    await watch.look()
    await pass(3 * DAY)
    expect(sent).toHaveLength(1)
  })

  it('tells nothing again after a restart, and the next step in its time', async () => {
    expiring = [certificate(10)]
    await watch.look()
    watch.stop()
    start()
    await watch.look()
    expect(sent).toHaveLength(1)
    await pass(4 * DAY)
    expect(sent).toHaveLength(2)
  })

  it('starts anew with a new credential', async () => {
    expiring = [certificate(10)]
    await watch.look()
    expiring = [certificate(12)]
    await watch.look()
    expect(sent).toHaveLength(2)
  })

  it('tells nobody before a component is attached, and everybody then', async () => {
    isAttached = false
    expiring = [certificate(10)]
    await watch.look()
    await pass(5 * HOUR)
    expect(sent).toEqual([])
    isAttached = true
    await watch.look()
    expect(sent).toHaveLength(1)
  })

  it('tells each administrator, one that is new too', async () => {
    expiring = [certificate(10)]
    await watch.look()
    administrators.push('second@example.com')
    await watch.look()
    expect(sent.map(({ to }) => to)).toEqual(['admin@example.com', 'second@example.com'])
  })

  it('tells once of what several apps share', async () => {
    expiring = [certificate(10), certificate(10, { app: 'org.example.mac' })]
    await watch.look()
    expect(sent).toHaveLength(1)
    expect(sent[0]?.text).toContain('of apps org.example.ios, org.example.mac expires')
  })

  it('tells the log of each step once, though there is no administrator, and of the end as trouble', async () => {
    administrators = []
    expiring = [certificate(8)]
    await watch.look()
    await pass(9 * DAY)
    expect(events.map(({ at }) => at)).toEqual(['notice', 'notice', 'notice', 'trouble'])
  })

  it('repeats no message where the store can’t keep what was told', async () => {
    expiring = [certificate(10)]
    keep.put = () => Promise.reject(new Error('the disk is full'))
    await watch.look()
    await pass(3 * HOUR)
    expect(sent).toHaveLength(1)
    expect(events).toContainEqual({
      at: 'trouble',
      about: 'expiry',
      text: "what was told of credentials that expire can't be kept: the disk is full",
    })
  })

  it('is silent once stopped', async () => {
    expiring = [certificate(31)]
    await watch.look()
    watch.stop()
    await pass(40 * DAY)
    expect([sent, events]).toEqual([[], []])
  })
})

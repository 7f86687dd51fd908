/**
 * A process of its own for the specs of the embedded store: `hold FILE` opens it and stays; `work FILE` puts and settles
 * until it is killed; `flood FILE` puts until the disk takes no more, and on when it does again. It prints one JSON object a line, each only when what it tells is durable.
 */
import { writeSync } from 'node:fs'
import { systemClock } from '../../lib/clock'
import { type Delivery } from '../../lib/model/notification'
import { sqlite } from '../../lib/stores/sqlite'
import { type Store } from '../../lib/stores/store'

const [, , what, file = ''] = process.argv
/** At once and whole: what was said before a SIGKILL was said. */
const say = (line: Readonly<Record<string, unknown>>): void => {
  writeSync(1, `${JSON.stringify(line)}\n`)
}

const ROUNDS = 100_000
const APP = 'app'

let made = 0
function newDelivery(): Delivery {
  const id = `${process.pid.toString(16).padStart(8, '0')}-0000-4000-8000-${(++made).toString(16).padStart(12, '0')}`
  return {
    id,
    app: APP,
    target: { to: 'registration', registration: id },
    notification: { class: 'message', urgency: 'high', expiresAt: Date.now() + 3600_000, content: { body: id } },
    acceptedAt: Date.now(),
  }
}

async function put(store: Store): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const deliveries = Array.from({ length: 1 + (round % 7) }, newDelivery)
    await store.outbox.put(deliveries)
    say({ event: 'put', ids: deliveries.map(({ id }) => id) })
  }
}

async function send(store: Store): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const claimed = await store.outbox.claim(new Map([[APP, 5]]))
    const ids = claimed.map(({ delivery: { id } }) => id)
    say({ event: 'out', ids })
    await store.outbox.settle(ids.map((id) => ({ id, app: APP, end: 'delivered', resent: false })))
    say({ event: 'settled', ids })
  }
}

const BIG = 'x'.repeat(4000)
const PAUSE_MS = 20
/** So often is a put tried before `still` is told: the store itself tries once a second. */
const STILL = 80

async function flood(store: Store): Promise<void> {
  const first = newDelivery()
  await store.outbox.put([first])
  await store.outbox.claim(new Map([[APP, 1]]))
  let settled: Promise<void> | undefined
  let rejections = 0
  for (let round = 0; round < ROUNDS; round++) {
    const { notification, ...rest } = newDelivery()
    const find = store.registry.find([{ service: 'push.example.com', node: 'none' }])
    try {
      await store.outbox.put([{ ...rest, notification: { ...notification, content: { body: BIG } } }])
    } catch (error) {
      // The read that came with it is answered all the same.
      await find
      if (settled !== undefined) {
        if (++rejections === STILL) say({ event: 'still' })
        await new Promise((done) => setTimeout(done, PAUSE_MS))
        continue
      }
      say({ event: 'rejected', why: String(error) })
      settled = store.outbox.settle([{ id: first.id, app: APP, end: 'delivered', resent: false }])
      void settled.then(() => say({ event: 'settled', ids: [first.id] }))
      continue
    }
    say({ event: 'put', ids: [rest.id] })
    if (settled === undefined) continue
    await settled
    return say({ event: 'recovered' })
  }
}

async function main(): Promise<void> {
  const trouble = (text: string) => say({ event: 'trouble', text })
  const notice = (text: string) => say({ event: 'notice', text })
  const store = await sqlite.open({ file, maxDeliveries: 1_000_000 }, { clock: systemClock, trouble, notice })
  say({ event: 'open', pid: process.pid })
  if (what === 'work') await Promise.all([put(store), send(store)])
  if (what === 'flood') await flood(store)
}

void main()

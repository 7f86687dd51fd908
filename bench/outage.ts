/**
 * What an outage costs: so many seconds in which nothing can be sent, at 1,000 publishes a second, into the embedded store;
 * then all of it is worked off. The seconds are counted, not waited for. `npx tsx bench/outage.ts [seconds] [folder]`
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, type Clock } from '../lib/clock'
import { lifeOf, type Delivery } from '../lib/model/notification'
import { sqlite } from '../lib/stores/sqlite'

const [seconds = 600, folder = tmpdir()] = [Number(process.argv[2] ?? 600), process.argv[3]]
const RATE = 1_000
const DOMAINS = 50
const APP = 'org.example.ios'
const ROOM = 500

const MIB = 1024 * 1024
const write = (text: string): void => void process.stdout.write(`${text}\n`)
const line = (name: string, value: string): void => write(`${name.padEnd(44)}${value}`)
const memory = (): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) / 1024

let made = 0
/** Of ten, one is a call, four are contents and five are wake-ups of few devices. */
function publish(now: number): Delivery {
  const number = ++made
  const kind = number % 10
  const isCall = kind === 0
  return {
    id: `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`,
    app: APP,
    target: { to: 'registration', registration: `registration-${kind > 4 ? number % 100_000 : number}` },
    notification: {
      class: isCall ? 'call' : 'message',
      urgency: 'high',
      expiresAt: now + lifeOf[isCall ? 'call' : 'message'],
      content: kind > 4 ? {} : { encrypted: { iv: 'AAAAAAAAAAAAAAAA', data: 'x'.repeat(400) } },
      ...(kind > 4 ? { collapseKey: 'wake-up' } : {}),
    },
    acceptedAt: now,
    publisher: `server-${number % DOMAINS}.example`,
  }
}

async function main(): Promise<void> {
  const place = mkdtempSync(join(folder, 'xmpp-push-outage-'))
  const file = join(place, 'outage.db')
  const begun = Date.now()
  let passed = 0
  const clock: Clock = { ...systemClock, now: () => begun + passed }
  const told: string[] = []
  const store = await sqlite.open({ file, maxDeliveries: 1_000_000 }, { clock, trouble: (text) => told.push(text) })
  const before = memory()
  let [peak, full] = [before, 0]
  const since = performance.now()
  for (let second = 0; second < seconds; second++) {
    passed += 1_000
    const answers = await store.outbox.put(Array.from({ length: RATE }, () => publish(clock.now())))
    full += answers.filter((answer) => answer === 'full').length
    peak = Math.max(peak, memory())
  }
  const took = (performance.now() - since) / 1000
  const account = (await store.accounts()).get(APP)
  line('published', `${seconds * RATE} in ${seconds} s of outage, written in ${took.toFixed(0)} s`)
  line('answered «wait»', String(full))
  for (const text of told) line('told', text.replace(place, ''))
  line('wait, expired, coalesced', `${account?.waiting}, ${account?.expired}, ${account?.coalesced}`)
  line('memory before, at its peak', `${before.toFixed(0)} MiB, ${peak.toFixed(0)} MiB`)
  line('database', `${(statSync(file).size / MIB).toFixed(0)} MiB`)

  const again = performance.now()
  let late = 0
  for (let left = account?.waiting ?? 0; left > 0;) {
    const claimed = await store.outbox.claim(new Map([[APP, ROOM]]))
    late += claimed.filter(({ delivery }) => delivery.notification.expiresAt <= clock.now()).length
    await store.outbox.settle(
      claimed.map(({ delivery: { id, app } }) => ({ id, app, end: 'delivered', resent: false }) as const),
    )
    left -= claimed.length
    peak = Math.max(peak, memory())
  }
  line('worked off', `in ${((performance.now() - again) / 1000).toFixed(0)} s, ${late} after their expiry`)
  line('memory at its peak', `${peak.toFixed(0)} MiB`)
  await store.close()
  rmSync(place, { recursive: true, force: true })
}

void main()

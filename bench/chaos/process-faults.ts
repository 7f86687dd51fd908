/** What befalls the process, its disk and its clock. One at a time, for each of them may end a life. */
import { writeFileSync } from 'node:fs'
import { type Chance } from '../kill/chance'
import { type Life } from '../kill/lives'
import { type Disk } from './disk'

export interface Host {
  readonly disk: Disk
  /** Sets the service's wall clock wrong by so many milliseconds; 0: right again. */
  readonly setClock: (wrong: number) => void
  readonly life: () => Life
  /** Ends this life and begins the next one; notes what it left behind. */
  readonly restart: (how: 'SIGKILL' | 'SIGTERM') => Promise<void>
  readonly sleep: (ms: number) => Promise<void>
  /** Publishes some calls at once; resolves as soon as one is at APNs, whose answer is on its way then, or after two seconds. */
  readonly ring: () => Promise<void>
}

export interface ProcessFault {
  readonly name: string
  run(host: Host, chance: Chance): Promise<void>
}

const MINUTE = 60_000

/** The clock is wrong for some seconds; the service may be killed meanwhile, and the next life finds it right. */
const wrongClock = (name: string, from: number, to: number): ProcessFault => ({
  name,

  async run(host, chance) {
    host.setClock(chance.between(from, to))
    await host.sleep(chance.between(1_000, 4_000))
    const isKilled = chance.unit() < 0.2
    host.setClock(0)
    if (isKilled) await host.restart('SIGKILL')
  },
})

export const processFaults: readonly ProcessFault[] = [
  { name: 'SIGKILL', run: ({ restart }) => restart('SIGKILL') },
  {
    name: 'SIGKILL while calls are out',

    async run({ ring, restart }) {
      await ring()
      await restart('SIGKILL')
    },
  },
  { name: 'SIGTERM', run: ({ restart }) => restart('SIGTERM') },
  {
    name: 'SIGSTOP for a while',

    async run({ life, sleep }, chance) {
      life().signal('SIGSTOP')
      await sleep(chance.between(500, 4_000))
      life().signal('SIGCONT')
    },
  },
  {
    name: 'SIGHUP',

    async run({ life }) {
      life().signal('SIGHUP')
    },
  },
  {
    name: 'disk full',

    async run({ disk, sleep, restart }, chance) {
      const end = disk.fill()
      await sleep(chance.between(500, 3_000))
      const isKilled = chance.unit() < 0.2
      end()
      if (isKilled) await restart('SIGKILL')
    },
  },
  {
    name: 'disk hangs',

    async run({ disk, sleep }, chance) {
      const end = disk.freeze()
      await sleep(chance.between(1_000, 5_000))
      end()
    },
  },
  // Not as far as Apple's hour: a token that is older by the clock, and that Apple refuses, is signed anew.
  wrongClock('clock ahead', 10 * MINUTE, 50 * MINUTE),
  wrongClock('clock hours behind', -180 * MINUTE, -60 * MINUTE),
]

/** Where the wrong clock of `wall-clock.cjs` is written down. */
export function clockFile(file: string): (wrong: number) => void {
  const set = (wrong: number): void => writeFileSync(file, String(Math.round(wrong)))
  set(0)
  return set
}

/**
 * What the traffic itself says is wrong, although nothing failed: domains that never publish, apps of which no token is taken. Each is told
 * once in the log, and as long as it is so wherever somebody asks. Bounded in memory and in what it reads.
 */
import { type Clock } from '../clock'
import { type Event, type Observe } from '../observe'
import { type Records } from '../stores/store'
import { type Noticed } from './questions'
import { silentAmong, silentText, walkOn, type Silent, type Walk } from './silent-domains'

export interface Noticing {
  /** Is told every event, and costs next to nothing. */
  readonly see: (event: Event) => void
  /** Begins to read the registrations: soon, and then once an hour. */
  readonly start: (records: Pick<Records, 'devices'>) => void
  readonly noticed: () => readonly Noticed[]
  readonly stop: () => void
}

const [FIRST, EVERY] = [60_000, 3600_000]
const MOST_PUBLISHERS = 10_000
/** Devices that were doubted since the last push that was taken: from so many on it is the app, where it has been taken before. */
const MANY = 5

interface Doubted {
  readonly devices: Set<string>
  why: string
}

export function makeNoticing(clock: Clock, observe: Observe): Noticing {
  const publishers = new Set<string>()
  const taken = new Set<string>()
  const doubted = new Map<string, Doubted>()
  const told = new Set<string>()
  let silent: readonly Silent[] = []
  let walk: Walk | undefined
  let cancel: (() => void) | undefined
  let isStopped = false

  function doubt(app: string, device: string, why: string): void {
    const known = doubted.get(app) ?? { devices: new Set<string>(), why }
    known.why = why
    if (known.devices.size < MANY) known.devices.add(device)
    doubted.set(app, known)
  }

  function see(event: Event): void {
    if (event.at === 'answered') {
      if (event.answer === 'result' && publishers.size < MOST_PUBLISHERS) publishers.add(event.publisher)
    } else if (event.at === 'settled' && event.outcome !== undefined) {
      const { app, outcome, registration } = event
      if (outcome.is === 'delivered') {
        taken.add(app)
        doubted.delete(app)
      } else if (outcome.is === 'suspect' && registration !== undefined) {
        doubt(app, registration, outcome.why)
        tell()
      }
    }
  }

  function untaken(): readonly Noticed[] {
    return [...doubted].flatMap(([app, { devices, why }]): Noticed[] => {
      if (devices.size < MANY && taken.has(app)) return []
      const whose = devices.size === 1 ? 'a device' : `${devices.size}${devices.size < MANY ? '' : ' or more'} devices`
      const since = taken.has(app) ? 'in a row' : 'and no push of this app was taken since the start'
      return [
        {
          about: `app ${app}`,
          text: `its push service refused the tokens of ${whose}, ${since}: ${why.replace(/\.$/, '')}`,
          mend: `Check that topic (the app's bundle id) or project, and environment (production, or sandbox for builds from Xcode), are those the app on the device was built with; nothing is forgotten meanwhile`,
        },
      ]
    })
  }

  const noticed = (): readonly Noticed[] => [
    ...silentText(silent.filter(({ domain }) => !publishers.has(domain))),
    ...untaken(),
  ]

  /** Once each. */
  function tell(): void {
    for (const { about, text, mend } of noticed()) {
      if (told.has(about)) continue
      told.add(about)
      observe({ at: 'notice', about, text: `${text}. ${mend}` })
    }
  }

  async function look(records: Pick<Records, 'devices'>): Promise<void> {
    try {
      walk = await walkOn(records, walk)
      if (isStopped) return
      // Of a large store it is judged once all of it was read.
      if (walk.after === undefined) {
        silent = silentAmong(walk.signs, clock.now())
        walk = undefined
      }
      tell()
    } catch {
      // Who broke the store tells of it.
    }
    if (!isStopped) cancel = clock.after(EVERY, () => void look(records))
  }

  return Object.freeze({
    see,
    start(records: Pick<Records, 'devices'>) {
      cancel = clock.after(FIRST, () => void look(records))
    },
    noticed,
    stop() {
      isStopped = true
      cancel?.()
    },
  })
}

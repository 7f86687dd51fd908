/**
 * Tells that credentials expire: in the log, and by a message to every administrator 30, 14, 7 and 1 days before and once it has happened. Knows
 * no stanza and no kind of credential.
 */
import { type Clock } from '../clock'
import { type Observe } from '../observe'
import { type Expiry, type Keep } from '../providers/provider'
import { expiryText } from './expiry-words'

/** Something with a date, and whose it is. */
export interface Expiring extends Expiry {
  readonly app: string
}

export interface ExpiryWatchOptions {
  readonly expiring: () => readonly Expiring[]
  /** Bare JIDs. */
  readonly administrators: () => readonly string[]
  /** Sends one message; false where that can't be done now. Never rejects. */
  readonly tell: (to: string, text: string) => Promise<boolean>
  readonly keep: Keep
  readonly clock: Clock
  readonly observe: Observe
}

export interface ExpiryWatch {
  /** Looks now and, from the first time on, every hour. Resolves when all is told that can be told now; never rejects. */
  look(): Promise<void>
  stop(): void
}

/** What has been told of one credential. */
interface Told {
  readonly what: string
  readonly at: number
  /** The step that each administrator was told last, in days before the end. */
  readonly steps: Readonly<Record<string, number>>
}

const HOUR = 3600_000
const DAY = 24 * HOUR
/** Days before the end, the last step first. */
const STEPS = [0, 1, 7, 14, 30]
const NAME = 'expiries told'
/** So long after its end what was told of a credential is no longer kept. */
const KEPT = 400 * DAY

const keyOf = ({ what, at }: { readonly what: string; readonly at: number }): string => `${at} ${what}`

/** What several apps share is told once. */
function grouped(all: readonly Expiring[]): readonly (readonly [Expiring, ...Expiring[]])[] {
  const groups = new Map<string, [Expiring, ...Expiring[]]>()
  for (const each of all) {
    const known = groups.get(keyOf(each))
    if (known === undefined) groups.set(keyOf(each), [each])
    else known.push(each)
  }
  return [...groups.values()]
}

/** Each credential and step is told once to each administrator, over restarts too; a new credential has another date and starts anew. */
export function makeExpiryWatch(options: ExpiryWatchOptions): ExpiryWatch {
  const { expiring, administrators, tell, keep, clock, observe } = options
  /** The step that the log was told last, by credential. */
  const logged = new Map<string, number>()
  /** What is known to be told, also while the store can't be read or written. */
  let told: readonly Told[] = []
  let last: Promise<void> = Promise.resolve()
  let cancel: (() => void) | undefined
  let isStopped = false

  async function recall(): Promise<void> {
    if (told.length > 0) return
    const kept = await keep.get(NAME)
    if (kept !== undefined && kept.value !== '') told = JSON.parse(kept.value) as readonly Told[]
  }

  async function tellAll(group: readonly [Expiring, ...Expiring[]], now: number): Promise<void> {
    const [{ what, at }] = group
    const step = STEPS.find((days) => at - now <= days * DAY)
    if (step === undefined) return
    const apps = group.map(({ app }) => app)
    const text = expiryText(group[0], apps, now)
    if ((logged.get(keyOf({ what, at })) ?? Infinity) > step) {
      logged.set(keyOf({ what, at }), step)
      observe({ at: step === 0 ? 'trouble' : 'notice', about: `app ${apps.join(', ')}`, text })
    }
    for (const to of administrators()) {
      const before = told.find((each) => keyOf(each) === keyOf({ what, at }))
      if ((before?.steps[to] ?? Infinity) <= step) continue
      if (isStopped || !(await tell(to, text))) continue
      const others = told.filter((each) => each !== before && now - each.at < KEPT)
      told = [...others, { what, at, steps: { ...before?.steps, [to]: step } }]
      // Written at once, so that an end between two messages repeats none.
      await keep.put(NAME, JSON.stringify(told), now)
    }
  }

  async function round(): Promise<void> {
    const groups = grouped(expiring())
    if (isStopped || groups.length === 0) return
    try {
      await recall()
      for (const group of groups) await tellAll(group, clock.now())
    } catch (error) {
      const text = `what was told of credentials that expire can't be kept: ${error instanceof Error ? error.message : String(error)}`
      if (!isStopped) observe({ at: 'trouble', about: 'expiry', text })
    }
  }

  function look(): Promise<void> {
    cancel?.()
    cancel = isStopped ? undefined : clock.after(HOUR, () => void look())
    last = last.then(round)
    return last
  }

  return Object.freeze({
    look,
    stop() {
      isStopped = true
      cancel?.()
    },
  })
}

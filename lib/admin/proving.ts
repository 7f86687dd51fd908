/**
 * Whether push services take our credentials, asked of them without waking anyone: at the start, one after the other, and when an operator
 * asks. Delays no push, and asks nothing at a start that was proven within the hour: a service that restarts in a loop asks once.
 */
import { type Clock } from '../clock'
import { type Observe } from '../observe'
import { type Finding, type Keep } from '../providers/provider'
import { type Proven } from './questions'

/** An app as it is open now. */
export interface Provable {
  readonly app: string
  /** Equal for the same settings with the same secrets. */
  readonly fingerprint: string
  /** Absent where its push service can't be asked, or it is not open. */
  readonly prove?: () => Promise<readonly Finding[]>
  /** It could be opened. */
  readonly isOpen: boolean
}

export interface ProvingOptions {
  readonly apps: () => readonly Provable[]
  readonly keep: Keep
  readonly clock: Clock
  readonly observe: Observe
}

export interface Proving {
  /** Asks for every app now, all at once. Never rejects. */
  now(): Promise<readonly Proven[]>
  /** Begins to ask in the background. */
  start(): void
  /** Why apps are in doubt, by app. */
  doubts(): ReadonlyMap<string, string>
  stop(): void
}

/** Milliseconds before the first question, between two, and before those that failed are asked again: twice as long each time. */
const [FIRST, BETWEEN, AGAIN, LONGEST] = [2_000, 1_000, 60_000, 30 * 60_000]
const PROVEN_FOR = 3600_000
const NO_QUESTION: Finding = {
  is: 'fact',
  text: 'not proven: its push services can be asked by a real push alone',
}
const NOT_OPEN: Finding = {
  is: 'fault',
  text: 'its credentials could not be used, so nobody was asked',
  mend: 'The lines about the app tell what is wrong with them',
}

/** The keep's name for what was proven of an app. */
const nameOf = (app: string): string => `proven ${app}`

/** What is mended alike is told once: of a key that two environments refuse, the first. */
function whyOf(faults: readonly Finding[]): string {
  const mends = new Map(faults.toReversed().map((fault) => [fault.mend, fault]))
  return faults
    .filter((fault) => mends.get(fault.mend) === fault)
    .map(({ text, mend }) => (mend === undefined ? text : `${text}. ${mend}`))
    .map((text, at) => (at === 0 ? text : `${text.charAt(0).toUpperCase()}${text.slice(1)}`))
    .join('. ')
}

export function makeProving({ apps, keep, clock, observe }: ProvingOptions): Proving {
  const doubts = new Map<string, { readonly fingerprint: string; readonly why: string }>()
  const stopping = new AbortController()

  async function ask({ app, fingerprint, prove, isOpen }: Provable): Promise<Proven> {
    const findings = prove === undefined ? [isOpen ? NO_QUESTION : NOT_OPEN] : await prove()
    const faults = findings.filter(({ is }) => is === 'fault')
    // A question that our own end broke off tells nothing.
    if (prove === undefined || stopping.signal.aborted) return { app, findings }
    if (faults.length === 0) {
      doubts.delete(app)
      // Proven for this start; the next one asks again if this can't be kept.
      await keep.put(nameOf(app), fingerprint, clock.now()).catch(() => undefined)
    } else {
      const why = whyOf(faults)
      if (doubts.get(app)?.why !== why) observe({ at: 'trouble', about: `app ${app}`, text: why })
      doubts.set(app, { fingerprint, why })
    }
    return { app, findings }
  }

  async function isProven({ app, fingerprint }: Provable): Promise<boolean> {
    const kept = await keep.get(nameOf(app)).catch(() => undefined)
    return kept?.value === fingerprint && Math.abs(clock.now() - kept.at) < PROVEN_FOR
  }

  async function run(): Promise<void> {
    await clock.sleep(FIRST, stopping.signal)
    const asked = new Set<string>()
    for (let pause = AGAIN; !stopping.signal.aborted; pause = Math.min(2 * pause, LONGEST)) {
      for (const each of apps()) {
        const isDue = !asked.has(`${each.app} ${each.fingerprint}`) || doubts.has(each.app)
        asked.add(`${each.app} ${each.fingerprint}`)
        if (stopping.signal.aborted || !isDue || each.prove === undefined || (await isProven(each))) continue
        await ask(each)
        await clock.sleep(BETWEEN, stopping.signal)
      }
      await clock.sleep(pause, stopping.signal)
    }
  }

  return Object.freeze({
    now: () => Promise.all(apps().map(ask)),
    start: () => void run(),
    doubts() {
      const current = new Map(apps().map(({ app, fingerprint }) => [app, fingerprint]))
      return new Map(
        [...doubts].flatMap(([app, { fingerprint, why }]): [string, string][] =>
          current.get(app) === fingerprint ? [[app, why]] : [],
        ),
      )
    },
    stop: () => stopping.abort(),
  })
}

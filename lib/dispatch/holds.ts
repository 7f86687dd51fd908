/**
 * What is held, and why: after a fault of ours, a pause that was asked for, or a run of failures. A credential, with the way to
 * its push service, has a gate of its own, through which go all apps that share it; what concerns one app's topic shuts that app's gate alone.
 */
import { type Clock } from '../clock'
import { makeBreaker } from '../gate'
import { type Outcome } from '../model/outcome'
import { type Observe } from '../observe'
import { type Provider } from '../providers/provider'
import { type Verdict } from './verdict'

export interface Holds {
  /** How many deliveries of an app may be out, of the many that its provider could take. */
  limit(app: string, concurrency: number): number
  /** Takes one attempt's outcome into account; `credential`: of the provider that made it. */
  heed(app: string, credential: string | undefined, outcome: Outcome, verdict: Verdict): void
  /** The cause was mended: the app, and whatever shares its credential, is tried again at once. */
  release(app: string): void
  /** Why an app is held, by app. */
  reasons(): ReadonlyMap<string, string>
}

export interface HoldsOptions {
  /** The apps that can send. */
  readonly apps: () => ReadonlyMap<string, { readonly provider: Pick<Provider, 'credential'> }>
  readonly clock: Clock
  readonly observe: Observe
  /** Told when an app may send more than before. */
  readonly onRoom: () => void
}

/** Failures in a row before a gate shuts, and for how long (milliseconds): it doubles with each failed probe. */
const HOLD = { failures: 10, shortest: 1_000, longest: 5 * 60_000 }

/** The gate of an app alone, and that of its credential. */
type Gates = readonly [own: string, shared: string]

/** Whose credential has no name shares it with nobody. */
const gatesWith = (app: string, credential: string | undefined): Gates => [
  `app ${app}`,
  credential === undefined ? `credential of ${app}` : `credential ${credential}`,
]

export function makeHolds({ apps, clock, observe, onRoom }: HoldsOptions): Holds {
  const reasons = new Map<string, string>()
  const breaker = makeBreaker({
    ...HOLD,
    clock,
    onOpen: (gate) => {
      if (breaker.state(gate) === 'open' && reasons.delete(gate)) {
        for (const app of behind(gate)) observe({ at: 'released', app })
      }
      onRoom()
    },
  })

  /** By app, as they were named last: they are asked for with every push. */
  const named = new Map<string, { readonly credential: string | undefined; readonly gates: Gates }>()

  function gatesBy(app: string, credential: string | undefined): Gates {
    const known = named.get(app)
    if (known !== undefined && known.credential === credential) return known.gates
    const gates = gatesWith(app, credential)
    named.set(app, { credential, gates })
    return gates
  }

  function gatesOf(app: string): Gates {
    return gatesBy(app, apps().get(app)?.provider.credential)
  }

  function behind(gate: string): readonly string[] {
    return [...apps().keys()].filter((app) => gatesOf(app).includes(gate))
  }

  function hold(gate: string, nextIn: number, why: string, mend?: string): void {
    if (nextIn === 0) return
    reasons.set(gate, why)
    for (const app of behind(gate)) observe({ at: 'held', app, why, nextIn, ...(mend === undefined ? {} : { mend }) })
  }

  function dropUnused(): void {
    const used = new Set([...apps().keys()].flatMap(gatesOf))
    for (const gate of reasons.keys()) {
      if (used.has(gate)) continue
      reasons.delete(gate)
      breaker.reset(gate)
    }
  }

  return Object.freeze({
    limit(app: string, concurrency: number) {
      const states = gatesOf(app).map((gate) => breaker.state(gate))
      return states.includes('shut') ? 0 : states.includes('probe') ? 1 : concurrency
    },
    heed(app: string, credential: string | undefined, outcome: Outcome, verdict: Verdict) {
      const [own, shared] = gatesBy(app, credential)
      const isCredentials = (outcome.is === 'misconfigured' || outcome.is === 'busy') && outcome.whom === 'credential'
      if (verdict.hold !== undefined) {
        const { why, mend, notBefore } = verdict.hold
        if (!isCredentials) breaker.succeeded(shared)
        const gate = isCredentials ? shared : own
        hold(gate, breaker.shut(gate, notBefore === undefined ? 0 : notBefore - clock.now()), why, mend)
      } else if (outcome.is === 'down') {
        // One device's push service, which may be a stranger's, must not stop the app; nor does it prove that the app works.
        if (outcome.whom === undefined) hold(shared, breaker.failed(shared), outcome.why)
      } else {
        breaker.succeeded(own)
        breaker.succeeded(shared)
      }
    },
    release(app: string) {
      dropUnused()
      for (const gate of gatesOf(app)) breaker.reset(gate)
    },
    reasons() {
      const found = [...apps().keys()].flatMap((app): [string, string][] => {
        const [why] = gatesOf(app).flatMap((gate) => reasons.get(gate) ?? [])
        return why === undefined ? [] : [[app, why]]
      })
      return new Map(found)
    },
  })
}

/** Circuit breakers by key, on a clock that is handed in. Knows nothing of what it gates. */
import { type Clock } from './clock'

export interface BreakerOptions {
  /** Failures in a row after which the gate shuts. */
  readonly failures: number
  /** First and longest time it stays shut, in milliseconds; it doubles with each failed probe. */
  readonly shortest: number
  readonly longest: number
  readonly clock: Clock
  /** Told when the gate may let something through again. */
  readonly onOpen: (key: string) => void
}

export interface Breaker {
  /** `open`: everything passes. `probe`: one at a time, to see whether it works again. `shut`: nothing passes. */
  state(key: string): 'open' | 'probe' | 'shut'
  succeeded(key: string): void
  /** Returns the milliseconds for which the gate is now shut; 0 if it stays as it is. */
  failed(key: string): number
  /** Shuts at once; `until`: milliseconds from now, at least as long as the breaker's own growing delay. */
  shut(key: string, atLeast?: number): number
  /** Forgets every failure: the cause was mended. */
  reset(key: string): void
}

interface Gate {
  inARow: number
  closures: number
  state: 'open' | 'probe' | 'shut'
  cancel: () => void
}

export function makeBreaker(options: BreakerOptions): Breaker {
  const { clock } = options
  const gates = new Map<string, Gate>()

  function gateOf(key: string): Gate {
    let gate = gates.get(key)
    if (gate === undefined) {
      gate = { inARow: 0, closures: 0, state: 'open', cancel: () => {} }
      gates.set(key, gate)
    }
    return gate
  }

  function shut(key: string, atLeast = 0): number {
    const gate = gateOf(key)
    if (gate.state === 'shut') return 0
    const grown = Math.min(options.longest, options.shortest * 2 ** Math.min(gate.closures, 20))
    const span = Math.max(atLeast, grown * (0.75 + clock.random() / 2))
    gate.closures += 1
    gate.state = 'shut'
    gate.cancel = clock.after(span, () => {
      gate.state = 'probe'
      options.onOpen(key)
    })
    return span
  }

  return Object.freeze({
    state: (key: string) => gates.get(key)?.state ?? 'open',
    succeeded(key: string) {
      const gate = gates.get(key)
      if (gate === undefined) return
      gate.inARow = 0
      if (gate.state === 'shut') return
      gate.closures = 0
      if (gate.state === 'open') return
      gate.state = 'open'
      options.onOpen(key)
    },
    failed(key: string) {
      const gate = gateOf(key)
      gate.inARow += 1
      return gate.state === 'probe' || gate.inARow >= options.failures ? shut(key) : 0
    },
    shut,
    reset(key: string) {
      const gate = gates.get(key)
      if (gate === undefined) return
      gate.cancel()
      gates.delete(key)
      options.onOpen(key)
    },
  })
}

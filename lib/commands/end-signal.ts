/** The operator's wish that a process ends: SIGTERM, or Ctrl-C. What that means for the work at hand is the caller's. */

const SIGNALS = ['SIGTERM', 'SIGINT'] as const

export interface EndSignal {
  /** Aborted once it came; its reason is the signal's name. */
  readonly signal: AbortSignal
  /** Nobody waits for it any more. */
  off(): void
}

/** Heard from now on. Who asks twice does not want to wait: the process ends with 1 at once. */
export function hearEndSignal(): EndSignal {
  const ending = new AbortController()
  const hear = (name: string): void => {
    if (ending.signal.aborted) process.exit(1)
    ending.abort(name)
  }
  for (const name of SIGNALS) process.on(name, hear)
  return {
    signal: ending.signal,
    off() {
      for (const name of SIGNALS) process.off(name, hear)
    },
  }
}

/** The name of the signal, once it came. */
export function endOf({ signal }: EndSignal): Promise<string> {
  return new Promise((done) => {
    if (signal.aborted) done(String(signal.reason))
    else signal.addEventListener('abort', () => done(String(signal.reason)), { once: true })
  })
}

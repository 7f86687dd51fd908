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

/** Work was given up because the operator wants its process to end; the message says how things stand. */
export class BrokenOff extends Error {
  /** `undo`: takes away what was begun; to be called once more when nothing of the work can run any longer. */
  constructor(
    readonly by: string,
    how: string,
    readonly undo: () => void,
  ) {
    super(`broken off by ${by}; ${how}`)
  }
}

/** To be called where work may stop: throws `BrokenOff` once the signal came. `how`: how things stand then. */
export function orBreakOff({ signal }: EndSignal, how: () => string): void {
  if (signal.aborted) throw new BrokenOff(String(signal.reason), how(), () => undefined)
}

/** What comes of the work; where the signal comes first, and it is not too late to give up, what `given` makes of it is thrown. */
export function unlessBrokenOff<T>(
  end: EndSignal,
  work: Promise<T>,
  given: (by: string) => BrokenOff | undefined,
): Promise<T> {
  const broken = endOf(end).then((by) => {
    const error = given(by)
    if (error !== undefined) throw error
    return work
  })
  return Promise.race([work, broken])
}

/**
 * Ends the process as the signal does that nobody hears, at once: a thread that copies a database listens to nothing until it is done, and
 * an orderly exit waits for it.
 */
export function dieOf(end: EndSignal, by: string): void {
  end.off()
  for (const name of SIGNALS) if (name === by) process.kill(process.pid, name)
}

/** The name of the signal, once it came. */
export function endOf({ signal }: EndSignal): Promise<string> {
  return new Promise((done) => {
    if (signal.aborted) done(String(signal.reason))
    else signal.addEventListener('abort', () => done(String(signal.reason)), { once: true })
  })
}

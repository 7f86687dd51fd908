/** Waiting for what others do while the clock moves along: what is tried again waits by it. */
import { type HandClock } from './hand-clock'

/** Goes on until it holds; the clock moves along, for what is tried again waits by it. */
export async function until(clock: HandClock, holds: () => Promise<boolean> | boolean, step = 500): Promise<void> {
  for (const begun = performance.now(); performance.now() - begun < 90_000;) {
    if (await holds()) return
    await clock.advance(step)
    await new Promise((done) => setTimeout(done, 20))
  }
  throw new Error('it did not come about')
}

/** Resolves with it, moving the clock along: by so many milliseconds fifty times a second. */
export async function come<T>(clock: HandClock, what: Promise<T>, step = 500): Promise<T> {
  let isHere = false
  const here = (): void => {
    isHere = true
  }
  void what.then(here, here)
  await until(clock, () => isHere, step)
  return what
}

/** Waiting for what other processes do: as long as a loaded machine may need, and not for a count of looks that a fast one is through with at once. */

const PATIENCE_MS = 20_000

/** Takes one step after the other until it is so. What comes of it where it never is, the spec's own expectation tells. */
export async function patiently(isSo: () => boolean | Promise<boolean>, step: () => Promise<unknown>): Promise<void> {
  for (const begun = performance.now(); performance.now() - begun < PATIENCE_MS && !(await isSo());) {
    await step()
    // A step that waits for nothing would let nothing else come in, and take from the machine what the others need.
    await new Promise((done) => setTimeout(done, 1))
  }
}

/** The end of a run, whose verdict stands by then: whatever does not close is named, and left behind. Knows nothing of what it closes. */

/** Milliseconds. */
const PATIENCE = 30_000

/**
 * Calls one after the other. What has not closed after half a minute, or keeps the process alive although it has, is told to stderr, and the
 * process ends with the code that it has by then.
 */
export async function close(parts: Readonly<Record<string, () => Promise<void>>>): Promise<void> {
  let current = ''
  const giveUp = (): void => {
    const held = process.getActiveResourcesInfo().join(', ')
    process.stderr.write(`at the end of the run, ${current} after ${PATIENCE / 1000} s; what is open: ${held}\n`)
    process.exit()
  }
  setTimeout(giveUp, PATIENCE).unref()
  for (const [name, part] of Object.entries(parts)) {
    current = `${name} has not closed`
    await part()
  }
  current = 'all is closed and the process goes on'
}

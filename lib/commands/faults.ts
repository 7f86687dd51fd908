/** How a fault of the configuration is written for a person: where, what, and the mend on a line of its own. */
import { type Fault } from '../config/fault'

const MARGIN = ' '.repeat(10)

/** Two lines for each fault. */
export function faultLines(faults: readonly Fault[]): readonly string[] {
  return faults.flatMap(({ path, text, mend }) => [
    `${'FAULT'.padEnd(MARGIN.length)}${path}: ${text}`,
    `${MARGIN}→ ${mend}`,
  ])
}

/** Where a command writes and what time it is: handed in, so that a test reads what a person would. */
import { type Clock } from '../clock'

export interface Terminal {
  /** Standard output; the text brings its own line ends. */
  readonly out: (text: string) => void
  /** Standard error. */
  readonly err: (text: string) => void
  readonly clock: Clock
  /** Whether standard output is to be coloured; not if left out. */
  readonly colour?: boolean
  /** Calls back each time Enter is pressed, until the function returned is called. Absent where nobody sits at a keyboard. */
  readonly onEnter?: (call: () => void) => () => void
}

/** 0: done. 1: it failed and said why. 2: the words of the call are off. */
export type ExitCode = 0 | 1 | 2

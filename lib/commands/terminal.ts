/** Where a command writes, what time it is and who knows names: handed in, so that a test reads what a person would. */
import { type Clock } from '../clock'
import { type Names } from './names'
import { type ProgressStream } from './progress'

export interface Terminal {
  /** Standard output; the text brings its own line ends. */
  readonly out: (text: string) => void
  /** Standard error. */
  readonly err: (text: string) => void
  /** Where the progress of long work is drawn; nowhere if left out, or if it is no terminal. */
  readonly progress?: ProgressStream
  readonly clock: Clock
  /** Who is asked what a name leads to; the machine's own resolver if it is left out. */
  readonly names?: Names
  /** Whether standard output is to be coloured; not if left out. */
  readonly colour?: boolean
  /** Calls back each time Enter is pressed, until the function returned is called. Absent where nobody sits at a keyboard. */
  readonly onEnter?: (call: () => void) => () => void
}

/** 0: done. 1: it failed and said why. 2: the words of the call are off. */
export type ExitCode = 0 | 1 | 2

/** Asks the running service what an operator wants to know, for which no secret is needed, or, where none runs, reads the store if that is enough. */
import { askService } from '../admin/asking'
import { socketPath } from '../admin/office'
import { type Answers, type Asked, type Question, type Reply } from '../admin/questions'
import { type Config } from '../config'
import { readWhereabouts, type Whereabouts } from '../config/whereabouts'
import { atRestOf, readAtRest, readAtRestBy } from './at-rest'
import { faultLines } from './faults'
import { type ExitCode, type Terminal } from './terminal'

export interface OperatorWords {
  /** The configuration, which tells where the store is and with it the socket. */
  readonly file: string
  /** Prints the answer as JSON, with times as ms since 1970. */
  readonly json: boolean
}

async function askAt(
  { file, place }: Whereabouts,
  question: Question,
  terminal: Terminal,
  atRest: (nobody: string) => Promise<Reply>,
): Promise<Reply> {
  const path = socketPath(file, place)
  const asked = await askService(path, question, terminal.clock)
  if (asked.is === 'reply') return asked.reply
  if (asked.is === 'silent') return { is: 'failed', why: asked.why }
  return atRest(`no service with this configuration runs here (nobody listens at ${path})`)
}

/** The answer of the running service or, where none runs and that is enough, of its store. */
export function askWhoIsThere(config: Config, question: Question, terminal: Terminal): Promise<Reply> {
  const where = { file: config.file, place: config.store.place }
  return askAt(where, question, terminal, (nobody) => readAtRest(atRestOf(config), question, nobody, terminal))
}

/** Prints the answer, as `lines` spell it or as JSON; 1 where there is none, with the reason on standard error. */
export async function operate<A extends Asked>(
  words: OperatorWords,
  question: Extract<Question, { readonly ask: A }>,
  lines: (answer: Answers[A]) => readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  const { file } = words
  const read = readWhereabouts({ file })
  if (read.is === 'faults') {
    terminal.err(`${faultLines(read.faults).join('\n')}\n`)
    return 1
  }
  const atRest = (nobody: string): Promise<Reply> => readAtRestBy(file, question, nobody, terminal)
  const reply = (await askAt(read.whereabouts, question, terminal, atRest)) as Reply<A>
  if (reply.is === 'failed') {
    terminal.err(`xmpp-push: ${reply.why}\n`)
    return 1
  }
  const text = words.json ? [JSON.stringify(reply.answer, undefined, 2)] : lines(reply.answer)
  if (text.length > 0) terminal.out(`${text.join('\n')}\n`)
  return 0
}

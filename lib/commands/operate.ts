/** Asks the running service what an operator wants to know, or, where none runs, reads the store if that is enough. */
import { askService } from '../admin/asking'
import { makeDesk } from '../admin/desk'
import { socketPath } from '../admin/office'
import { type Answers, type Asked, type Ask, type Question, readings, type Reply } from '../admin/questions'
import { type Config, readConfig } from '../config'
import { faultLines } from './faults'
import { keptAtRest } from './kept-at-rest'
import { type ExitCode, type Terminal } from './terminal'

export interface OperatorWords {
  /** The configuration, which tells where the store is and with it the socket. */
  readonly file: string
  /** Prints the answer as JSON, with times as ms since 1970. */
  readonly json: boolean
}

type Failed = { readonly is: 'failed'; readonly why: string }

function failed(why: string): Failed {
  return { is: 'failed', why }
}

async function readAtRest(config: Config, question: Question, path: string, terminal: Terminal): Promise<Reply> {
  const nobody = `no service with this configuration runs here (nobody listens at ${path})`
  if (!readings.has(question.ask)) return failed(`${nobody}; this takes a running one`)
  if (config.store.inspect === undefined) return failed(nobody)
  try {
    const { records, keep, close } = await config.store.inspect()
    const { clock } = terminal
    const apps = () => [...config.apps.keys()]
    const perDevice = () => config.keep.tracesPerDevice
    const kept = () => keptAtRest(config, keep, clock, (text) => terminal.err(`xmpp-push: ${text}\n`))
    const ask: Ask = makeDesk({ records, running: undefined, apps, perDevice, kept, clock })
    try {
      return await ask(question)
    } finally {
      await close()
    }
  } catch (error) {
    return failed(`${nobody}, and ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** The answer of the running service or, where none runs and that is enough, of its store. */
export async function askWhoIsThere(config: Config, question: Question, terminal: Terminal): Promise<Reply> {
  const path = socketPath(config.file, config.store.place)
  const asked = await askService(path, question, terminal.clock)
  if (asked.is === 'reply') return asked.reply
  return asked.is === 'silent' ? failed(asked.why) : readAtRest(config, question, path, terminal)
}

/** Prints the answer, as `lines` spell it or as JSON; 1 where there is none, with the reason on standard error. */
export async function operate<A extends Asked>(
  words: OperatorWords,
  question: Extract<Question, { readonly ask: A }>,
  lines: (answer: Answers[A]) => readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  const read = readConfig({ file: words.file })
  if (read.is === 'faults') {
    terminal.err(`${faultLines(read.faults).join('\n')}\n`)
    return 1
  }
  const reply = (await askWhoIsThere(read.config, question, terminal)) as Reply<A>
  if (reply.is === 'failed') {
    terminal.err(`xmpp-push: ${reply.why}\n`)
    return 1
  }
  const text = words.json ? [JSON.stringify(reply.answer, undefined, 2)] : lines(reply.answer)
  if (text.length > 0) terminal.out(`${text.join('\n')}\n`)
  return 0
}

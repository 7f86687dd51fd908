/** `xmpp-push outbox`: lists what is not yet delivered, makes it due now, and drops it. */
import { type Answers } from '../admin/questions'
import { type Trace } from '../model/trace'
import { operate, type OperatorWords } from './operate'
import { aligned, counted, span } from './spelling'
import { type ExitCode, type Terminal } from './terminal'

export interface WaitingWords extends OperatorWords {
  readonly app?: string
  readonly limit: number
}

/** One delivery, or all of an app. */
export type WhichWords = OperatorWords & ({ readonly delivery: string } | { readonly app: string })

function dueText({ state, dueAt }: Trace, now: number): string {
  if (state === 'out') return 'being sent'
  if (state === 'behind') return 'behind another'
  return dueAt === undefined || dueAt <= now ? 'now' : `in ${span(dueAt - now)}`
}

function lastWords({ steps }: Trace): string {
  const last = steps.at(-1)
  return last?.is === 'again' ? `${last.outcome}: ${last.why ?? ''}` : last?.is === 'interrupted' ? 'interrupted' : '-'
}

function waitingLines({ waiting, held, at }: Answers['outbox']): readonly string[] {
  const reasons = Object.entries(held).map(([app, why]) => `app ${app} is held: ${why}`)
  if (waiting.length === 0) return [...reasons, 'nothing waits']
  const rows = waiting.map((trace) => [
    ...[trace.id, trace.app, trace.class, `${span(at - trace.acceptedAt)} ago`, dueText(trace, at), lastWords(trace)],
  ])
  return [...reasons, ...aligned([['ID', 'APP', 'CLASS', 'ACCEPTED', 'DUE', 'LAST WORD'], ...rows])]
}

export function listWaiting({ app, limit, ...words }: WaitingWords, terminal: Terminal): Promise<ExitCode> {
  return operate(words, { ask: 'outbox', ...(app === undefined ? {} : { app }), limit }, waitingLines, terminal)
}

export function retry(words: WhichWords, terminal: Terminal): Promise<ExitCode> {
  const which = 'app' in words ? { app: words.app } : { delivery: words.delivery }
  const lines = ({ retried }: Answers['retry']): readonly string[] => [
    `${counted(retried, 'push is', 'pushes are')} due now${'app' in words ? `; ${words.app} is held no longer` : ''}`,
  ]
  return operate({ file: words.file, json: words.json }, { ask: 'retry', ...which }, lines, terminal)
}

const NOTHING = 'nothing of it waits, so nothing was dropped; `xmpp-push apps` tells which apps there are'
const droppedText = (count: number): string =>
  `${counted(count, 'push was', 'pushes were')} dropped, and counted as abandoned`

export function drop(words: WhichWords, terminal: Terminal): Promise<ExitCode> {
  const which = 'app' in words ? { app: words.app } : { delivery: words.delivery }
  const lines = ({ dropped }: Answers['drop']): readonly string[] => [dropped === 0 ? NOTHING : droppedText(dropped)]
  return operate({ file: words.file, json: words.json }, { ask: 'drop', ...which }, lines, terminal)
}

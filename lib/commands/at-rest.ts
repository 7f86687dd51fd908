/** What a store tells while no service runs: the questions that only read. Takes of the configuration what is in order. */
import { makeDesk } from '../admin/desk'
import { type Ask, type Question, readings, type Reply } from '../admin/questions'
import { type App, type Config, type Fault, readConfig, type ReadConfig } from '../config'
import { type ConfiguredStore } from '../config/kinds'
import { counted } from './spelling'
import { faultLines } from './faults'
import { keptAtRest } from './kept-at-rest'
import { type Terminal } from './terminal'

/** What is read at rest needs no more of the configuration than this. */
export interface AtRest {
  readonly store: ConfiguredStore
  /** Names of all apps. */
  readonly apps: readonly string[]
  /** Those in which nothing is wrong. */
  readonly sound: readonly App[]
  readonly perDevice: number
}

type Failed = { readonly is: 'failed'; readonly why: string }

function failed(why: string): Failed {
  return { is: 'failed', why }
}

/** The whole configuration, as far as reading at rest needs it. */
export function atRestOf({ store, apps, keep }: Config): AtRest {
  return { store, apps: [...apps.keys()], sound: [...apps.values()], perDevice: keep.tracesPerDevice }
}

function whyUnread(faults: readonly Fault[]): string {
  const its = faults.filter(({ path }) => path === 'store' || path.startsWith('store.'))
  return `its store can't be read, for the configuration is not in order:\n${faultLines(its.length > 0 ? its : faults).join('\n')}`
}

/** A fault elsewhere than in the store stops no reading, and is told once. */
function takeWhatIsSound(read: ReadConfig, file: string, terminal: Terminal): AtRest | Failed {
  if (read.is === 'config') return atRestOf(read.config)
  const { store, apps, sound, keep, faults } = read
  if (store === undefined) return failed(whyUnread(faults))
  const its = counted(faults.length, 'fault')
  terminal.err(
    `xmpp-push: no service runs, so its store is read; ${file} has ${its}, which \`xmpp-push check\` tells\n`,
  )
  return { store, apps, sound, perDevice: keep.tracesPerDevice }
}

/** `nobody`: why it is the store that is asked. Never rejects. */
export async function readAtRest(
  { store, apps, sound, perDevice }: AtRest,
  question: Question,
  nobody: string,
  terminal: Terminal,
): Promise<Reply> {
  if (!readings.has(question.ask)) return failed(`${nobody}; this takes a running one`)
  if (store.inspect === undefined) return failed(nobody)
  const { clock } = terminal
  try {
    const { records, keep, close } = await store.inspect()
    const kept = () => keptAtRest({ apps, sound }, keep, clock, (text) => terminal.err(`xmpp-push: ${text}\n`))
    const ask: Ask = makeDesk({
      ...{ records, running: undefined, apps: () => apps, perDevice: () => perDevice, kept, clock },
    })
    try {
      return await ask(question)
    } finally {
      await close()
    }
  } catch (error) {
    return failed(`${nobody}, and ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** The same by a configuration that was not read yet: its secrets are looked for only if the question can be answered at rest. */
export async function readAtRestBy(
  file: string,
  question: Question,
  nobody: string,
  terminal: Terminal,
): Promise<Reply> {
  if (!readings.has(question.ask)) return failed(`${nobody}; this takes a running one`)
  const found = takeWhatIsSound(readConfig({ file }), file, terminal)
  if ('is' in found) return failed(`${nobody}, and ${found.why}`)
  return readAtRest(found, question, nobody, terminal)
}

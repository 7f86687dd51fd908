/** `xmpp-push backup`: a whole copy of the embedded store, taken while the service runs or at rest. */
import { resolve } from 'node:path'
import { type BackedUp, type BackupProgress } from '../model/backup'
import { NotDone, ownStore, type OwnStore } from './own-store'
import { makeProgress } from './progress'
import { aligned, moment } from './spelling'
import { type ExitCode, type Terminal } from './terminal'

export interface BackupWords {
  /** The configuration. */
  readonly file: string
  readonly to: string
  readonly force: boolean
  readonly withKey: boolean
  readonly json: boolean
}

/** Milliseconds between two words to the service that the copy is still under way; a hold lasts half a minute. */
const STILL_HERE = 10_000

/** A service that holds its file still; undefined where none runs. */
interface Hold {
  /** Resolves with why the copy is no good all the same. */
  readonly wasStill: () => Promise<string | undefined>
  /** Ends it, whatever came of the copy. Never rejects. */
  readonly off: () => Promise<void>
}

async function hold(store: OwnStore, { clock }: Terminal): Promise<Hold | undefined> {
  const answer = await store.ask({ ask: 'hold-still' })
  if (answer === undefined) return undefined
  const { hold } = answer
  const over = new AbortController()
  let broken: string | undefined
  const goOn = async (): Promise<void> => {
    while (!over.signal.aborted && broken === undefined) {
      await clock.sleep(STILL_HERE, over.signal)
      if (over.signal.aborted) return
      broken = await unanswered(store.ask({ ask: 'hold-still', hold }))
    }
  }
  void goOn()
  return {
    async wasStill() {
      over.abort()
      const ended = await unanswered(store.ask({ ask: 'let-go', hold }))
      return broken ?? ended
    },
    async off() {
      if (over.signal.aborted) return
      over.abort()
      await unanswered(store.ask({ ask: 'let-go', hold }))
    },
  }
}

/** Why a question was not answered; undefined where it was. */
async function unanswered(asked: Promise<unknown>): Promise<string | undefined> {
  try {
    return (await asked) === undefined ? 'the service ended while its store was copied; back up again' : undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Draws how far a copy is. */
export function drawing(terminal: Terminal): { readonly progress: BackupProgress; readonly end: () => void } {
  const drawn = makeProgress('bytes copied', { stream: terminal.progress, clock: terminal.clock })
  let last: string = 'copying'
  return {
    progress(step, done, of) {
      if (step !== last && step === 'checking') drawn.next('checking the copy')
      last = step
      drawn.at(done, of === 0 ? undefined : of)
    },
    end: () => drawn.end(),
  }
}

const size = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`

function keyText({ key, keyIn, needsKey }: BackedUp): string {
  if (key !== undefined) return `${key}: opens what is encrypted in it; keep the two apart`
  const why = needsKey ? 'what is encrypted in it can not be read without' : 'nothing in it needs it today'
  return `not in it: ${keyIn} (${why}); keep a copy of that elsewhere, or back up --with-key`
}

function lines(backedUp: BackedUp): readonly string[] {
  const { from, to, bytes, at, registrations, waiting } = backedUp
  return aligned([
    ['store', from],
    ['backup', `${to}, ${size(bytes)}, whole and checked`],
    ['as of', moment(at)],
    ['devices', String(registrations)],
    ['pushes', `${waiting} that wait`],
    ['key', keyText(backedUp)],
  ])
}

/** 0 where the copy is whole, checked and on disk; else 1, with the reason, and nothing is left behind. */
export async function backup(words: BackupWords, terminal: Terminal): Promise<ExitCode> {
  const { file, force, withKey, json } = words
  const to = resolve(words.to)
  const { progress, end } = drawing(terminal)
  let held: Hold | undefined
  try {
    const store = ownStore(file, 'backup', to, terminal.clock)
    held = await hold(store, terminal)
    const still = held === undefined ? {} : { wasStill: held.wasStill }
    const backedUp = await store.backup.copy({ to, force, withKey, ...still }, terminal.clock, progress)
    end()
    terminal.out(`${json ? JSON.stringify(backedUp, undefined, 2) : lines(backedUp).join('\n')}\n`)
    return 0
  } catch (error) {
    end()
    await held?.off()
    const why = error instanceof Error ? error.message : String(error)
    terminal.err(`xmpp-push: ${why}${error instanceof NotDone ? '' : '; nothing was written'}\n`)
    return 1
  }
}

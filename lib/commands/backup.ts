/** `xmpp-push backup`: a whole copy of the embedded store, taken while the service runs or at rest. */
import { resolve } from 'node:path'
import { type BackedUp, type BackupProgress } from '../model/backup'
import { NotDone, ownStore } from './own-store'
import { makeProgress } from './progress'
import { aligned, moment } from './spelling'
import { holdStore, type StoreHold } from './store-hold'
import { type ExitCode, type Terminal } from './terminal'

export interface BackupWords {
  /** The configuration. */
  readonly file: string
  readonly to: string
  readonly force: boolean
  readonly withKey: boolean
  readonly json: boolean
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
  let held: StoreHold | undefined
  try {
    const store = ownStore(file, 'backup', to, terminal.clock)
    const hold = await holdStore(store, 'hold-still', terminal)
    held = hold
    const still = hold === undefined ? {} : { wasStill: () => hold.end() }
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

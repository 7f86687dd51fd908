/** `xmpp-push restore`: puts a backup in the place of the embedded store, at rest or under the service that runs on it. */
import { resolve } from 'node:path'
import { type BackupProgress, type Restored, type RestoreOrder, type Restoring } from '../model/backup'
import { drawing } from './backup'
import { BrokenOff, dieOf, type EndSignal, hearEndSignal, unlessBrokenOff } from './end-signal'
import { NotDone, ownStore } from './own-store'
import { restoredLines } from './restore-report'
import { AS_IT_WAS, restoreRunning } from './restore-running'
import { type ExitCode, type Terminal } from './terminal'

export interface RestoreWords {
  /** The configuration. */
  readonly file: string
  readonly from: string
  readonly withoutOutbox: boolean
  readonly withoutKey: boolean
  /** It is not asked whether the service may come down. */
  readonly yes: boolean
  readonly json: boolean
}

/** The error says itself what became of the store. */
const isWhole = (error: unknown): boolean => error instanceof NotDone || error instanceof BrokenOff

interface AtOnce {
  readonly restoring: Restoring
  readonly order: RestoreOrder
  readonly progress: BackupProgress
  readonly end: EndSignal
}

/** Where no service runs. */
function atOnce({ restoring, order, progress, end }: AtOnce): Promise<Restored> {
  let isReplaced = false
  const followed: BackupProgress = (step, done, of) => {
    if (step === 'replaced') isReplaced = true
    progress(step, done, of)
  }
  return unlessBrokenOff(end, restoring.atOnce(order, followed), (by) =>
    isReplaced ? undefined : new BrokenOff(by, AS_IT_WAS, () => restoring.discard()),
  )
}

/** 0 where the backup is in place; else 1, with the reason. Broken off by a signal, it takes away what it made ready and ends as that signal ends a process. */
export async function restore(words: RestoreWords, terminal: Terminal): Promise<ExitCode> {
  const { file, withoutOutbox, withoutKey, yes, json } = words
  const order = { from: resolve(words.from), withoutOutbox, withoutKey }
  const { progress, end: drawn } = drawing(terminal)
  const end = hearEndSignal()
  try {
    const store = ownStore(file, 'restore', order.from, terminal.clock)
    const restoring = store.backup.restoring(terminal.clock)
    const running = await restoreRunning({ store, order, isWanted: yes, progress, drawn, end, terminal })
    const restored = running ?? (await atOnce({ restoring, order, progress, end }))
    drawn()
    const after = running === undefined ? 'start the service' : 'the service runs on it'
    const text = json ? JSON.stringify(restored, undefined, 2) : restoredLines(restored, after).join('\n')
    terminal.out(`${text}\n`)
    return 0
  } catch (error) {
    drawn()
    const why = error instanceof Error ? error.message : String(error)
    terminal.err(`xmpp-push: ${why}${isWhole(error) ? '' : `; ${AS_IT_WAS}`}\n`)
    if (error instanceof BrokenOff) {
      error.undo()
      dieOf(end, error.by)
    }
    return 1
  } finally {
    end.off()
  }
}

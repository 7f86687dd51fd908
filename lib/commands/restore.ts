/** `xmpp-push restore`: puts a backup in the place of the embedded store, at rest or under the service that runs on it. */
import { resolve } from 'node:path'
import { drawing } from './backup'
import { NotDone, ownStore } from './own-store'
import { restoredLines } from './restore-report'
import { restoreRunning } from './restore-running'
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

/** 0 where the backup is in place; else 1, with the reason. */
export async function restore(words: RestoreWords, terminal: Terminal): Promise<ExitCode> {
  const { file, withoutOutbox, withoutKey, yes, json } = words
  const order = { from: resolve(words.from), withoutOutbox, withoutKey }
  const { progress, end } = drawing(terminal)
  try {
    const store = ownStore(file, 'restore', order.from, terminal.clock)
    const running = await restoreRunning({ store, order, isWanted: yes, progress, drawn: end, terminal })
    const restored = running ?? (await store.backup.restoring(terminal.clock).atOnce(order, progress))
    end()
    const after = running === undefined ? 'start the service' : 'the service runs on it'
    const text = json ? JSON.stringify(restored, undefined, 2) : restoredLines(restored, after).join('\n')
    terminal.out(`${text}\n`)
    return 0
  } catch (error) {
    end()
    const why = error instanceof Error ? error.message : String(error)
    terminal.err(`xmpp-push: ${why}${error instanceof NotDone ? '' : '; the store is as it was'}\n`)
    return 1
  }
}

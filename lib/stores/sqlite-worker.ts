/** The store's thread: opens the database, then commits one batch per message. Knows no clock and no caller. */
import { parentPort, workerData } from 'node:worker_threads'
import { makeCommit } from './sqlite-commit'
import { Refusal, openStore, wordsOf } from './sqlite-opening'
import { type Opened, type ThreadOptions, type ToThread } from './sqlite-protocol'

if (parentPort === null) throw new Error('sqlite-worker is started as a thread by sqlite.ts')
const port = parentPort

/** A damaged table is found out only when it is read. */
function recovered<T>(begin: () => T, file: string): T {
  try {
    return begin()
  } catch (error) {
    throw wordsOf(error, file) ?? error
  }
}

function open(options: ThreadOptions): void {
  const { database, cipher, warnings } = openStore(options)
  const commit = recovered(() => makeCommit(database, cipher, options.bounds, options.now), options.file)
  port.on('message', (message: ToThread) => {
    if (message !== 'close') return port.postMessage(commit(message))
    database.close()
    port.close()
  })
  port.postMessage({ opened: true, warnings } satisfies Opened)
}

try {
  open(workerData as ThreadOptions)
} catch (error) {
  const why = error instanceof Error ? (error.stack ?? error.message) : String(error)
  port.postMessage((error instanceof Refusal ? { refused: error.message } : { broken: why }) satisfies Opened)
}

/** The store's thread: opens the database, then commits one batch per message. Knows no clock and no caller. */
import { parentPort, workerData } from 'node:worker_threads'
import { makeCommit } from './sqlite-commit'
import { Refusal, openStore } from './sqlite-opening'
import { type Opened, type ThreadOptions, type ToThread } from './sqlite-protocol'

if (parentPort === null) throw new Error('sqlite-worker is started as a thread by sqlite.ts')
const port = parentPort

function open(options: ThreadOptions): void {
  const { database, cipher, warnings } = openStore(options)
  const commit = makeCommit(database, cipher, options.bounds, options.now)
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

/** A thread that reads a store which no process has open, for libsql keeps file and lock until the thread ends. */
import { parentPort, workerData } from 'node:worker_threads'
import { openReading, type ReadingOptions } from './sqlite-inspection'
import { Refusal } from './sqlite-opening'
import { type Asked, type Opened, type Read } from './sqlite-protocol'

if (parentPort === null) throw new Error('sqlite-inspection-worker is started as a thread by sqlite-inspection.ts')
const port = parentPort

function read(answer: (asked: Asked) => unknown, asked: Asked): Read {
  try {
    return { answer: answer(asked) }
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) }
  }
}

try {
  const answer = openReading(workerData as ReadingOptions)
  port.on('message', (asked: Asked) => port.postMessage(read(answer, asked)))
  port.postMessage({ opened: true, warnings: [] } satisfies Opened)
} catch (error) {
  const why = error instanceof Error ? (error.stack ?? error.message) : String(error)
  port.postMessage((error instanceof Refusal ? { refused: error.message } : { broken: why }) satisfies Opened)
}

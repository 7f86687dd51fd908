/** A thread that copies one database and ends, for libsql keeps files open until its thread does. */
import { parentPort, workerData } from 'node:worker_threads'
import { copyDatabase, type CopyOptions, type CopySaid } from './sqlite-copying'
import { Refusal } from './sqlite-opening'

if (parentPort === null) throw new Error('sqlite-copy-worker is started as a thread by sqlite-copy.ts')
const port = parentPort
const say = (said: CopySaid): void => port.postMessage(said)

try {
  say({ is: 'copied', copy: copyDatabase(workerData as CopyOptions, say) })
} catch (error) {
  const why = error instanceof Error ? (error.stack ?? error.message) : String(error)
  say(error instanceof Refusal ? { is: 'refused', why: error.message } : { is: 'broken', why })
}

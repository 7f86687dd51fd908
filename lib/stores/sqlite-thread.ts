/** Starts one of the store's threads and waits until its database is open, or says why it is not. */
import { extname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { type Opened } from './sqlite-protocol'
import { StoreRefused } from './store'

/** MiB of the thread's young generation: a batch is over within one turn, and V8 would let it grow to 48. */
const YOUNG = 6

export interface Started {
  readonly worker: Worker
  /** What the operator should know though the store is open. */
  readonly warnings: readonly string[]
}

/** `file`: the store's, for messages. Rejects with `StoreRefused` where the fault is the operator's to mend. */
export async function startThread(
  script: 'sqlite-worker' | 'sqlite-inspection-worker',
  workerData: unknown,
  file: string,
): Promise<Started> {
  // Under jest and tsx this file is TypeScript, and so is the thread's.
  const extension = extname(__filename)
  const worker = new Worker(join(__dirname, `${script}${extension}`), {
    workerData,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG },
    ...(extension === '.ts' ? { execArgv: ['--require', 'tsx/cjs'] } : {}),
  })
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  const opened = await new Promise<Opened>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    void exited.then(() => reject(new Error(`the thread of the store ${file} ended before it was open`)))
  })
  if ('refused' in opened || 'broken' in opened) {
    await exited
    throw 'refused' in opened ? new StoreRefused(opened.refused) : new Error(opened.broken)
  }
  return { worker, warnings: opened.warnings }
}

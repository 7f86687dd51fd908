/** Locks a database that no process is to open until something else is in its place. */
import { once } from 'node:events'
import { existsSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { type Holding } from '../model/backup'
import { StoreRefused } from './store'

/** What the thread says: one of the first four at once, and `counted` whenever it is asked. */
export type LockSaid =
  | { readonly is: 'locked' }
  | { readonly is: 'busy' }
  | { readonly is: 'damaged' }
  | { readonly is: 'refused'; readonly why: string }
  | { readonly is: 'counted'; readonly holding: Holding | undefined }

/** Nobody else can open it meanwhile, and it has no log. */
export interface Locked {
  /** What it holds, and what of that came after a moment (ms since 1970); undefined where that can't be read. */
  holding(after: number): Promise<Holding | undefined>
  unlock(): Promise<void>
}

const nothing: Locked = Object.freeze({ holding: async () => undefined, unlock: async () => undefined })

/**
 * Locks what is there, and rejects with `StoreRefused` where another process has it open or it is not ours. One that is damaged can be opened
 * by nobody, and is not locked.
 */
export async function lockStore(file: string): Promise<Locked> {
  if (!existsSync(file) || statSync(file).size === 0) return nothing
  // Under jest and tsx this file is TypeScript, and so is the thread's.
  const extension = extname(__filename)
  const worker = new Worker(join(__dirname, `sqlite-lock-worker${extension}`), {
    workerData: file,
    ...(extension === '.ts' ? { execArgv: ['--require', 'tsx/cjs'] } : {}),
  })
  const hear = async (): Promise<LockSaid> => {
    const [said] = (await once(worker, 'message')) as [LockSaid]
    return said
  }
  const first = await hear()
  if (first.is !== 'locked') {
    await worker.terminate()
    if (first.is === 'refused') throw new StoreRefused(first.why)
    if (first.is !== 'busy') return nothing
    throw new StoreRefused(`store ${file} is open in another process, which holds its lock; stop that one first`)
  }
  return Object.freeze({
    async holding(after: number) {
      worker.postMessage(after)
      const said = await hear()
      return said.is === 'counted' ? said.holding : undefined
    },
    unlock: async () => void (await worker.terminate()),
  })
}

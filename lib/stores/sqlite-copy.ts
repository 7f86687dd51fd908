/** Has one database copied by a thread, tells how far it is, and leaves a whole and durable file or none. */
import { closeSync, fsyncSync, openSync, rmSync, statfsSync, statSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { type Clock } from '../clock'
import { type BackupProgress } from '../model/backup'
import { type Copy, type CopyOptions, type CopySaid } from './sqlite-copying'
import { StoreRefused } from './store'

/** Milliseconds between two looks at how far it is. */
const LOOK = 200
/** What of the disk is left to others. */
const MARGIN = 16 * 1024 * 1024

/** Makes what was done in a folder (a file made, renamed, removed) outlive a power cut. */
export function syncFolder(folder: string): void {
  const file = openSync(folder, 'r')
  fsyncSync(file)
  closeSync(file)
}

function syncFile(path: string): void {
  const file = openSync(path, 'r+')
  fsyncSync(file)
  closeSync(file)
}

const mib = (bytes: number): string => `${Math.ceil(bytes / 1024 / 1024)} MiB`

/** Throws where the folder of `to` is missing or has no room for as much as `from` is. */
function refuseFull(from: string, to: string): void {
  const folder = dirname(to)
  const needed = statSync(from, { throwIfNoEntry: false })?.size ?? 0
  let free: number
  try {
    const { bavail, bsize } = statfsSync(folder)
    free = bavail * bsize
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new StoreRefused(`there is no folder ${folder}; make it, or name another one`)
  }
  if (free >= needed + MARGIN) return
  throw new StoreRefused(
    `the disk of ${to} has no room: up to ${mib(needed + MARGIN)} are needed, ${mib(free)} are free; make room, or name a file on another disk`,
  )
}

/** The empty file that is copied into, which nobody else may read from the start. */
function makeEmpty(path: string): void {
  try {
    rmSync(path, { force: true })
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error)
    throw new StoreRefused(`${path} can't be written (${code}); name a file where this user may write`)
  }
}

/** Removes what was begun. */
export function discard(path: string): void {
  for (const each of [path, `${path}-journal`]) rmSync(each, { force: true })
}

function start(options: CopyOptions): Worker {
  // Under jest and tsx this file is TypeScript, and so is the thread's.
  const extension = extname(__filename)
  return new Worker(join(__dirname, `sqlite-copy-worker${extension}`), {
    workerData: options,
    ...(extension === '.ts' ? { execArgv: ['--require', 'tsx/cjs'] } : {}),
  })
}

/**
 * Makes `options.to` a whole copy, readable by this user alone. Rejects with `StoreRefused` where that can't be done, and removes what was
 * begun. `wasStill` is asked once the source is no longer needed, and says why the copy is no good.
 */
export async function copyInto(
  options: CopyOptions,
  clock: Clock,
  progress: BackupProgress,
  wasStill: () => Promise<string | undefined> = async () => undefined,
): Promise<Copy> {
  const { from, to } = options
  refuseFull(from, to)
  makeEmpty(to)
  const looking = new AbortController()
  const look = async (bytes: number): Promise<void> => {
    while (!looking.signal.aborted) {
      progress('copying', Math.min(bytes, statSync(to, { throwIfNoEntry: false })?.size ?? 0), bytes)
      await clock.sleep(LOOK, looking.signal)
    }
  }
  const worker = start(options)
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  let still: Promise<string | undefined> = Promise.resolve(undefined)
  try {
    const copy = await new Promise<Copy>((resolve, reject) => {
      worker.on('message', (said: CopySaid) => {
        if (said.is === 'copying') void look(said.bytes)
        else if (said.is === 'checking') {
          looking.abort()
          still = wasStill()
          progress('checking', 0, 0)
        } else if (said.is === 'copied') resolve(said.copy)
        else reject(said.is === 'refused' ? new StoreRefused(said.why) : new Error(said.why))
      })
      worker.once('error', reject)
      void exited.then(() => reject(new Error(`the thread that copied ${from} ended before the copy was whole`)))
    })
    await exited
    const broken = await still
    if (broken !== undefined) throw new StoreRefused(broken)
    syncFile(to)
    return copy
  } catch (error) {
    await exited
    discard(to)
    throw error
  } finally {
    looking.abort()
  }
}

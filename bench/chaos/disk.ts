/** A small disk for the store: one that can be filled and frozen where this may mount one (root, loop devices), else a folder. */
import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface Disk {
  readonly folder: string
  /** False where it is only a folder: then nothing of the following happens. */
  readonly isReal: boolean
  /** Takes all its room; the function returned gives it back. */
  fill(): () => void
  /** Every write to it hangs; the function returned ends that. */
  freeze(): () => void
  close(): void
}

const MIB = 1024 * 1024
const CHUNK = Buffer.alloc(64 * 1024)

const run = (command: string, ...words: readonly string[]): void =>
  void execFileSync(command, words, { stdio: ['ignore', 'ignore', 'pipe'] })

function takeAllRoom(file: string): void {
  const { bavail, bsize } = statfsSync(dirname(file))
  // Most of it at once and unwritten: this process plays the push services meanwhile.
  const most = bavail * bsize - 4 * MIB
  if (most > 0) run('fallocate', '-l', String(most), file)
  const ballast = openSync(file, 'a')
  try {
    for (let size = CHUNK.length; size >= 512;) {
      try {
        writeSync(ballast, CHUNK, 0, size)
      } catch {
        size /= 2
      }
    }
  } finally {
    closeSync(ballast)
  }
}

/** Makes it below `folder`, with room for so many MiB. */
export function makeDisk(folder: string, size = 96): Disk {
  const image = join(folder, 'disk.img')
  const at = join(folder, 'disk')
  mkdirSync(at)
  const nothing = (): (() => void) => () => undefined
  try {
    run('truncate', '-s', String(size * MIB), image)
    run('mkfs.ext4', '-q', '-F', '-m', '0', image)
    run('mount', '-o', 'loop', image, at)
    run('fsfreeze', '--freeze', at)
    run('fsfreeze', '--unfreeze', at)
  } catch {
    try {
      run('umount', at)
    } catch {
      // it was never mounted
    }
    return Object.freeze({ folder: at, isReal: false, fill: nothing, freeze: nothing, close: () => undefined })
  }
  let isFrozen = false
  const thaw = (): void => {
    if (isFrozen) run('fsfreeze', '--unfreeze', at)
    isFrozen = false
  }
  return Object.freeze({
    folder: at,
    isReal: true,
    fill() {
      const ballast = join(at, 'ballast')
      takeAllRoom(ballast)
      return () => rmSync(ballast, { force: true })
    },
    freeze() {
      run('fsfreeze', '--freeze', at)
      isFrozen = true
      return thaw
    },
    close() {
      thaw()
      // A process that was just killed may hold it for a moment.
      run('umount', '--lazy', at)
    },
  })
}

/**
 * Puts a database in the place of another, such that whoever is killed meanwhile leaves one of the two there, whole. Knows nothing of what
 * is in them.
 *
 * The former one gets a second name (it stays where it is), then the new one is renamed over it. A log beside the former belongs to it
 * alone: were it found beside the new one, SQLite would write old pages into that.
 */
import { chownSync, copyFileSync, existsSync, linkSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { syncFolder } from './sqlite-copy'

/** A second name for a file; a copy where the file system has no second names. */
function nameAgain(path: string, name: string): void {
  try {
    linkSync(path, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error
    copyFileSync(path, name)
  }
}

/** Whether a part of the database is in a log beside it, as where it was copied by hand or its process was killed. */
export function hasLog(file: string): boolean {
  return (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0
}

/** Gives what is there a second name, with its log if that holds anything; returns that name. */
export function keepFormer(file: string, name: string): string | undefined {
  if (!existsSync(file) || statSync(file).size === 0) return undefined
  nameAgain(file, name)
  if (hasLog(file)) nameAgain(`${file}-wal`, `${name}-wal`)
  syncFolder(dirname(file))
  return name
}

/** Where the superuser does it, the user of the service is to own what is put in place: whoever owns what is there, or its folder. */
export function giveTo(path: string, file: string): void {
  if (process.getuid?.() !== 0) return
  const { uid, gid } = statSync(existsSync(file) ? file : dirname(file))
  chownSync(path, uid, gid)
}

/** Puts `fresh` in the place of `file`, whose lock is held or needed by nobody. */
export function replace(file: string, fresh: string): void {
  for (const beside of ['-wal', '-shm', '-journal']) rmSync(`${file}${beside}`, { force: true })
  renameSync(fresh, file)
  syncFolder(dirname(file))
}

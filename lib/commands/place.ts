/** Where the store's file lies: whether it can be written there, and how much room is left. Opens no database. */
import { accessSync, constants, existsSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'

export type Place =
  { readonly is: 'good'; readonly text: string } | { readonly is: 'bad'; readonly text: string; readonly mend: string }

const MIB = 1024 * 1024
/** Below this a burst of pushes may fill it. */
const LEAST = 64 * MIB

/** The nearest folder that is there: the others are made at the first start. */
export function standing(path: string): string {
  const folder = dirname(path)
  return existsSync(folder) || folder === path ? folder : standing(folder)
}

function size(bytes: number): string {
  return bytes >= 1024 * MIB ? `${(bytes / 1024 / MIB).toFixed(1)} GiB` : `${Math.floor(bytes / MIB)} MiB`
}

/** Undefined where the store has no file. `room`: how many bytes are free; the machine is asked by default. */
export function placeOf(
  file: string | undefined,
  room: (folder: string) => number = (folder) => {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  },
): Place | undefined {
  if (file === undefined) return undefined
  const folder = standing(file)
  for (const path of existsSync(file) ? [folder, file] : [folder]) {
    try {
      accessSync(path, constants.R_OK | constants.W_OK)
    } catch {
      return {
        is: 'bad',
        text: `${path} can't be written by this user`,
        mend: 'Give it to the user that runs the service',
      }
    }
  }
  const free = room(folder)
  return free < LEAST
    ? {
        is: 'bad',
        text: `the disk of ${file} is full: ${size(free)} are left`,
        mend: 'Make room, or name a file on another disk',
      }
    : { is: 'good', text: `${file}: can be written, ${size(free)} free` }
}

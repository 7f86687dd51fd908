/** Reads along in the logs of all lives: when it was first known that a delivery had come to its end for good. */
import { closeSync, openSync, readSync } from 'node:fs'
import { type Life } from '../kill/lives'

export interface LogWatch {
  /** Reads what was added since the last look. */
  look(): void
  /** By delivery, when its end was read (ms since 1970, by the right clock): it was durable by then. */
  readonly endedBy: ReadonlyMap<string, number>
  /** How many lines tell of each end, by app and end: `app end`. */
  readonly told: ReadonlyMap<string, number>
  /** How many ends stand in the log of a life. */
  endsIn(life: Pick<Life, 'logFile'>): number
}

interface Place {
  at: number
  /** The beginning of a line that is not all there yet. */
  rest: string
  ends: number
}

/** The line of a settled delivery that ended; undefined for any other, and for one that was cut. */
function endIn(line: string): { readonly delivery: string; readonly app: string; readonly end: string } | undefined {
  if (!line.includes('"at":"settled"') || !line.includes('"end":')) return undefined
  try {
    return JSON.parse(line) as { delivery: string; app: string; end: string }
  } catch {
    return undefined
  }
}

export function watchLogs(lives: () => readonly Pick<Life, 'logFile'>[]): LogWatch {
  const endedBy = new Map<string, number>()
  const told = new Map<string, number>()
  const places = new Map<string, Place>()
  const buffer = Buffer.alloc(1024 * 1024)

  function added(file: string, place: Place): string {
    const descriptor = openSync(file, 'r')
    let text = place.rest
    try {
      for (let read = -1; read !== 0; place.at += read) {
        read = readSync(descriptor, buffer, 0, buffer.length, place.at)
        // A name that is cut between two reads is not looked at.
        text += buffer.toString('latin1', 0, read)
      }
    } finally {
      closeSync(descriptor)
    }
    return text
  }

  return Object.freeze({
    endedBy,
    told,
    endsIn: ({ logFile }: Pick<Life, 'logFile'>) => places.get(logFile)?.ends ?? 0,
    look() {
      const now = Date.now()
      for (const { logFile } of lives()) {
        const place = places.get(logFile) ?? { at: 0, rest: '', ends: 0 }
        places.set(logFile, place)
        const lines = added(logFile, place).split('\n')
        place.rest = lines.pop() ?? ''
        for (const line of lines) {
          const ended = endIn(line)
          if (ended === undefined) continue
          const { delivery, app, end } = ended
          place.ends += 1
          if (!endedBy.has(delivery)) endedBy.set(delivery, now)
          told.set(`${app} ${end}`, (told.get(`${app} ${end}`) ?? 0) + 1)
        }
      }
    },
  })
}

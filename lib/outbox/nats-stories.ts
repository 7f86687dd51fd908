/** The stories of what ended, as they stand in the journals: found, swept, erased. Knows nothing of what is in hand. */
import { type Trace } from '../model/trace'
import { isAbout, readLine } from '../stores/trace-lines'
import { type Commit } from './nats-journal'
import { partitionOf } from './nats-row'
import { type Stored, type Streams } from './nats-streams'

/** A message that holds stories. */
interface Told extends Stored {
  readonly id: string | undefined
  readonly partition: number
  readonly at: number
  readonly lines: readonly string[]
}

function toldOf({ seq, data, partition }: Stored & { readonly partition: number }): Told {
  const { id, at, lines } = JSON.parse(Buffer.from(data).toString()) as Pick<Commit, 'id' | 'at' | 'lines'>
  return { seq, data, partition, id, at, lines: lines.split('\n').filter((line) => line !== '') }
}

const mentions = (data: Uint8Array, needles: readonly string[]): boolean => {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  return needles.some((needle) => bytes.includes(needle))
}

/** The stories about these deliveries or targets, newest first. `targets`: they are targets, so that few journals need be read. */
export async function storiesOf(
  streams: Streams,
  needles: readonly string[],
  partitions: number,
  areTargets: boolean,
): Promise<readonly Trace[]> {
  const { journal, told, journals, allTold } = streams.subjects
  const its = [...new Set(needles.map((needle) => partitionOf(needle, partitions)))]
  const subjects = areTargets ? its.flatMap((each) => [told(each), journal(each)]) : [allTold, journals]
  const found: { readonly at: number; readonly trace: Trace }[] = []
  // A message whose acknowledgement was lost may stand there twice.
  const seen = new Set<string>()
  for (const subject of subjects) {
    await streams.each(subject, (message) => {
      if (!mentions(message.data, needles)) return
      const { id = `${message.seq}`, at, lines } = toldOf(message)
      if (seen.has(id)) return
      seen.add(id)
      for (const line of lines) if (isAbout(line, needles)) found.push({ at, trace: readLine(line) })
    })
  }
  // The sort is stable: of one moment, what was written later is newer.
  return found
    .reverse()
    .sort((one, other) => other.at - one.at)
    .map(({ trace }) => trace)
}

/** Where the journals are to be cut, so that nothing is older than `before` or above so many bytes; the newest story stays. */
export async function cutOf(streams: Streams, before: number, bytes: number): Promise<number> {
  const messages: { readonly seq: number; readonly size: number; readonly isOld: boolean; readonly tells: boolean }[] =
    []
  for (const subject of [streams.subjects.allTold, streams.subjects.journals]) {
    await streams.each(subject, (message) => {
      const { at, lines } = toldOf(message)
      messages.push({ seq: message.seq, size: message.data.length, isOld: at < before, tells: lines.length > 0 })
    })
  }
  messages.sort((one, other) => other.seq - one.seq)
  let sum = 0
  let isNewest = true
  for (const { seq, size, isOld, tells } of messages) {
    sum += size
    if (isOld || (sum > bytes && tells && !isNewest)) return seq + 1
    if (tells) isNewest = false
  }
  return 0
}

/** Erases the stories of these targets from one partition, and puts back the others of their messages. Returns how many went. */
export async function eraseStories(
  streams: Streams,
  partition: number,
  targets: readonly string[],
  upTo: number,
): Promise<number> {
  const messages: Told[] = []
  for (const subject of [streams.subjects.told(partition), streams.subjects.journal(partition)]) {
    await streams.each(subject, (message) => {
      if (message.seq <= upTo && mentions(message.data, targets)) messages.push(toldOf(message))
    })
  }
  let erased = 0
  for (const { seq, at, lines } of messages) {
    const left = lines.filter((line) => !isAbout(line, targets))
    if (left.length === lines.length) continue
    if (left.length > 0) {
      await streams.write(streams.subjects.told(partition), JSON.stringify({ at, lines: `${left.join('\n')}\n` }))
    }
    await streams.erase(seq)
    erased += lines.length - left.length
  }
  return erased
}

/** What is agreed on once for all instances of a stream: how many partitions, and which content key. */
import { type ContentCipher } from '../stores/content-cipher'
import { StoreRefused } from '../stores/store'
import { Overtaken } from './nats-overtaken'
import { type Streams } from './nats-streams'

interface Setup {
  readonly version: number
  readonly partitions: number
  /** Of the content key. */
  readonly key: string
}

const VERSION = 1

/** The number of partitions. Rejects with `StoreRefused` where the stream is another program's version's, or of another key. */
export async function agree(
  streams: Streams,
  {
    partitions,
    cipher,
    shown,
  }: { readonly partitions: number; readonly cipher: ContentCipher; readonly shown: string },
): Promise<number> {
  const ours: Setup = { version: VERSION, partitions, key: cipher.fingerprint }
  for (;;) {
    const found = await streams.last(streams.subjects.setup)
    if (found !== undefined) {
      const setup = JSON.parse(Buffer.from(found.data).toString()) as Setup
      if (setup.version > VERSION) {
        throw new StoreRefused(
          `outbox ${shown} was written by a newer version of this program (its layout is ${setup.version}, we know ${VERSION}): install that version again`,
        )
      }
      if (setup.key !== cipher.fingerprint) {
        throw new StoreRefused(
          `outbox ${shown} holds content encrypted with another key than outbox.contentKey: put back the key it was written with, the same for every instance`,
        )
      }
      return setup.partitions
    }
    try {
      await streams.write(streams.subjects.setup, JSON.stringify(ours), 0)
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error
    }
  }
}

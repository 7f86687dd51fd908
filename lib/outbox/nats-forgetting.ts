/**
 * Old messages of one subject, let go of one by one. COMPAT(nats-server ≤ 2.9.17): a server of a cluster that starts again goes through
 * its log, and takes the purge of one subject for one of the whole stream up to then (nats-server's issue 4196); once it leads, all have
 * lost that. Knows no other subject.
 */
import { JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream'

export interface Forgotten {
  readonly manager: JetStreamManager
  readonly stream: string
  /** The first message of the subject from this number on. */
  readonly next: (from: number) => Promise<{ readonly seq: number } | undefined>
  /** The first number that stays. */
  readonly before: number
}

const AT_ONCE = 64

/** Removes the messages. Rejects where the servers can't be asked. */
export async function forgetEach({ manager, stream, next, before }: Forgotten): Promise<void> {
  const remove = async (seq: number): Promise<void> => {
    try {
      await manager.streams.deleteMessage(stream, seq, false)
    } catch (error) {
      // Somebody else was quicker.
      if (!(error instanceof JetStreamApiError)) throw error
    }
  }
  for (let from = 1; ;) {
    const old: number[] = []
    while (old.length < AT_ONCE) {
      const message = await next(from)
      if (message === undefined || message.seq >= before) break
      old.push(message.seq)
      from = message.seq + 1
    }
    await Promise.all(old.map(remove))
    if (old.length < AT_ONCE) return
  }
}

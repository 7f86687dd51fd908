/**
 * NATS JetStream (2.9 and newer), narrowed to what the outbox needs of it: one work-queue stream of deliveries, and one of
 * what is written down about them. Knows subjects and the client library's traps; knows nothing of what the messages mean.
 */
import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  RetentionPolicy,
  type StreamConfig,
  StorageType,
} from '@nats-io/jetstream'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { type NatsConnection, errors } from '@nats-io/transport-node'
import { forgetEach } from './nats-forgetting'
import { MadeAnew, Overtaken } from './nats-overtaken'
import { type Arrived, type Followed, type Following, type Lost, pull } from './nats-pulling'

export interface Stored {
  readonly seq: number
  readonly data: Uint8Array
}

export interface Identity {
  /** Another one after it was deleted, and made anew or restored. */
  readonly id: string
  /** It holds messages that are older than itself, or nobody knows how old it is. */
  readonly isRestored: boolean
  /** The number of its last message. */
  readonly last: number
  /** So many messages of the partition lie in it. */
  readonly messages: number
}

export interface Streams {
  /** The most bytes of one message. */
  readonly maxBytes: number
  /** Keeps a delivery; resolves with its number once the stream has acknowledged it. A known id resolves with the known number. */
  deliver(partition: number, id: string, text: string): Promise<number>
  /**
   * Writes after message `after` of the subject, or rejects with `Overtaken`. Resolves with the message's number. With an
   * `id` it may be said again.
   */
  write(subject: string, data: Uint8Array | string, after?: number, id?: string): Promise<number>
  /** Which stream of deliveries there is, and how much of a partition lies in it: by the word of who leads it. */
  identity(partition: number): Promise<Identity>
  /** The first delivery of a partition from this number on, whoever follows. */
  delivery(partition: number, from: number): Promise<Stored | undefined>
  /** Removes a delivery that did not come, as an acknowledgement does. */
  takeOut(seq: number): void
  /** The newest message of a subject. */
  last(subject: string): Promise<Stored | undefined>
  /** The first message of a subject from this number on. */
  next(subject: string, from: number): Promise<Stored | undefined>
  /** Every message of a subject, `*` for all of its kind, in order. */
  each(subject: string, see: (message: Stored & { readonly partition: number }) => void): Promise<void>
  /** Removes one message, and overwrites it. */
  erase(seq: number): Promise<void>
  /** Removes the messages of a subject before this number. */
  forget(subject: string, before: number): Promise<void>
  /**
   * Hands over every delivery of a partition, those first that are there, in order; each until it is acknowledged.
   * Rejects with `Overtaken` where a higher epoch does, or where it is another stream by now.
   */
  follow(which: Followed, arrived: (message: Arrived) => void, lost: Lost): Promise<Following>
  readonly subjects: {
    readonly setup: string
    readonly journal: (partition: number) => string
    readonly state: (partition: number) => string
    /** Stories that were left when others of their message were erased. */
    readonly told: (partition: number) => string
    readonly journals: string
    readonly allTold: string
  }
}

const DUPLICATES_NS = 120_000_000_000
const FETCHED = 500
const FETCH_MS = 5_000
const PASSING_NS = 30_000_000_000
const EXISTS = [10058, 10065]
/** A consumer that is made while the cluster chooses a leader; whoever asks again sooner only makes it more work. */
const MAKE_MS = 12_000
/** Nobody answers for a stream that has no leader yet, not even later: reading is asked again. */
const [READ_MS, READ_TRIES] = [1_500, 6]

async function ensure(manager: JetStreamManager, wanted: Partial<StreamConfig> & { name: string }): Promise<void> {
  try {
    await manager.streams.add(wanted)
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || !EXISTS.includes(error.code)) throw error
    const { config } = await manager.streams.info(wanted.name)
    if (config.num_replicas !== wanted.num_replicas && wanted.num_replicas !== undefined) {
      await manager.streams.update(wanted.name, { num_replicas: wanted.num_replicas })
    }
  }
}

/** Finds the two streams or makes them. `name`: that of the first, and the first word of every subject. */
export async function openStreams(connection: NatsConnection, name: string, replicas: number): Promise<Streams> {
  const manager = await jetstreamManager(connection)
  const makers = await jetstreamManager(connection, { timeout: MAKE_MS, checkAPI: false })
  const readers = await jetstreamManager(connection, { timeout: READ_MS, checkAPI: false })
  const client: JetStreamClient = jetstream(connection)
  const journal = `${name}_JOURNAL`
  const shared = { storage: StorageType.File, discard: DiscardPolicy.New, num_replicas: replicas }
  await ensure(makers, {
    ...{ ...shared, name, subjects: [`${name}.delivery.*`], retention: RetentionPolicy.Workqueue },
    duplicate_window: DUPLICATES_NS,
  })
  await ensure(makers, {
    ...{
      ...shared,
      name: journal,
      subjects: [`${name}.setup`, `${name}.journal.*`, `${name}.state.*`, `${name}.told.*`],
    },
    retention: RetentionPolicy.Limits,
  })

  const stored = async (query: { last_by_subj: string } | { seq: number; next_by_subj: string }, of = journal) => {
    for (let tries = 1; ; tries++) {
      try {
        const found = await readers.streams.getMessage(of, query)
        return found === null ? undefined : { seq: found.seq, data: found.data }
      } catch (error) {
        if (!(error instanceof errors.TimeoutError) || tries === READ_TRIES) throw error
      }
    }
  }
  const identity = async (partition: number): Promise<Identity> => {
    const subject = `${name}.delivery.${partition}`
    const { created, state } = await manager.streams.info(name, { subjects_filter: subject })
    const born = Date.parse(created)
    const isRestored = !(born > 0) || (state.messages > 0 && Date.parse(state.first_ts) < born)
    return { id: created, isRestored, last: state.last_seq, messages: state.subjects?.[subject] ?? 0 }
  }
  const follow: Streams['follow'] = async (which, arrived, lost) => {
    const { partition, of } = which
    if ((await identity(partition)).id !== of) throw new MadeAnew(`${name}.delivery.${partition}`)
    return pull({ connection, client, manager, makers, stream: name, ...which }, arrived, lost)
  }

  return Object.freeze({
    maxBytes: connection.info?.max_payload ?? 1_048_576,
    async deliver(partition: number, id: string, text: string) {
      return (await client.publish(`${name}.delivery.${partition}`, text, { msgID: id })).seq
    },
    async write(subject: string, data: Uint8Array | string, after?: number, id?: string) {
      try {
        const expect = after === undefined ? {} : { expect: { lastSubjectSequence: after } }
        return (await client.publish(subject, data, { ...expect, ...(id === undefined ? {} : { msgID: id }) })).seq
      } catch (error) {
        if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamWrongLastSequence) {
          throw new Overtaken(subject)
        }
        throw error
      }
    },
    last: (subject: string) => stored({ last_by_subj: subject }),
    next: (subject: string, from: number) => stored({ seq: from, next_by_subj: subject }),
    async each(subject: string, see: (message: Stored & { readonly partition: number }) => void) {
      const { name: passing, num_pending: count } = await manager.consumers.add(journal, {
        ...{ filter_subject: subject, ack_policy: AckPolicy.None, deliver_policy: DeliverPolicy.All },
        inactive_threshold: PASSING_NS,
      })
      const reader = await client.consumers.get(journal, passing)
      try {
        let left = count
        while (left > 0) {
          const messages = await reader.fetch({ max_messages: Math.min(left, FETCHED), expires: FETCH_MS })
          const before = left
          for await (const { seq, data, subject: its } of messages) {
            left--
            see({ seq, data, partition: Number(its.slice(its.lastIndexOf('.') + 1)) })
          }
          if (left === before) throw new Error('timeout while the journal was read')
        }
      } finally {
        await reader.delete().catch(() => false)
      }
    },
    async erase(seq: number) {
      await manager.streams.deleteMessage(journal, seq, true)
    },
    forget: (subject: string, before: number) =>
      forgetEach({ manager, stream: journal, next: (from) => stored({ seq: from, next_by_subj: subject }), before }),
    delivery: (partition: number, from: number) =>
      stored({ seq: from, next_by_subj: `${name}.delivery.${partition}` }, name),
    takeOut: (seq: number) => void manager.streams.deleteMessage(name, seq, false).catch(() => false),
    identity,
    follow,
    subjects: {
      setup: `${name}.setup`,
      journal: (partition: number) => `${name}.journal.${partition}`,
      state: (partition: number) => `${name}.state.${partition}`,
      told: (partition: number) => `${name}.told.${partition}`,
      ...{ journals: `${name}.journal.*`, allTold: `${name}.told.*` },
    },
  } satisfies Streams)
}

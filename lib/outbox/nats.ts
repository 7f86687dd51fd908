/**
 * The outbox on NATS JetStream (2.9 and newer): a replicated queue of its own, beside a store that keeps the registrations.
 * Knows its options; the queue is in its parts.
 */
import { z } from 'zod'
import { type OptionWords } from '../model/options'
import { checkContentKey } from '../stores/content-key-decoding'
import type * as Opening from './nats-opening'
import { type OutboxKind } from './outbox-kind'

/** Loaded where there is such an outbox: who has none carries none of it about. */
const opening = () => module.require('./nats-opening') as typeof Opening

/** The kind `nats` of the configuration's `outbox`. */
export const nats: OutboxKind<Opening.NatsOptions> = Object.freeze({
  kind: 'nats',
  options: (words: OptionWords) =>
    z.strictObject({
      servers: z.array(z.string().regex(/^((nats|tls):\/\/)?[^\s/@:]+(:\d+)?$/, 'nats://host:4222')).min(1),
      user: z.string().min(1).optional(),
      password: words.credential.optional(),
      token: words.credential.optional(),
      credentials: words.credential.optional(),
      tls: z
        .strictObject({
          ca: words.credential.optional(),
          cert: words.credential.optional(),
          key: words.credential.optional(),
        })
        .optional(),
      stream: z
        .string()
        .regex(/^[A-Za-z0-9_-]{1,64}$/)
        .default('XMPP_PUSH'),
      replicas: z.number().int().min(1).max(5).default(1),
      partitions: z.number().int().min(1).max(64).default(8),
      contentKey: words.credential.superRefine(checkContentKey),
      maxDeliveries: z.number().int().min(1).max(10_000_000).default(200_000),
      maxDeliveriesPerApp: z.number().int().min(1).max(10_000_000).optional(),
    }),
  open: (options, store, surroundings) => opening().openBeside(options, store, surroundings),
} satisfies OutboxKind<Opening.NatsOptions>)

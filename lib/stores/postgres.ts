/**
 * The store for more than one machine: PostgreSQL (15 and newer). Knows its options; the store is in its parts.
 */
import { z } from 'zod'
import { type Credential } from '../model/opaque'
import { type OptionWords } from '../model/options'
import { checkContentKey } from './content-key-decoding'
import type * as PostgresStore from './postgres-store'
import { toolsOf } from './postgres-tools'
import { AddressFault, addressOf } from './postgres-url'
import { type StoreKind, type StoreSurroundings } from './store'

/** Loaded where there is such a store: who has another one carries none of it about. */
const store = () => module.require('./postgres-store') as typeof PostgresStore

function checkAddress(url: Credential, context: z.RefinementCtx): void {
  try {
    addressOf(url, undefined)
  } catch (error) {
    if (!(error instanceof AddressFault)) throw error
    context.addIssue({ code: 'custom', message: error.message, params: { mend: error.mend } })
  }
}

/** The kind `postgres` of the configuration's `store`. */
export const postgres: StoreKind<PostgresStore.PostgresOptions> = Object.freeze({
  kind: 'postgres',
  isShared: true,
  options: (words: OptionWords) =>
    z.strictObject({
      url: words.credential.superRefine(checkAddress),
      password: words.credential.optional(),
      ca: words.credential.optional(),
      contentKey: words.credential.superRefine(checkContentKey),
      schema: z
        .string()
        .regex(/^[a-z_][a-z0-9_]{0,62}$/)
        .default('xmpp_push'),
      connections: z.number().int().min(3).max(1000).default(8),
      maxDeliveries: z.number().int().min(1).max(1_000_000_000).default(1_000_000),
      maxDeliveriesPerApp: z.number().int().min(1).max(1_000_000_000).optional(),
    }),
  inspect: (options: PostgresStore.PostgresOptions) => store().inspect(options),
  tools: ({ url, password, schema }, file: string) => toolsOf(addressOf(url, password), schema, file),
  open: (options: PostgresStore.PostgresOptions, surroundings: StoreSurroundings) =>
    store().openPostgres(options, surroundings),
} satisfies StoreKind<PostgresStore.PostgresOptions>)

/** Kinds that are just large enough for a configuration to name them. */
import { z } from 'zod'
import { type Credential } from '../../lib/model/opaque'
import { type Profile } from '../../lib/profiles/profile'
import { type Provider, type ProviderKind } from '../../lib/providers/provider'
import { type Store, type StoreKind } from '../../lib/stores/store'

interface PigeonOptions {
  readonly key: Credential
  readonly loft: string
  readonly endpoint?: string | undefined
  readonly legs: number
  readonly feather?: string | undefined
  readonly rings: { readonly left: string; readonly right?: string | undefined }
}

/** Speaks as APNs does; its options have every form that an option can have. */
const pigeon: ProviderKind<PigeonOptions> = {
  kind: 'pigeon',
  speaks: 'apns',
  options: (words) =>
    z.strictObject({
      key: words.credential,
      loft: z.string().min(2),
      endpoint: words.endpoint.optional(),
      legs: z.number().int().min(1).max(4).default(2),
      feather: z
        .string()
        .regex(/^[a-z]+$/, 'its colour in small letters')
        .optional(),
      rings: z.strictObject({ left: z.string(), right: z.string().optional() }).default({ left: 'plain' }),
    }),
  address: (raw) => raw.toLowerCase(),
  maxEncryptedSize: 100,
  check: async ({ loft }) => [{ is: 'fact', text: `loft ${loft}` }],
  open: ({ key }): Provider => ({
    concurrency: 1,
    attempt: async () => ({ is: 'refused', why: key.text() }),
    close: async () => undefined,
  }),
}

const drum: ProviderKind<{ readonly skin: 'goat' | 'calf' }> = {
  kind: 'drum',
  speaks: 'fcm',
  options: () => z.strictObject({ skin: z.enum(['goat', 'calf']) }),
  address: (raw) => raw,
  maxEncryptedSize: 0,
  check: async () => [],
  open: () => {
    throw new Error('no drum')
  },
}

const whisper: Profile<{ readonly word: string }> = {
  name: 'whisper',
  options: z.strictObject({ word: z.string().default('psst') }),
  reveals: ({ word }) => `the word "${word}"`,
  passesEncrypted: true,
  keeps: ({ word }) => ({ sender: word === 'all', body: false }),
  rings: () => false,
  collapseKey: ({ class: of }, { word }) => `${of} ${word}`,
  write: { apns: ({ id }, { word }) => ({ is: 'silence', why: `${id} ${word}` }) },
}

const box: StoreKind<{ readonly file: string }> = {
  kind: 'box',
  options: (words) => z.strictObject({ file: words.path }),
  open: async ({ file }): Promise<Store> => {
    throw new Error(`no store in ${file}`)
  },
}

export const smallKinds = { providers: { pigeon, drum }, profiles: { whisper }, stores: { box } }

/** A configuration that is right, for a spec to spoil. */
export const right = {
  component: { domain: 'push.example.com', service: 'xmpp://127.0.0.1:5347', secret: 'hush' },
  store: { kind: 'box', file: 'data/box.db' },
  apps: { 'org.example.ios': { provider: 'pigeon', profile: 'whisper', key: 'k', loft: 'attic' } },
}

/** The keys of an app that speaks to APNs, and what they mean for each of Apple's two environments. Reads no credential. */
import { z } from 'zod'
import { type Credential } from '../model/opaque'
import { type OptionWords } from '../model/options'
import { type ProxySetting } from '../model/proxy'
import { type Environment } from '../model/registration'
import { type Http2 } from '../wire/wire'
import { connectionsOption, type Connections } from './connections'
import { http2Option } from './http2'
import { type HandedIn } from './provider'

/** The key that `key` took the place of, while Apple still takes it. */
export interface PreviousKey {
  readonly key: Credential
  readonly keyId: string
}

interface Overridable {
  readonly key?: Credential | undefined
  readonly keyId?: string | undefined
  readonly teamId?: string | undefined
  readonly previousKey?: PreviousKey | undefined
  readonly endpoint?: string | undefined
}

export interface ApnsOptions extends Overridable {
  readonly topic: string
  readonly environment?: Environment | undefined
  readonly environments?:
    { readonly production?: Overridable | undefined; readonly sandbox?: Overridable | undefined } | undefined
  readonly certificate?: Credential | undefined
  readonly certificateKey?: Credential | undefined
  readonly passphrase?: Credential | undefined
  readonly storedCertificate?: true | undefined
  readonly ca?: Credential | undefined
  readonly connections?: Connections | undefined
  readonly http2?: Http2 | undefined
  readonly proxy?: ProxySetting | undefined
}

/** One environment of an app, all its keys in one place. */
export interface ApnsSettings extends Overridable {
  readonly topic: string
  readonly environment: Environment
  readonly endpoint: string
  readonly certificate?: Credential | undefined
  readonly certificateKey?: Credential | undefined
  readonly passphrase?: Credential | undefined
  readonly storedCertificate?: true | undefined
  readonly ca?: Credential | undefined
  readonly connections: Connections
  readonly http2?: Http2 | undefined
  readonly proxy?: ProxySetting | undefined
}

/** Something wrong in the configuration, and what to do about it. */
export interface ApnsFault {
  readonly text: string
  readonly mend: string
}

const APPLES_ENDPOINT: Readonly<Record<Environment, string>> = {
  production: 'https://api.push.apple.com',
  sandbox: 'https://api.sandbox.push.apple.com',
}

/** The closed object of an app's own keys. */
export function apnsOptions(words: OptionWords) {
  const overridable = {
    key: words.credential.optional(),
    keyId: z.string().optional(),
    teamId: z.string().optional(),
    previousKey: z.strictObject({ key: words.credential, keyId: z.string() }).optional(),
    endpoint: words.endpoint.optional(),
  }
  return z.strictObject({
    topic: z.string().regex(/^[\x21-\x7e]+$/, 'the bundle id of the app, e.g. org.example.ios'),
    environment: z.enum(['production', 'sandbox']).optional(),
    environments: z
      .strictObject({
        production: z.strictObject(overridable).optional(),
        sandbox: z.strictObject(overridable).optional(),
      })
      .optional(),
    ...overridable,
    certificate: words.credential.optional(),
    certificateKey: words.credential.optional(),
    passphrase: words.credential.optional(),
    storedCertificate: z
      .literal(true)
      .optional()
      .describe('The app has no credential here: an administrator hands a certificate in over XMPP.'),
    ca: words.credential.optional(),
    connections: connectionsOption,
    http2: http2Option,
    proxy: words.proxy.optional(),
  })
}

/** The same app with a certificate that was handed in, in place of whatever credential it had. */
export function withHandedIn(options: ApnsOptions, { certificate, passphrase }: HandedIn): ApnsOptions {
  const none = { key: undefined, keyId: undefined, teamId: undefined, previousKey: undefined }
  const { production, sandbox } = options.environments ?? {}
  return {
    ...{ ...options, ...none, certificateKey: undefined, storedCertificate: undefined, certificate, passphrase },
    environments: options.environments && {
      production: production && { ...production, ...none },
      sandbox: sandbox && { ...sandbox, ...none },
    },
  }
}

/** Every environment that the app uses; the first is the one of a push that names none. */
export function settingsOf(options: ApnsOptions): readonly ApnsSettings[] | ApnsFault {
  const { environment, environments, ...shared } = options
  const named = (['production', 'sandbox'] as const).filter((one) => environments?.[one] !== undefined)
  if (named.length > 0 && environment !== undefined && !named.includes(environment)) {
    return {
      text: `environment is ${environment}, but environments only has ${named.join(' and ')}`,
      mend: `Add ${environment} to environments, or leave environments out`,
    }
  }
  const all = named.length > 0 ? named : [environment ?? 'production']
  const ordered = environment === undefined ? all : [environment, ...all.filter((one) => one !== environment)]
  return ordered.map((one) => {
    const own = environments?.[one] ?? {}
    return {
      ...shared,
      key: own.key ?? shared.key,
      keyId: own.keyId ?? shared.keyId,
      teamId: own.teamId ?? shared.teamId,
      // Whoever names a key of an environment's own has not replaced the other one by it.
      previousKey: own.previousKey ?? (own.key === undefined ? shared.previousKey : undefined),
      environment: one,
      endpoint: own.endpoint ?? shared.endpoint ?? APPLES_ENDPOINT[one],
      connections: options.connections ?? 'auto',
    }
  })
}

/** One entry of `apps`: a flat, closed object whose keys are those of its provider and those of its profile. */
import { type Fault, type Path, spell, tell } from './fault'
import { either, unknownKey } from './faults'
import { type AppProfile, type AppProvider, type BoundKinds, type BoundProfile, type BoundProvider } from './kinds'
import { nearest } from './nearest'
import { type Shape, shapeOf } from './shape'
import { match } from './match'
import { unbuiltKind, unbuiltKinds } from './unbuilt'
import { readPart } from './faults'
import { createHash } from 'node:crypto'
import { type Match } from '../model/match'
import { type Credential } from '../model/opaque'

/** An app, its options applied to its provider and its profile. */
export interface App {
  readonly name: string
  readonly provider: AppProvider
  readonly profile: AppProfile
  readonly match?: Match
  /** Equal for the same settings with the same secrets, whatever the files are called that hold them. */
  readonly fingerprint: string
  /** Why it can't be opened here, and need not be: its credentials are where it is sent. */
  readonly elsewhere?: string
  /** Why its credentials can't be read: it can't be opened, and the other apps can. */
  readonly unread?: readonly Fault[]
}

type Raw = Readonly<Record<string, unknown>>

/** True for a JSON object. */
export function isObject(raw: unknown): raw is Raw {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw)
}

/** The kind that a key names, or its fault: missing, not built yet, or unknown with the nearest one and those that would fit. */
export function choose<T>(
  key: 'provider' | 'profile' | 'kind',
  raw: unknown,
  at: Path,
  table: ReadonlyMap<string, T>,
  faults: Fault[],
  fitting: readonly string[] = [...table.keys()],
): T | undefined {
  const path = spell(at)
  const choice = either(fitting)
  if (typeof raw !== 'string') {
    faults.push({ path, text: raw === undefined ? 'is missing' : 'is not a text', mend: `Write ${choice}` })
    return undefined
  }
  const found = table.get(raw)
  if (found !== undefined) return found
  const of = key === 'kind' ? (at[0] === 'outbox' ? 'outbox' : 'store') : key
  const meant = nearest(raw, [...table.keys()])
  const unbuilt = of === 'profile' ? undefined : unbuiltKind(of, raw, at)
  faults.push(
    unbuilt ?? {
      path,
      text: `there is no ${of} "${raw}"${meant === undefined ? '' : `; did you mean "${meant}"?`}`,
      mend: `Write ${choice}`,
    },
  )
  return undefined
}

function pick(raw: Raw, shape: Shape): Raw {
  return Object.fromEntries(Object.entries(raw).filter(([key]) => Object.hasOwn(shape.properties ?? {}, key)))
}

/** Refuses keys that neither provider nor profile knows; silent where one of the two is itself in doubt. */
function closeKeys(raw: Raw, at: Path, provider: BoundProvider, profile: BoundProfile, faults: Fault[]): void {
  const own = [...Object.keys(provider.shape.properties ?? {}), ...Object.keys(profile.shape.properties ?? {})]
  const known = ['provider', 'profile', 'match', ...own]
  for (const key of Object.keys(raw)) {
    if (!known.includes(key)) faults.push(unknownKey(key, at, known))
  }
}

const sayable = /^[\w.:@+~-]{1,128}$/

/** What the configuration says for every app that says nothing itself, by key; only for providers that have such a key. */
export type Usual = Readonly<Record<string, unknown>>

export interface AppSurroundings {
  readonly usual?: Usual
  /** The secrets that were read since it was last asked. */
  readonly heard?: () => readonly Credential[]
  /** The secrets that were not there since it was last asked, and need not be. */
  readonly spared?: () => readonly string[]
}

function fingerprintOf(raw: Raw, usual: Usual, secrets: readonly Credential[]): string {
  const hash = createHash('sha256').update(JSON.stringify([raw, usual]))
  for (const secret of secrets) hash.update(createHash('sha256').update(secret.bytes()).digest())
  return hash.digest('base64url')
}

/** Reads an app; undefined with every fault added where it can't be used. */
export function readApp(
  name: string,
  raw: unknown,
  kinds: BoundKinds,
  faults: Fault[],
  { usual = {}, heard = () => [], spared = () => [] }: AppSurroundings = {},
): App | undefined {
  const at: Path = ['apps', name]
  const before = faults.length
  heard()
  spared()
  if (!sayable.test(name)) {
    faults.push({ path: spell(at), text: 'is no name for an app', mend: 'Use letters, digits and . _ : @ + ~ - only' })
  }
  if (!isObject(raw)) {
    faults.push({ path: spell(at), text: 'is not an object: {…}', mend: 'Write { "provider": …, "profile": …, … }' })
    return undefined
  }
  const provider = choose('provider', raw['provider'], [...at, 'provider'], kinds.providers, faults)
  const fitting = [...kinds.profiles].flatMap(([fit, { writesFor }]) =>
    provider === undefined || writesFor.includes(provider.speaks) ? fit : [],
  )
  const profile = choose('profile', raw['profile'], [...at, 'profile'], kinds.profiles, faults, fitting)
  const matched =
    raw['match'] === undefined ? undefined : readPart<Match>(match, raw['match'], [...at, 'match'], faults)
  if (provider !== undefined && profile !== undefined) closeKeys(raw, at, provider, profile, faults)
  const mine = pick({ ...usual, ...raw }, provider?.shape ?? {})
  const { appProvider, unread } = readProvider(provider, mine, at, faults)
  if (provider === undefined || profile === undefined) return undefined
  const appProfile = profile.read(pick(raw, profile.shape), at, faults, provider.speaks)
  if (!profile.writesFor.includes(provider.speaks)) {
    faults.push({
      path: spell([...at, 'profile']),
      text: `the profile "${String(raw['profile'])}" can't write for ${String(raw['provider'])}`,
      mend: `Write ${either(fitting)}`,
    })
  }
  if (faults.length > before || appProvider === undefined || appProfile === undefined) return undefined
  const missing = spared()
  const elsewhere = missing.length === 0 ? undefined : `${missing.join('; ')}: not needed where nothing is sent`
  return Object.freeze({
    ...{ name, profile: appProfile, fingerprint: fingerprintOf(raw, usual, heard()) },
    provider: elsewhere === undefined ? appProvider : unopened(appProvider, elsewhere),
    ...(matched === undefined ? {} : { match: matched }),
    ...(elsewhere === undefined ? {} : { elsewhere }),
    ...(unread.length === 0 ? {} : { unread }),
  })
}

/** `unread`: what would be faults of the configuration, were they not an app's own alone. */
function readProvider(
  provider: BoundProvider | undefined,
  raw: Raw,
  at: Path,
  faults: Fault[],
): { readonly appProvider: AppProvider | undefined; readonly unread: readonly Fault[] } {
  const before = faults.length
  const appProvider = provider?.read(raw, at, faults)
  if (provider === undefined || appProvider !== undefined) return { appProvider, unread: [] }
  const others: Fault[] = []
  const forgiven = provider.readUnread(raw, at, others)
  if (forgiven === undefined || others.length > 0) return { appProvider, unread: [] }
  const unread = faults.splice(before)
  return { appProvider: unreadable(forgiven, at, unread), unread }
}

/** A provider whose credentials can't be read: nothing of it can be told, offered or opened. */
function unreadable(provider: AppProvider, at: Path, faults: readonly Fault[]): AppProvider {
  const expiries: AppProvider['expiries'] = () => []
  // Whoever tells it names the app.
  const why = faults.map(({ path, ...fault }) => tell({ ...fault, path: path.slice(spell(at).length + 1) })).join('. ')
  const open: AppProvider['open'] = () => {
    throw new Error(why)
  }
  return Object.freeze({ ...provider, offers: {}, expiries, check: async () => [], open })
}

/** A provider whose credentials are not here: there is nothing to check, and nothing of them has a date. */
function unopened(provider: AppProvider, why: string): AppProvider {
  const expiries: AppProvider['expiries'] = () => []
  return Object.freeze({ ...provider, expiries, check: async () => [{ is: 'fact' as const, text: why }] })
}

/** The keys of one kind, to be joined with others into one closed object. */
function open({ additionalProperties: _closed, type: _type, ...shape }: Shape): Shape {
  return shape
}

/** The shape of an app, so that an editor offers the keys of the provider and the profile that were chosen. */
export function appShape(kinds: BoundKinds): Shape {
  const when = (key: string, table: ReadonlyMap<string, { readonly shape: Shape }>): readonly Shape[] =>
    [...table].map(([name, { shape }]) => ({
      if: { properties: { [key]: { const: name } }, required: [key] },
      then: open(shape),
    }))
  const providers = [...kinds.providers.keys(), ...Object.keys(unbuiltKinds.provider)]
  return {
    type: 'object',
    properties: {
      provider: { enum: providers, description: 'The push service that wakes the app.' },
      profile: {
        enum: [...kinds.profiles.keys()],
        description: 'The family of apps: what a push must contain for it.',
      },
      match: shapeOf(match),
    },
    required: ['provider', 'profile'],
    allOf: [...when('provider', kinds.providers), ...when('profile', kinds.profiles)],
    unevaluatedProperties: false,
  }
}

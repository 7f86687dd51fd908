/**
 * `component.config.json` to a frozen `Config`, or every fault in it at once. The only reader of the environment. Knows
 * which parts there are; what a kind's own keys mean, the kind declares.
 */
import { dirname, resolve } from 'node:path'
import { type App, type AppSurroundings, isObject, readApp, type Usual } from './config/app'
import { FILE_VARIABLE, override } from './config/environment'
import { type Fault, spell } from './config/fault'
import { readPart, unknownKey } from './config/faults'
import { type Http, readHttp } from './config/http'
import { fuse, type FuseConfig, limits, type LimitsConfig } from './config/limits'
import { keep, type KeepConfig } from './config/keep'
import { bindKinds, type BoundKinds, type ConfiguredStore, type Kinds } from './config/kinds'
import { load } from './config/load'
import { type Access, access, type ComponentConfig, type Log, log, makeComponent, parentOf } from './config/parts'
import { type RemoteDisableConfig, remoteDisable } from './config/parts'
import { readOutbox } from './config/outbox'
import { refuseAlone, type Role, roles } from './config/roles'
import { configShape, PARTS } from './config/schema'
import { type Shape } from './config/shape'
import { readStore } from './config/store'
import { makeTelemetry, type Telemetry } from './config/telemetry'
import { type Environment, makeWords, type Sources } from './config/words'
import * as built from './kinds'
import { Credential, type Opaque } from './model/opaque'
import { type OptionWords } from './model/options'

export { type App } from './config/app'
export { type ComponentConfig } from './config/parts'
export { type Role } from './config/roles'
export { type Fault } from './config/fault'

export interface Config {
  /** The file it was read from, absolute. */
  readonly file: string
  /** What it said, secrets and all. */
  readonly text: Opaque
  /** The files that it names for keys, certificates and secrets, absolute. */
  readonly secrets: readonly string[]
  readonly components: readonly ComponentConfig[]
  readonly store: ConfiguredStore
  /** By name, in the file's order. */
  readonly apps: ReadonlyMap<string, App>
  readonly access: Access
  /** What the file sets of the limits; the rest is as usual. */
  readonly limits: LimitsConfig
  readonly fuse: FuseConfig
  readonly keep: KeepConfig
  readonly log: Log
  readonly http: Http
  readonly telemetry?: Telemetry
  readonly remoteDisable: RemoteDisableConfig
  readonly roles: readonly Role[]
}

export type ReadConfig =
  | { readonly is: 'config'; readonly config: Config }
  | {
      readonly is: 'faults'
      readonly faults: readonly Fault[]
      /** The apps in which nothing was found wrong, so that their credentials can be checked all the same. */
      readonly sound: readonly App[]
      /** Names of all apps, sound or not. */
      readonly apps: readonly string[]
      /** Absent where something is wrong with it. */
      readonly store?: ConfiguredStore
      /** The same with its outbox, where another is named; absent where something is wrong with either. */
      readonly standing?: ConfiguredStore
      /** As usual where something is wrong with it. */
      readonly keep: KeepConfig
    }

/** Where the configuration is read from, and the kinds it may name. */
export interface ConfigSource<P, F, S> {
  readonly file: string
  /** What the file said, where only what it points to is to be read again. */
  readonly text?: Opaque | undefined
  /** The process's own by default. */
  readonly env?: Environment
  /** Those of `kinds.ts` by default. */
  readonly kinds?: Kinds<P, F, S>
}

/** The file to read where the call names none: `XMPP_PUSH_CONFIG`, or `component.config.json` in the working folder. */
export function configFile(env: Environment = process.env): string {
  return env[FILE_VARIABLE] ?? 'component.config.json'
}

const UNREAD = new Credential(Buffer.alloc(0), 'nowhere')

function bind<P, F, S>(
  kinds: Kinds<P, F, S> | undefined,
  ...words: [OptionWords, OptionWords?, OptionWords?]
): BoundKinds {
  return kinds === undefined ? bindKinds(built, ...words) : bindKinds(kinds, ...words)
}

/** JSON Schema of the configuration, as published in `docs/component.config.schema.json`. */
export function configSchema<P, F, S>(kinds?: Kinds<P, F, S>): Shape {
  const words = makeWords({ folder: '.', env: {} })
  return configShape(bind(kinds, words), words)
}

type Raw = Readonly<Record<string, unknown>>

function readComponents(raw: unknown, words: OptionWords, faults: Fault[]): readonly ComponentConfig[] {
  const schema = makeComponent(words)
  const items: readonly unknown[] = Array.isArray(raw) ? raw : [raw]
  const components = items.flatMap((item, at) => {
    const component = readPart(schema, item, Array.isArray(raw) ? ['component', at] : ['component'], faults)
    return component === undefined ? [] : [component]
  })
  if (items.length === 0) faults.push({ path: 'component', text: 'the list is empty', mend: 'Add a component: {…}' })
  const domains = components.map(({ domain }) => domain)
  const twice = domains.find((domain, at) => domains.indexOf(domain) !== at)
  if (twice !== undefined) {
    faults.push({ path: 'component', text: `${twice} is attached twice`, mend: 'Keep one of the two' })
  }
  return components
}

function readApps(raw: unknown, kinds: BoundKinds, faults: Fault[], around: AppSurroundings): readonly App[] {
  if (!isObject(raw) || Object.keys(raw).length === 0) {
    const text = raw === undefined ? 'is missing' : isObject(raw) ? 'names no app' : 'is not an object: {…}'
    faults.push({ path: 'apps', text, mend: 'Write { "name of the app": { "provider": …, "profile": …, … } }' })
    return []
  }
  return Object.entries(raw).flatMap(([name, entry]) => readApp(name, entry, kinds, faults, around) ?? [])
}

/** The proxy of every app that names none; it is not handed on where it is itself at fault, which is told once. */
function usualOf(top: Raw, words: OptionWords, faults: Fault[]): Usual {
  const raw = top['proxy']
  const isGood = raw !== undefined && readPart(words.proxy, raw, ['proxy'], faults) !== undefined
  return isGood ? { proxy: raw } : {}
}

/** Users of the component's parent domain may register, where the file does not say who. */
function readAccess(raw: unknown, components: readonly ComponentConfig[], faults: Fault[]): Access | undefined {
  const read = readPart(access, raw === undefined ? {} : raw, ['access'], faults)
  if (read === undefined) return undefined
  const parents = components.map(({ domain }) => ({ domain, parent: parentOf(domain) }))
  const orphan = parents.find(({ parent }) => parent === undefined)
  if (read.register === undefined && orphan !== undefined) {
    faults.push({
      path: 'access.register',
      text: `is missing, and "${orphan.domain}" has no parent domain to take its place`,
      mend: 'List the domains whose users may register: ["example.com"]',
    })
  }
  const register = read.register ?? parents.flatMap(({ parent }) => parent ?? [])
  return { register: [...new Set(register)], publish: read.publish, admins: read.admins }
}

function refuseKeys(raw: Raw, faults: Fault[]): void {
  const known: readonly string[] = PARTS
  for (const key of Object.keys(raw)) if (!known.includes(key)) faults.push(unknownKey(key, [], known))
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  for (const inner of Object.values(value)) freeze(inner)
  return Object.freeze(value)
}

function nothingOf(faults: readonly Fault[], known = keep.parse({})): ReadConfig & { readonly is: 'faults' } {
  return { is: 'faults', faults, sound: [], apps: [], keep: known }
}

/**
 * Reads, overrides from the environment and checks the configuration, and reads every secret it points to. Never
 * throws for what stands in it: all faults are returned together, each with its path and its mend.
 */
export function readConfig<P, F, S>({ file, text, env = process.env, kinds }: ConfigSource<P, F, S>): ReadConfig {
  const path = resolve(file)
  const secrets = new Set<string>()
  const read: Credential[] = []
  const spared: string[] = []
  let sends = true
  const sources: Sources = {
    ...{ folder: dirname(path), env },
    looksFor: (secret) => secrets.add(secret),
    found: (secret) => read.push(secret),
  }
  const spare = (what: string): Credential | undefined => {
    if (sends) return undefined
    spared.push(what)
    return new Credential(Buffer.alloc(0), what)
  }
  const words = makeWords(sources)
  const forgiving = makeWords({ ...sources, unread: UNREAD })
  const bound = bind(kinds, words, makeWords({ ...sources, spare }), forgiving)
  const loaded = load(path, text)
  if (!('raw' in loaded)) return nothingOf([loaded])
  const faults: Fault[] = []
  if (!isObject(loaded.raw)) {
    const text = 'the configuration is not an object: {…}'
    return nothingOf([{ path, text, mend: 'Begin with a copy of the example' }])
  }
  const { raw, setBy } = override(loaded.raw, () => configShape(bound, words), env, faults)
  const top = isObject(raw) ? raw : {}
  refuseKeys(top, faults)
  const staging = readPart(roles, top['roles'], ['roles'], faults)
  sends = staging?.includes('dispatch') !== false
  const components = readComponents(top['component'], words, faults)
  const store = readStore(top['store'], bound, faults)
  const usual = usualOf(top, words, faults)
  const apps = readApps(top['apps'], bound, faults, {
    ...{ usual, heard: () => read.splice(0), spared: () => spared.splice(0) },
  })
  const rights = readAccess(top['access'], components, faults)
  const pacing = readPart(limits, top['limits'] === undefined ? {} : top['limits'], ['limits'], faults)
  const fusing = readPart(fuse, top['fuse'] === undefined ? {} : top['fuse'], ['fuse'], faults)
  const kept = readPart(keep, top['keep'] === undefined ? {} : top['keep'], ['keep'], faults)
  const logging = readPart(log, top['log'] === undefined ? {} : top['log'], ['log'], faults)
  const http = readHttp(top['http'], words, faults)
  const telling = top['telemetry']
  const telemetry = telling === undefined ? undefined : readPart(makeTelemetry(words), telling, ['telemetry'], faults)
  const disabling = readPart(remoteDisable, top['remoteDisable'], ['remoteDisable'], faults)
  if (staging !== undefined && store !== undefined) refuseAlone({ is: staging, store }, faults)
  const standing = readOutbox(top['outbox'], words, faults)
  const isServed = standing !== undefined && http !== undefined && disabling !== undefined && staging !== undefined
  const isWhole = store !== undefined && rights !== undefined && logging !== undefined
  if (
    faults.length > 0 ||
    !isWhole ||
    !isServed ||
    pacing === undefined ||
    fusing === undefined ||
    kept === undefined
  ) {
    const sources = new Map([...setBy].map(([at, name]) => [spell(at), name]))
    const named = faults.map((fault) => {
      const name = sources.get(fault.path)
      return name === undefined ? fault : { ...fault, text: `${fault.text} (set by the environment variable ${name})` }
    })
    const names = isObject(top['apps']) ? Object.keys(top['apps']) : []
    const whole = store === undefined ? undefined : standing?.(store, sends)
    return {
      ...{ ...nothingOf(named, kept), sound: apps, apps: names, ...(store === undefined ? {} : { store }) },
      ...(whole === undefined ? {} : { standing: whole }),
    }
  }
  const byName: ReadonlyMap<string, App> = new Map(apps.map((app) => [app.name, app]))
  const config = {
    file: path,
    text: loaded.text,
    secrets: [...secrets],
    components,
    store: standing(store, staging.includes('dispatch')),
    apps: byName,
    access: rights,
    limits: pacing,
    fuse: fusing,
    keep: kept,
    log: logging,
    http,
    remoteDisable: disabling,
    roles: [...new Set(staging)],
    ...(telemetry === undefined ? {} : { telemetry }),
  }
  return { is: 'config', config: freeze(config) }
}

/** Every configured app, opened: its face at the door, and its provider where the credentials are good. Part of the composition root. */
import { type Provable } from './admin/proving'
import { makeToldOnce } from './admin/told-once'
import { type Clock } from './clock'
import { type App } from './config'
import { type SendingApp } from './dispatch/sender'
import { type DoorApp } from './intake/app'
import { type Observe } from './observe'
import { type Expiry, type HandedIn, type Keep, type Provider } from './providers/provider'

export interface OpenApp {
  /** Equal for what was opened from the same settings and secrets. */
  readonly fingerprint: string
  /** With a certificate that was handed in. */
  readonly isHandedIn: boolean
  readonly door: DoorApp
  /** What of its credentials has a date, past or to come. */
  readonly expiries: readonly Expiry[]
  /** Absent where its credentials could not be used: what is accepted for it waits. */
  readonly sending?: SendingApp
  /** Asks its push service about the credential; absent where that can't be asked. */
  readonly prove?: NonNullable<Provider['prove']>
  /** Why it is absent. */
  readonly refused?: string
  /** It is absent and need not be there: its credentials are where it is sent. */
  readonly isElsewhere?: true
}

export interface OpenAppsOptions {
  readonly keep: Keep
  /** What administrators handed in, by app. */
  readonly handedIn: ReadonlyMap<string, HandedIn & { readonly at: number }>
  readonly clock: Clock
  readonly observe: Observe
}

/**
 * Opens every app but those that are open with the same settings and secrets; one whose credentials can't be used is told, and
 * its pushes wait. Where it could send before, it goes on as it was in `before`: a key file that is half written stops nobody.
 */
export function openApps(
  apps: ReadonlyMap<string, App>,
  options: OpenAppsOptions,
  before: ReadonlyMap<string, OpenApp> = new Map(),
): ReadonlyMap<string, OpenApp> {
  return new Map([...apps].map(([name, app]) => [name, openApp(app, options, before.get(name))]))
}

function openApp(
  app: App,
  { keep, handedIn: all, clock, observe }: OpenAppsOptions,
  before: OpenApp | undefined,
): OpenApp {
  const { name, provider: kind, profile, match } = app
  const handedIn = all.get(name)
  const fingerprint = `${app.fingerprint} ${handedIn?.at ?? ''}`
  if (before?.fingerprint === fingerprint && before.sending !== undefined) return before
  const isHandedIn = handedIn !== undefined
  const door: DoorApp = Object.freeze({
    name,
    speaks: kind.speaks,
    offers: kind.offers,
    profile: profile.name,
    passesEncrypted: profile.passesEncrypted,
    ...(match === undefined ? {} : { match }),
    maxEncryptedSize: kind.maxEncryptedSize,
    keeps: { ...profile.keeps, encrypted: profile.passesEncrypted },
    address: (raw: string) => kind.address(raw),
    rings: (...said: Parameters<DoorApp['rings']>) => profile.rings(...said),
    collapseKey: (...said: Parameters<DoorApp['collapseKey']>) => profile.collapseKey(...said),
  })
  const expiries = kind.expiries(handedIn)
  if (app.elsewhere !== undefined) {
    if (before?.fingerprint !== fingerprint) observe({ at: 'notice', about: `app ${name}`, text: app.elsewhere })
    return { ...{ fingerprint, isHandedIn, door, expiries }, isElsewhere: true }
  }
  const toldOnce = makeToldOnce((text) => observe({ at: 'notice', about: `app ${name}`, text }))
  let provider: Provider
  try {
    provider = kind.open({
      app: name,
      clock,
      keep,
      notice: toldOnce.notice,
      ...(handedIn === undefined ? {} : { handedIn }),
    })
  } catch (error) {
    // Not with what was taken back.
    const goesOn = before?.sending !== undefined && (isHandedIn || !before.isHandedIn)
    const meanwhile = goesOn
      ? 'it goes on with the credentials and settings it had'
      : 'its pushes are kept and wait until this is mended'
    const refused = error instanceof Error ? error.message : String(error)
    const text = `${refused}; ${meanwhile}`
    observe({ at: 'trouble', about: `app ${name}`, text })
    return goesOn ? before : { fingerprint, isHandedIn, door, expiries, refused }
  }
  const { whyNot, prove } = provider
  return {
    fingerprint,
    isHandedIn,
    door: whyNot === undefined ? door : Object.freeze({ ...door, whyNot }),
    expiries,
    sending: { provider, write: (subject) => profile.write(subject) },
    ...(prove === undefined ? {} : { prove: () => toldOnce.prove(prove) }),
  }
}

/** What the door knows of each app. */
export function doorsOf(apps: ReadonlyMap<string, OpenApp>): ReadonlyMap<string, DoorApp> {
  return new Map([...apps].map(([name, app]) => [name, app.door]))
}

/** The apps that can send. */
export function sendingOf(apps: ReadonlyMap<string, OpenApp>): ReadonlyMap<string, SendingApp> {
  const sending = new Map<string, SendingApp>()
  for (const [name, app] of apps) if (app.sending !== undefined) sending.set(name, app.sending)
  return sending
}

/** It sends, or another process does. */
export function isOpen({ sending, isElsewhere }: OpenApp): boolean {
  return sending !== undefined || isElsewhere === true
}

/** What push services can be asked about, by app. */
export function provableOf(apps: ReadonlyMap<string, OpenApp>): readonly Provable[] {
  return [...apps].map(([app, open]) => {
    const { fingerprint, prove } = open
    return { app, fingerprint, isOpen: isOpen(open), ...(prove === undefined ? {} : { prove }) }
  })
}

/** When the first credential of an app expires, by app, where one does (ms since 1970). */
export function expiriesOf(apps: ReadonlyMap<string, OpenApp>): ReadonlyMap<string, number> {
  return new Map(
    [...apps].flatMap(([name, { expiries }]): [string, number][] => {
      const ends = expiries.flatMap((each) => (each.of === 'credential' ? each.at : []))
      return ends.length === 0 ? [] : [[name, Math.min(...ends)]]
    }),
  )
}

/** Everything with a date, and whose it is. */
export function expiringOf(apps: ReadonlyMap<string, OpenApp>): readonly (Expiry & { readonly app: string })[] {
  return [...apps].flatMap(([app, { expiries }]) => expiries.map((each) => ({ ...each, app })))
}

/** Lets every attempt under way end, then closes. */
export async function closeApps(apps: ReadonlyMap<string, OpenApp>): Promise<void> {
  await Promise.all([...apps.values()].flatMap((app) => app.sending?.provider.close() ?? []))
}

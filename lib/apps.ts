/** The apps as they stand: opened at the start, and again where their settings, a key or a certificate changed. Part of the composition root. */
import { type Certificates } from './admin/certificates'
import { type CheckHandedIn } from './admin/hand-in'
import { type Clock } from './clock'
import { type App } from './config'
import { type SendingApp } from './dispatch/sender'
import { type DoorApp } from './intake/app'
import { type Observe } from './observe'
import { closeApps, doorsOf, type OpenApp, openApps, sendingOf } from './open-apps'
import { type Keep } from './providers/provider'

export interface AppsOptions {
  readonly keep: Keep
  readonly certificates: Certificates
  /** Lays over every provider what the house does around it. */
  readonly around: (sending: ReadonlyMap<string, SendingApp>) => ReadonlyMap<string, SendingApp>
  readonly clock: Clock
  readonly observe: Observe
}

/** What a reload made of the apps. */
export interface ReappliedApps {
  /** They are new, or have other settings or secrets now. */
  readonly apps: readonly string[]
  /** They are no longer configured. */
  readonly gone: readonly string[]
}

/** `names`: every app that was or is there. */
type Changed = (names: ReadonlySet<string>, changed: ReappliedApps) => void

/** The maps stay the same until a change: they are asked for with every publish and every delivery. */
export interface Apps {
  readonly configured: () => ReadonlyMap<string, App>
  readonly open: () => ReadonlyMap<string, OpenApp>
  readonly doors: () => ReadonlyMap<string, DoorApp>
  readonly sending: () => ReadonlyMap<string, SendingApp>
  /** What is to be said of a certificate that is handed in, by app; without those that take none. */
  readonly takers: () => ReadonlyMap<string, CheckHandedIn>
  /**
   * Takes over what changed, and tells `changed` of it once that is in force. What is out ends with what it was begun with; resolves
   * once that is over. Changes follow each other.
   */
  reload(fresh: ReadonlyMap<string, App>, changed: Changed): Promise<void>
  /** The same settings with what is handed in now; resolves once it is in force, while what is out still ends. */
  renew(changed: Changed): Promise<void>
  close(): Promise<void>
}

function takersOf(apps: ReadonlyMap<string, App>): ReadonlyMap<string, CheckHandedIn> {
  return new Map(
    [...apps].flatMap(([name, { provider }]): [string, CheckHandedIn][] =>
      provider.checkHandedIn === undefined ? [] : [[name, provider.checkHandedIn]],
    ),
  )
}

export async function makeApps(configured: ReadonlyMap<string, App>, options: AppsOptions): Promise<Apps> {
  const { certificates, around } = options
  let settings = configured
  let apps: ReadonlyMap<string, OpenApp> = new Map()
  let doors: ReadonlyMap<string, DoorApp> = new Map()
  let sending: ReadonlyMap<string, SendingApp> = new Map()

  async function open(fresh: ReadonlyMap<string, App>): Promise<ReadonlyMap<string, OpenApp>> {
    const handedIn = await certificates.all([...takersOf(fresh).keys()])
    const old = apps
    apps = openApps(fresh, { ...options, handedIn }, old)
    doors = doorsOf(apps)
    sending = around(sendingOf(apps))
    settings = fresh
    return old
  }

  await open(configured)
  let last: Promise<unknown> = Promise.resolve()
  let closing: Promise<unknown> = Promise.resolve()

  /** Resolves once it is in force; `closed` once what was there before has ended. */
  function change(fresh: () => ReadonlyMap<string, App>, changed: Changed): Promise<{ closed: Promise<void> }> {
    const opened = last.then(async () => {
      const old = await open(fresh())
      changed(new Set([...old.keys(), ...apps.keys()]), {
        apps: [...apps].filter(([name, app]) => app.fingerprint !== old.get(name)?.fingerprint).map(([name]) => name),
        gone: [...old.keys()].filter((name) => !apps.has(name)),
      })
      const closed = closeApps(new Map([...old].filter(([name, app]) => apps.get(name) !== app)))
      closing = Promise.allSettled([closing, closed])
      return { closed }
    })
    last = opened.catch(() => undefined)
    return opened
  }

  return Object.freeze({
    configured: () => settings,
    open: () => apps,
    doors: () => doors,
    sending: () => sending,
    takers: () => takersOf(settings),
    reload: async (fresh: ReadonlyMap<string, App>, changed: Changed) => (await change(() => fresh, changed)).closed,
    renew: async (changed: Changed) => void (await change(() => settings, changed)),
    async close() {
      await last
      await Promise.all([closing, closeApps(apps)])
    },
  })
}

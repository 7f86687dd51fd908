/** The apps as they stand: opened at the start, and again where their settings, a key or a certificate changed. Part of the composition root. */
import { type Certificates } from './admin/certificates'
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

/** The maps stay the same until a change: they are asked for with every publish and every delivery. */
export interface Apps {
  readonly configured: () => ReadonlyMap<string, App>
  readonly open: () => ReadonlyMap<string, OpenApp>
  readonly doors: () => ReadonlyMap<string, DoorApp>
  readonly sending: () => ReadonlyMap<string, SendingApp>
  /**
   * Takes over what changed, `changed` told of every app that was or is there. What is out ends with what it was begun with; resolves
   * once that is over. Changes follow each other.
   */
  reload(fresh: ReadonlyMap<string, App>, changed: (names: ReadonlySet<string>) => void): Promise<void>
  close(): Promise<void>
}

export async function makeApps(configured: ReadonlyMap<string, App>, options: AppsOptions): Promise<Apps> {
  const { certificates, around } = options
  let settings = configured
  let apps: ReadonlyMap<string, OpenApp> = new Map()
  let doors: ReadonlyMap<string, DoorApp> = new Map()
  let sending: ReadonlyMap<string, SendingApp> = new Map()

  async function open(fresh: ReadonlyMap<string, App>): Promise<ReadonlyMap<string, OpenApp>> {
    const takers = [...fresh.values()].filter(({ provider }) => provider.checkHandedIn !== undefined)
    const handedIn = await certificates.all(takers.map(({ name }) => name))
    const old = apps
    apps = openApps(fresh, { ...options, handedIn }, old)
    doors = doorsOf(apps)
    sending = around(sendingOf(apps))
    settings = fresh
    return old
  }

  await open(configured)
  let last: Promise<unknown> = Promise.resolve()
  return Object.freeze({
    configured: () => settings,
    open: () => apps,
    doors: () => doors,
    sending: () => sending,
    async reload(fresh: ReadonlyMap<string, App>, changed: (names: ReadonlySet<string>) => void) {
      const opened = last.then(async () => {
        const old = await open(fresh)
        changed(new Set([...old.keys(), ...apps.keys()]))
        return new Map([...old].filter(([name, app]) => apps.get(name) !== app))
      })
      last = opened.catch(() => undefined)
      await closeApps(await opened)
    },
    async close() {
      await last
      await closeApps(apps)
    },
  })
}

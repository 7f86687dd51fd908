/** What is watched of the running service: its events counted, and how its parts stand, for `/metrics` and `/ready`. Part of the composition root. */
import { type Glance } from './admin/glance'
import { makeGlancing } from './admin/glancing'
import { type Live } from './admin/live'
import { tellReadiness, type AppStanding, type Readiness } from './admin/readiness'
import { makeMends } from './admin/mends'
import { makeNoticing } from './admin/noticing'
import { type Noticed } from './admin/questions'
import { makeRecent } from './admin/recent'
import { type Clock } from './clock'
import { type Config } from './config'
import { type Observe } from './observe'
import { type Figure } from './observe/figures'
import { makeMeters } from './observe/meters'
import { makeProcessFigures } from './observe/process'
import type * as Prometheus from './observe/prometheus'
import { figuresOf, type Standing } from './observe/standing'
import { isOpen, type OpenApp } from './open-apps'
import { type Store } from './stores/store'

/** The parts whose standing is asked for. */
export interface Watched {
  readonly live: Live
  readonly store: Pick<Store, 'records' | 'keep'>
  readonly apps: () => ReadonlyMap<string, OpenApp>
  /** Why nothing is accepted at the moment. */
  readonly closed: () => string | undefined
}

export interface Watching {
  /** Where the service is to tell its events: they go on to the log, and are counted if anybody asks for metrics. */
  readonly observe: Observe
  /** `figures`: what interfaces count of themselves. */
  metrics(of: Watched, figures: readonly Figure[]): Promise<{ readonly text: string; readonly type: string }>
  /** Never rejects. */
  readiness(of: Watched): Promise<Readiness>
  /** What the traffic itself says is wrong. */
  noticed(): readonly Noticed[]
  /** What is to be done about an app that is held. */
  mend(app: string): string | undefined
  /** Begins to look: what is asked of it from now on is the service at a glance, which never rejects. */
  glancing(of: Watched): () => Promise<Glance>
  close(): void
}

/** Loaded when somebody asks for metrics. */
const prometheus = () => module.require('./observe/prometheus') as typeof Prometheus

/** Milliseconds after which a store that says nothing does not answer. */
const ANSWERS_WITHIN = 5_000
/** Milliseconds for which a push that was delivered proves the credential. */
const PROVEN_FOR = 3600_000
/** Milliseconds for which the store's last answer is taken for its next: whoever asks often writes no more for it. */
const WRITABLE_FOR = 1_000

export function makeWatching(config: Config, log: Observe, clock: Clock): Watching {
  const serves = (name: string): boolean => config.http.listeners.some(({ serve }) => serve.includes(name))
  const meters = serves('metrics')
    ? makeMeters({ apps: [...config.apps.keys()], components: config.components.map(({ domain }) => domain) })
    : undefined
  const process = meters === undefined ? undefined : makeProcessFigures(() => clock.now())
  const delivered = new Map<string, number>()
  const mends = makeMends()
  const recent = serves('page') ? makeRecent(clock) : undefined
  const noticing = makeNoticing(clock, (event) => {
    log(event)
    recent?.see(event)
  })
  const isAsked = meters !== undefined || recent !== undefined || serves('health')

  function within<T>(asked: Promise<T>): Promise<T> {
    return new Promise((done, failed) => {
      const late = new Error(`the store did not answer within ${ANSWERS_WITHIN / 1000} s`)
      const cancel = clock.after(ANSWERS_WITHIN, () => failed(late))
      asked.then(done, failed).finally(cancel)
    })
  }

  async function standing({ live, store, apps }: Watched): Promise<Standing> {
    const { records } = store
    const read = within(Promise.all([records.accounts(), records.count(), records.oldest()]))
    const [accounts, registrations, oldest] = await read.catch(() => [])
    const isThere = accounts !== undefined && registrations !== undefined && oldest !== undefined
    return {
      ...{ version: live.version, now: clock.now(), links: live.links(), apps: [...apps().keys()] },
      ...{ held: live.held(), fuses: live.fuses(), expiries: live.expiries?.() ?? new Map<string, number>() },
      records: isThere ? { accounts, registrations, oldest } : undefined,
    }
  }

  let probed: { readonly at: number; readonly why: Promise<string | undefined> } | undefined
  /** Why nothing can be written, found out by writing. */
  function unwritable(keep: Store['keep']): Promise<string | undefined> {
    const at = clock.elapsed()
    if (probed !== undefined && at - probed.at < WRITABLE_FOR) return probed.why
    const why = within(keep.put('ready', '', clock.now())).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    )
    probed = { at, why }
    return why
  }

  async function readiness({ live, store, apps, closed }: Watched): Promise<Readiness> {
    const why = await unwritable(store.keep)
    const refusing = closed()
    return tellReadiness({
      ...(refusing === undefined ? {} : { closed: refusing }),
      roles: live.roles,
      links: live.links(),
      ...(why === undefined ? {} : { store: why }),
      apps: standings({ live, apps }),
      noticed: noticing.noticed(),
      now: clock.now(),
    })
  }

  function standings({ live, apps }: Pick<Watched, 'live' | 'apps'>): readonly AppStanding[] {
    const [held, doubts, fuses, expiries] = [live.held(), live.doubts?.(), live.fuses(), live.expiries?.()]
    return [...apps()].map(([app, open]) => {
      const [last, hold, doubt] = [delivered.get(app), held.get(app), doubts?.get(app)]
      const [fuse, expiresAt, mend] = [fuses.get(app), expiries?.get(app), mends.of(app)]
      return {
        ...{ app, isOpen: isOpen(open) },
        ...(open.refused === undefined ? {} : { refused: open.refused }),
        ...(last === undefined ? {} : { isProven: clock.elapsed() - last < PROVEN_FOR }),
        ...(hold === undefined ? {} : { held: hold }),
        ...(hold === undefined || mend === undefined ? {} : { mend }),
        ...(doubt === undefined ? {} : { doubt }),
        ...(fuse === undefined ? {} : { fuse }),
        ...(expiresAt === undefined ? {} : { expiresAt }),
      }
    })
  }

  let rendering: Promise<string> | undefined
  async function render(of: Watched, figures: readonly Figure[]): Promise<string> {
    const now = figuresOf(await standing(of))
    return prometheus().exposition([...(meters?.figures ?? []), ...now, ...(process?.figures ?? []), ...figures])
  }

  return Object.freeze({
    observe(event) {
      log(event)
      noticing.see(event)
      mends.see(event)
      if (!isAsked) return
      meters?.see(event)
      recent?.see(event)
      if (event.at === 'settled' && event.end === 'delivered') delivered.set(event.app, clock.elapsed())
    },
    async metrics(of: Watched, figures: readonly Figure[]) {
      // Several who ask at once are told the same.
      rendering ??= render(of, figures).finally(() => (rendering = undefined))
      return { text: await rendering, type: prometheus().CONTENT_TYPE }
    },
    readiness,
    noticed: noticing.noticed,
    mend: mends.of,
    glancing(of: Watched) {
      noticing.start(of.store.records)
      return makeGlancing({
        ...{ records: of.store.records, live: of.live, recent: recent ?? makeRecent(clock), closed: of.closed, clock },
        standings: () => standings(of),
        unwritable: () => unwritable(of.store.keep),
        noticed: noticing.noticed,
      })
    },
    close() {
      noticing.stop()
      process?.stop()
    },
  } satisfies Watching)
}

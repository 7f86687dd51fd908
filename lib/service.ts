/** The composition root: opens, wires, starts, reloads and drains. Knows no XML, no SQL, no vendor's word. */
import { type Exchange } from './admin/exchange'
import { type Live } from './admin/live'
import { makeProving } from './admin/proving'
import { type Reloaded } from './admin/questions'
import { openOffice, socketPath } from './admin/office'
import { makeExpiryWatch } from './admin/expiry-watch'
import { makeRefusals } from './admin/refusals'
import { makeCertificates } from './admin/certificates'
import { makeApps, type ReappliedApps } from './apps'
import { makeAttaching } from './attaching'
import { systemClock, type Clock } from './clock'
import { type Config } from './config'
import { makeDispatcher } from './dispatch/dispatcher'
import { makeFuse, usualFuse } from './dispatch/fuse'
import { given } from './given'
import { type HttpServer } from './http/server'
import { type DoorApp } from './intake/app'
import { makeByNode } from './intake/by-node'
import { makeDeliver, tellingDeliver } from './intake/deliver'
import { type Limits, makeLimits, usualLimits } from './intake/limits'
import { makeNodes } from './intake/nodes'
import { makeNoting } from './intake/noting'
import { makePublish } from './intake/publish'
import { makeRegister } from './intake/register'
import { dialects } from './kinds'
import { type Account } from './model/accounting'
import { type Registration } from './model/registration'
import { type Observe } from './observe'
import { expiriesOf, expiringOf, provableOf } from './open-apps'
import { makeOperating, waitingIn } from './operating'
import { restartNeeded } from './restart-needed'
import { sends, servedBy, takesIn, unheard } from './roles'
import { makeEverywhere, proofsOf, serveHttp } from './serve-http'
import { makeTraces } from './tracing'
import { version } from './version'
import { makeWatching, type Watched } from './watching'
import { tellAdministrator } from './xmpp/administrator-message'

export interface Service {
  /** Resolves once every component that this process attaches is attached to its server. */
  whenOnline(): Promise<void>
  /** The accounting as of this moment, by app. */
  accounts(): Promise<ReadonlyMap<string, Account>>
  /** The registrations of one account (bare JID) at one of our JIDs, oldest first. */
  devices(service: string, owner: string): Promise<readonly Registration[]>
  /** Where HTTP is served, in the order of the configuration's listeners: `http://address:port`. */
  readonly urls: readonly string[]
  /** Why apps are held, by app. */
  held(): ReadonlyMap<string, string>
  /** Takes credentials and settings of the apps from a configuration that was read again. */
  reload(config: Config): Promise<void>
  /** Answers `wait` to what still comes, lets what is out end (10 s at most), detaches and closes the store. */
  stop(why: string): Promise<void>
}

export interface Surroundings {
  readonly observe: Observe
  /** The machine's own by default. */
  readonly clock?: Clock
  /** True: push services are asked at the start whether they take our credentials. */
  readonly proves?: boolean
  /** Reads the configuration again, when an operator asks the service for it. */
  readonly reload?: () => Promise<Reloaded>
  /** Starts the service again on another store, when an operator asks for it. */
  readonly exchange?: Exchange
}

/** Milliseconds that deliveries under way are given at a stop. */
const GRACE = 10_000

/**
 * Starts the service. Rejects with `StoreRefused` where the store can't be opened, and where HTTP can't be served as
 * configured; all else is told and tried again.
 */
export async function startService(config: Config, surroundings: Surroundings): Promise<Service> {
  const { clock = systemClock } = surroundings
  const watching = makeWatching(config, surroundings.observe, clock)
  const { observe } = watching
  const traces = makeTraces(config, clock, observe)
  const store = await config.store.open({
    clock,
    trouble: (text) => observe({ at: 'trouble', about: 'store', text }),
    notice: (text) => observe({ at: 'notice', about: 'store', text }),
  })
  let closed: string | undefined = 'the service is starting'
  /** The configuration as it was read last. */
  let current = config
  const { keep } = store
  const certificates = makeCertificates({ keep, clock, observe })
  const apps = await makeApps(config.apps, {
    keep,
    certificates,
    around: (sending) => traces.sending(sending),
    clock,
    observe,
  })

  const fuse = await makeFuse(
    {
      keep,
      registry: store.registry,
      limits: () => ({ ...usualFuse, ...given(current.fuse) }),
      clock,
      observe,
    },
    config.apps.keys(),
  )
  const dispatcher = makeDispatcher({
    fuse,
    outbox: store.outbox,
    registry: store.registry,
    apps: () => apps.sending(),
    clock,
    observe,
  })
  const doorApps = (): ReadonlyMap<string, DoorApp> => apps.doors()
  const register = makeRegister({
    registry: store.registry,
    apps: doorApps,
    domains: () => current.access.register,
    admins: () => current.access.admins,
    clock,
    observe,
  })
  const nodes = makeNodes({ registry: store.registry, domains: () => current.access.register, observe })
  const refusals = makeRefusals(clock)
  const limitsNow = (): Limits =>
    makeLimits({ ...usualLimits, ...given(current.limits) }, (app) => apps.configured().get(app)?.provider.pace, clock)
  let limiting = limitsNow()
  const outbox = traces.outbox(sends(config) ? store.outbox : unheard(store.outbox))
  const deliver = makeDeliver({
    registry: store.registry,
    outbox,
    apps: doorApps,
    limits: (flow) => limiting(flow),
    clock,
    closed: () => closed,
  })
  const noting = makeNoting(store.registry, clock)
  const decide = makePublish({
    registry: store.registry,
    outbox,
    apps: doorApps,
    publishers: () => current.access.publish,
    domains: () => current.access.register,
    dialects,
    deliver,
    noteLife: (its, now) => noting.note(its, now),
    limits: (flow) => limiting(flow),
    clock,
    observe,
    closed: () => closed,
  })
  const attaching = makeAttaching({
    ...{ version, dialects, apps: () => [...doorApps().values()], register, nodes },
    publish: traces.publish(refusals.watch(decide)),
    ask: (question) => operating.ask(question),
    components: takesIn(config) ? config.components : [],
    ...{ store, remoteDisable: config.remoteDisable, domains: () => current.access.register, clock, observe },
  })

  const expiryWatch = makeExpiryWatch({
    expiring: () => expiringOf(apps.open()),
    administrators: () => current.access.admins,
    tell: (to, text) => tellAdministrator(attaching.lines, to, text),
    ...{ keep, clock, observe },
  })

  const startedAt = clock.elapsed()
  const everywhere = makeEverywhere()
  const live: Live = Object.freeze({
    ...{ version, interfaces: () => everywhere.status() },
    uptime: () => clock.elapsed() - startedAt,
    ...{ roles: config.roles, links: () => attaching.links(), proveLinks: () => attaching.proveLinks() },
    held: () => dispatcher.held(),
    doubts: () => proving.doubts(),
    fuses: () => fuse.blown(),
    expiries: () => expiriesOf(apps.open()),
    noticed: () => watching.noticed(),
    mend: (app: string) => watching.mend(app),
    resetFuse: (app: string) => fuse.reset(app),
    release: (app: string) => dispatcher.release(app),
    refusals: (node: string) => refusals.of(node),
  })
  const proving = makeProving({ apps: () => provableOf(apps.open()), keep, clock, observe })
  const operating = makeOperating({
    ...{ proving, sending: () => apps.sending(), place: config.store.place },
    ...{ store, outbox, live, apps: doorApps, closed: () => closed, clock, observe },
    ...{ reload: surroundings.reload, exchange: surroundings.exchange },
    configured: () => [...apps.configured().keys()],
    ...{ certificates, takers: () => apps.takers(), renew: () => apps.renew(renewed) },
    perDevice: () => current.keep.tracesPerDevice,
  })
  const watched: Watched = { live, store, apps: () => apps.open(), closed: () => closed }
  const { http, closeOffice } = await openDoors().catch(async (error: unknown) => {
    await Promise.all([apps.close(), store.close()])
    throw error
  })
  closed = undefined
  if (sends(config)) dispatcher.start()
  attaching.start()
  if (surroundings.proves === true && sends(config)) proving.start()
  void expiryWatch.look()
  attaching.onOnline(() => void expiryWatch.look())
  observe({
    at: 'started',
    version,
    domains: config.components.map(({ domain }) => domain),
    ...{ apps: [...config.apps.keys()], roles: config.roles },
  })

  /** HTTP, and the socket for operators. */
  async function openDoors(): Promise<{ readonly http: HttpServer; readonly closeOffice: () => Promise<void> }> {
    const http = await serveHttp(servedBy(config), {
      ...{ apps: doorApps, register, tracing: traces.tracing, everywhere, live, clock, observe },
      deliver: tellingDeliver(deliver, observe),
      byNode: makeByNode({
        ...{ registry: store.registry, outbox, apps: doorApps, clock, observe, closed: () => closed },
        limits: (flow) => limiting(flow),
      }),
      domains: config.components.map(({ domain }) => domain),
      metrics: (figures) => watching.metrics(watched, [...traces.figures, ...figures]),
      readiness: () => watching.readiness(watched),
      glance: watching.glancing(watched),
      ask: operating.ask,
    })
    const closeOffice = await openOffice({
      store,
      path: socketPath(config.file, config.store.place),
      isShared: config.store.isShared,
      keeping: () => current.keep,
      ...{ ask: operating.ask, clock, observe },
    }).catch(async (error: unknown) => {
      await http.close(0)
      throw error
    })
    return { http, closeOffice }
  }

  function renewed(names: ReadonlySet<string>, changed: ReappliedApps): void {
    for (const name of names) dispatcher.release(name)
    observe({ at: 'reloaded', ...changed })
    void expiryWatch.look()
  }

  let stopping: Promise<void> | undefined
  async function stop(why: string): Promise<void> {
    observe({ at: 'stopping', why })
    // Another instance takes in what comes from now on.
    if (store.turns !== undefined) await attaching.stop(1_000)
    closed = 'the service is stopping'
    operating.stop()
    proving.stop()
    expiryWatch.stop()
    await closeOffice()
    await dispatcher.drain(GRACE)
    await Promise.all([http.close(1_000), attaching.stop(1_000)])
    await noting.close(1_000)
    await apps.close()
    const counted = new AbortController()
    const waiting = await Promise.race([waitingIn(store), clock.sleep(1_000, counted.signal).then(() => 0)])
    counted.abort()
    await store.close()
    watching.close()
    await traces.close()
    observe({ at: 'stopped', waiting })
  }

  return Object.freeze({
    urls: http.urls,
    whenOnline: () => attaching.whenOnline(),
    accounts: () => store.accounts(),
    devices: (service: string, owner: string) => store.registry.ownedBy(service, owner),
    held: () => dispatcher.held(),
    async reload(fresh: Config) {
      const needed = restartNeeded(config, fresh)
      if (needed.length > 0) {
        const text = `changed, and only a restart brings it into force: ${needed.join(', ')}`
        observe({ at: 'notice', about: fresh.file, text })
      }
      const isPacedAnew = JSON.stringify(current.limits) !== JSON.stringify(fresh.limits)
      current = fresh
      // Who is paced anew starts with a full burst, so nobody is who need not be.
      if (isPacedAnew) limiting = limitsNow()
      http.renew(proofsOf(servedBy({ ...config, http: fresh.http })))
      await apps.reload(fresh.apps, renewed)
    },
    stop: (why: string) => (stopping ??= stop(why)),
  })
}

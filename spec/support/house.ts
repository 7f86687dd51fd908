/** The whole house on loopback: a server, the push services, and the service itself from a configuration file, on a clock moved by hand. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig, type Config } from '../../lib/config'
import { makeObserve } from '../../lib/observe'
import { startService, type Service } from '../../lib/service'
import { startApnsSimulator, type ApnsSimulator } from '../../lib/sim/apns'
import { makeProviderKey } from '../../lib/sim/certificates'
import { startFcmSimulator, type FcmSimulator } from '../../lib/sim/fcm'
import { startOauthSimulator, type OauthSimulator } from '../../lib/sim/oauth'
import {
  startXmppServerSimulator,
  type Personality,
  type PersonalityName,
  type XmppServerSimulator,
} from '../../lib/sim/xmpp-server'
import { failing } from './failing-store'
import { handClock, type HandClock } from './hand-clock'

export const IOS = 'org.example.ios'
export const ANDROID = 'org.example.android'
export const DOMAIN = 'push.example.com'

/** How long a second of the house's own time takes while it closes. */
const REAL_MS = 200

export interface House {
  readonly clock: HandClock
  readonly server: XmppServerSimulator
  readonly apns: ApnsSimulator
  /** Apple's host for development builds. */
  readonly sandbox: ApnsSimulator
  readonly oauth: OauthSimulator
  readonly fcm: FcmSimulator
  /** Every log line so far. */
  readonly log: readonly string[]
  /** Where the configuration, the keys and the database are. */
  readonly folder: string
  readonly service: () => Service
  /** The configuration as it stands in the file now. */
  readonly config: () => Config
  /** Starts the service again from the same files; it must have been stopped. */
  readonly start: () => Promise<void>
  /** Lets time pass in small steps, with real round trips in between, so that nothing seems late that is not. */
  readonly pass: (ms: number) => Promise<void>
  /** Makes the store reject whatever is asked of it, or serve again. */
  readonly failStore: (isDown: boolean) => void
  /** Waits until nothing is in flight. */
  readonly rest: () => Promise<void>
  readonly close: () => Promise<void>
}

export interface HouseOptions {
  readonly personality?: PersonalityName | Personality
  /** Whether the component's domain has an address, which some servers look up while it is away. */
  readonly resolves?: boolean
  /** Who reads what the server sends; as usual if left out. */
  readonly parser?: 'own' | 'ltx'
  /** How many stanzas the simulated XMPP server remembers. */
  readonly remembers?: number
  /** Further apps of the configuration; `sandbox`: Apple's other host, which only they know. */
  readonly apps?: (place: {
    readonly apns: ApnsSimulator
    readonly sandbox: ApnsSimulator
    readonly fcm: FcmSimulator
  }) => Readonly<Record<string, unknown>>
  /** Merged over the configuration's top level. */
  readonly settings?: Readonly<Record<string, unknown>>
}

export async function startHouse(options: HouseOptions = {}): Promise<House> {
  const clock = handClock()
  const now = (): number => clock.now()
  const folder = mkdtempSync(join(tmpdir(), 'xmpp-push-'))
  const server = await startXmppServerSimulator({
    domain: 'example.com',
    personality: options.personality ?? 'prosody',
    components: [{ domain: DOMAIN, secret: 'component secret' }],
    resolves: options.resolves ?? false,
    ...(options.remembers === undefined ? {} : { remembers: options.remembers }),
    now,
    after: (ms, call) => clock.after(ms, call),
  })
  const apns = await startApnsSimulator({ now })
  const sandbox = await startApnsSimulator({ now, environment: 'sandbox' })
  const key = makeProviderKey()
  for (const host of [apns, sandbox]) {
    host.addKey({ keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ', key: key.publicKey })
    host.addApp({ bundleId: IOS, teamId: 'DEF123GHIJ' })
  }
  const oauth = await startOauthSimulator({ now })
  const account = oauth.newServiceAccount({ projectId: 'example-project' })
  const fcm = await startFcmSimulator({ oauth, now, chance: () => 0 })
  fcm.newProject('example-project', [account.client_email])

  const file = join(folder, 'component.config.json')
  writeFileSync(join(folder, 'AuthKey_ABC123DEFG.p8'), key.privatePem)
  writeFileSync(join(folder, 'service-account.json'), JSON.stringify(account))
  writeFileSync(join(folder, 'apns-ca.pem'), apns.ca)
  writeFileSync(join(folder, 'fcm-ca.pem'), fcm.ca)
  writeFileSync(
    file,
    JSON.stringify({
      component: {
        ...{ domain: DOMAIN, service: server.service, secret: 'component secret' },
        ...(options.parser === undefined ? {} : { parser: options.parser }),
      },
      store: { kind: 'sqlite', file: 'data/xmpp-push.db' },
      apps: {
        [IOS]: {
          provider: 'apns',
          profile: 'siskin',
          topic: IOS,
          environment: 'production',
          key: { file: 'AuthKey_ABC123DEFG.p8' },
          keyId: 'ABC123DEFG',
          teamId: 'DEF123GHIJ',
          endpoint: apns.url,
          ca: { file: 'apns-ca.pem' },
        },
        [ANDROID]: {
          provider: 'fcm',
          profile: 'conversations',
          serviceAccount: { file: 'service-account.json' },
          endpoint: fcm.endpoint,
          ca: { file: 'fcm-ca.pem' },
        },
        ...options.apps?.({ apns, sandbox, fcm }),
      },
      access: { register: ['example.com'], publish: ['rooms.example.com'], admins: ['admin@example.com'] },
      ...options.settings,
    }),
  )

  const config = (): Config => {
    const read = readConfig({ file, env: {} })
    if (read.is === 'config') return read.config
    throw new Error(JSON.stringify(read.faults, undefined, 2))
  }
  const log: string[] = []
  const observe = makeObserve({ level: 'debug', destination: { write: (line) => void log.push(line) } })
  let service: Service
  let failStore = (_isDown: boolean): void => undefined
  const start = async (): Promise<void> => {
    const fresh = config()
    const { store, fail } = failing(fresh.store)
    failStore = fail
    service = await startService({ ...fresh, store }, { observe, clock })
    await service.whenOnline()
  }
  await start()

  /** True once nothing is in flight, seen three times: what was just put may be claimed by the next question. False if something still is after so many looks. */
  const isAtRest = async (looks: number): Promise<boolean> => {
    let inARow = 0
    for (let look = 0; look < looks; look++) {
      const accounts = [...(await service.accounts()).values()]
      inARow = accounts.some((account) => account.inFlight > 0) ? 0 : inARow + 1
      if (inARow === 3) return true
      await new Promise((done) => setImmediate(done))
    }
    return false
  }
  const rest = async (): Promise<void> => {
    for (const begun = performance.now(); performance.now() - begun < 10_000;) if (await isAtRest(50)) return
    throw new Error(`deliveries stay in flight: ${JSON.stringify([...(await service.accounts())])}`)
  }

  return {
    clock,
    server,
    apns,
    sandbox,
    oauth,
    fcm,
    log,
    folder,
    service: () => service,
    config,
    start,
    async pass(ms) {
      for (let left = ms; left > 0; left -= 30_000) {
        await clock.advance(Math.min(left, 30_000))
        if (server.connections(DOMAIN) > 0) {
          await server.request(`<iq type='get' id='breath' to='${DOMAIN}'><ping xmlns='urn:xmpp:ping'/></iq>`)
        }
        await isAtRest(50)
      }
    },
    failStore: (isDown) => failStore(isDown),
    rest,
    async close() {
      let isStopped = false
      const stopping = service.stop('the spec is over').finally(() => (isStopped = true))
      // What ends by itself needs no time of ours; where time ran ahead of the store's thread, that would be killed at its work.
      while (!isStopped) {
        await Promise.race([stopping, new Promise((done) => setTimeout(done, REAL_MS))])
        if (!isStopped) await clock.advance(1_000)
      }
      await stopping
      await Promise.all([server.close(), apns.close(), sandbox.close(), fcm.close(), oauth.close()])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

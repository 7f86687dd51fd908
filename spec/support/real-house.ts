/** The service as it runs for real, attached to a real XMPP server: its own store, the system's clock, and simulated push services. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../../lib/config'
import { makeObserve } from '../../lib/observe'
import { startService } from '../../lib/service'
import { startApnsSimulator, type ApnsSimulator } from '../../lib/sim/apns'
import { makeProviderKey } from '../../lib/sim/certificates'
import { startFcmSimulator, type FcmSimulator } from '../../lib/sim/fcm'
import { startOauthSimulator } from '../../lib/sim/oauth'

/** What the service attaches to. */
export interface Attached {
  readonly componentService: string
  readonly componentDomain: string
  readonly secret: string
  readonly admin: string
}

export interface RealHouse {
  readonly apns: ApnsSimulator
  readonly fcm: FcmSimulator
  /** The topic of its app at APNs, which is also the app's name. */
  readonly topic: string
  /** Resolves with the first log line from now on, or among all so far, that has these members. Rejects after 20 s. */
  logged(members: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>>
  close(): Promise<void>
}

const TOPIC = 'org.example.ios'
const ANDROID = 'org.example.android'
const PATIENCE_MS = 20_000

/** Starts the service from a configuration file of its own; resolves when it is attached. */
export async function startRealHouse(server: Attached): Promise<RealHouse> {
  const folder = mkdtempSync(join(tmpdir(), 'xmpp-push-'))
  const apns = await startApnsSimulator()
  const key = makeProviderKey()
  apns.addKey({ keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ', key: key.publicKey })
  apns.addApp({ bundleId: TOPIC, teamId: 'DEF123GHIJ' })
  writeFileSync(join(folder, 'key.p8'), key.privatePem)
  writeFileSync(join(folder, 'ca.pem'), apns.ca)
  const oauth = await startOauthSimulator()
  const account = oauth.newServiceAccount({ projectId: 'example-project' })
  const fcm = await startFcmSimulator({ oauth })
  fcm.newProject('example-project', [account.client_email])
  writeFileSync(join(folder, 'service-account.json'), JSON.stringify(account))
  writeFileSync(join(folder, 'fcm-ca.pem'), fcm.ca)
  const file = join(folder, 'component.config.json')
  const app = {
    provider: 'apns',
    profile: 'siskin',
    topic: TOPIC,
    environment: 'production',
    key: { file: 'key.p8' },
    keyId: 'ABC123DEFG',
    teamId: 'DEF123GHIJ',
    endpoint: apns.url,
    ca: { file: 'ca.pem' },
  }
  const android = {
    provider: 'fcm',
    profile: 'conversations',
    serviceAccount: { file: 'service-account.json' },
    endpoint: fcm.endpoint,
    ca: { file: 'fcm-ca.pem' },
  }
  const { componentDomain: domain, componentService: service, secret, admin } = server
  writeFileSync(
    file,
    JSON.stringify({
      component: { domain, service, secret },
      store: { kind: 'sqlite', file: 'xmpp-push.db' },
      apps: { [TOPIC]: app, [ANDROID]: android },
      access: { register: ['localhost'], admins: [admin] },
    }),
  )
  const read = readConfig({ file, env: {} })
  if (read.is !== 'config') throw new Error(JSON.stringify(read.faults, undefined, 2))

  const lines: Readonly<Record<string, unknown>>[] = []
  const looking = new Set<() => void>()
  const write = (line: string): void => {
    lines.push(JSON.parse(line) as Readonly<Record<string, unknown>>)
    looking.forEach((look) => look())
  }
  const running = await startService(read.config, { observe: makeObserve({ level: 'debug', destination: { write } }) })
  await running.whenOnline()

  return {
    apns,
    fcm,
    topic: TOPIC,
    logged: (members) =>
      new Promise((found, failed) => {
        const end = (): void => {
          looking.delete(look)
          clearTimeout(timer)
        }
        const look = (): void => {
          const line = lines.find((each) => Object.entries(members).every(([name, value]) => each[name] === value))
          if (line === undefined) return
          end()
          found(line)
        }
        const timer = setTimeout(() => {
          end()
          failed(
            new Error(
              `no log line ${JSON.stringify(members)} among:\n${lines.map((each) => JSON.stringify(each)).join('\n')}`,
            ),
          )
        }, PATIENCE_MS)
        looking.add(look)
        look()
      }),
    async close() {
      await running.stop('the spec is over')
      await Promise.all([apns.close(), fcm.close(), oauth.close()])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

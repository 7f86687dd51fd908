/** The service as its own command in this process, in real time, at a simulated server and a simulated APNs, with somebody who registers and publishes. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { askService } from '../../lib/admin/asking'
import { type Status } from '../../lib/admin/questions'
import { systemClock } from '../../lib/clock'
import { startApnsSimulator, type ApnsSimulator } from '../../lib/sim/apns'
import { makeProviderKey } from '../../lib/sim/certificates'
import { startXmppServerSimulator, type XmppServerSimulator } from '../../lib/sim/xmpp-server'
import { call, type Called } from './call'
import { DOMAIN, IOS } from './house'
import { registerDevice } from './one-device'

export interface RunScene {
  readonly server: XmppServerSimulator
  readonly apns: ApnsSimulator
  /** A file of its folder. */
  readonly file: (name: string) => string
  /** Writes another configuration, with other settings. */
  readonly configure: (name: string, settings: object) => void
  /** Runs a command with a configuration, `service.json` if none is said. */
  readonly run: (words: readonly string[], config?: string) => Promise<Called>
  /** Starts the service; resolves once it is attached. */
  readonly start: (config?: string) => Promise<void>
  /** Resolves once the service that runs is attached. */
  readonly online: (config?: string) => Promise<void>
  /** As SIGTERM does; resolves with how the command ended. */
  readonly stop: () => Promise<Called | undefined>
  readonly status: (config?: string) => Promise<Status>
  /** The device of this number; resolves with its node. */
  readonly register: (number: number) => Promise<string>
  readonly tokenOf: (number: number) => string
  readonly close: () => Promise<void>
}

const turn = (): Promise<void> => new Promise((done) => setImmediate(done))

export async function makeRunScene(): Promise<RunScene> {
  const folder = mkdtempSync(join(tmpdir(), 'xmpp-push-'))
  const file = (name: string): string => join(folder, name)
  const server = await startXmppServerSimulator({
    ...{ domain: 'example.com', personality: 'prosody', resolves: false },
    components: [{ domain: DOMAIN, secret: 'component secret' }],
  })
  const apns = await startApnsSimulator()
  const key = makeProviderKey()
  apns.addKey({ keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ', key: key.publicKey })
  apns.addApp({ bundleId: IOS, teamId: 'DEF123GHIJ' })
  writeFileSync(file('key.p8'), key.privatePem)
  writeFileSync(file('ca.pem'), apns.ca)
  const common = {
    component: { domain: DOMAIN, service: server.service, secret: 'component secret' },
    store: { kind: 'sqlite', file: 'data/it.db' },
    apps: {
      [IOS]: {
        ...{ provider: 'apns', profile: 'siskin', topic: IOS, environment: 'production', endpoint: apns.url },
        ...{ key: { file: 'key.p8' }, keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ', ca: { file: 'ca.pem' } },
      },
    },
    ...{ access: { register: ['example.com'] }, log: { level: 'error' } },
  }
  const configure = (name: string, settings: object): void =>
    writeFileSync(file(name), JSON.stringify({ ...common, ...settings }))
  configure('service.json', {})
  let running: Promise<Called> | undefined
  const run = (words: readonly string[], config = 'service.json'): Promise<Called> =>
    call(...words, '--config', file(config))
  const tokenOf = (number: number): string => number.toString(16).padStart(64, 'c')

  const scene: RunScene = {
    ...{ server, apns, file, configure, run, tokenOf },
    async start(config) {
      running = run(['run'], config)
      void running.then(() => (running = undefined))
      await scene.online(config)
    },
    async online(config) {
      while ((await scene.status(config)).running?.links.every(({ isOnline }) => isOnline) !== true) await turn()
    },
    async stop() {
      if (running === undefined) return undefined
      process.emit('SIGTERM', 'SIGTERM')
      return running
    },
    async status(config = 'service.json') {
      // Not by the command, which would read a store that nobody has open as yet.
      const { store } = JSON.parse(readFileSync(file(config), 'utf8')) as typeof common
      for (; running !== undefined; await turn()) {
        const asked = await askService(file(`${store.file}.sock`), { ask: 'status' }, systemClock)
        if (asked.is === 'reply' && asked.reply.is === 'answer') return asked.reply.answer as Status
      }
      throw new Error('no service runs')
    },
    async register(number) {
      apns.addDevice({ token: tokenOf(number), topic: IOS })
      return registerDevice({ server }, `romeo${number}@example.com`, IOS, tokenOf(number))
    },
    async close() {
      await scene.stop()
      await Promise.all([server.close(), apns.close()])
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return scene
}

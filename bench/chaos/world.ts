/** Everything around the service: XMPP server, push services and the networks to them, on loopback, and its configuration. */
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startApnsSimulator } from '../../lib/sim/apns'
import { makeProviderKey } from '../../lib/sim/certificates'
import { startFcmSimulator } from '../../lib/sim/fcm'
import { startOauthSimulator, type OauthSimulator } from '../../lib/sim/oauth'
import { startWebPushSimulator } from '../../lib/sim/webpush'
import { startXmppServerSimulator, type XmppServerSimulator } from '../../lib/sim/xmpp-server'
import { type Chance } from '../kill/chance'
import { ANDROID, IOS, makeDevices, WEB, type Devices, type PushServices } from './devices'
import { layNetwork, type Network } from './network'

export const DOMAIN = 'push.example.com'

export interface World extends PushServices {
  readonly server: XmppServerSimulator
  readonly oauth: OauthSimulator
  /** The networks to the XMPP server, APNs and FCM. */
  readonly networks: Readonly<Record<'XMPP' | 'APNs' | 'FCM', Network>>
  readonly devices: Devices
  /** Puts a configuration and its keys into a folder; `settings`: its store, and what else is not the same in every run. Returns the configuration's path. */
  furnish(folder: string, settings: Readonly<Record<string, unknown>>): string
  close(): Promise<void>
}

export interface WorldOptions {
  /** Devices of each app. */
  readonly count: number
  readonly seed: number
  readonly chance: Chance
  /** ejabberd shares the load between several components of one domain; Prosody lets in one. */
  readonly server: 'prosody' | 'ejabberd'
}

export async function makeWorld({ count, seed, chance, server: personality }: WorldOptions): Promise<World> {
  const server = await startXmppServerSimulator({
    ...{ domain: 'example.com', personality },
    components: [{ domain: DOMAIN, secret: 'component secret' }],
    remembers: 1_000_000,
  })
  const apns = await startApnsSimulator({ seed, connectsPerMinute: 100_000 })
  const key = makeProviderKey()
  apns.addKey({ keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ', key: key.publicKey })
  apns.addApp({ bundleId: IOS, teamId: 'DEF123GHIJ' })
  const oauth = await startOauthSimulator()
  const account = oauth.newServiceAccount({ projectId: 'example-project' })
  const fcm = await startFcmSimulator({ oauth, chance: (n) => chance.whole(n) })
  fcm.newProject('example-project', [account.client_email])
  const web = await startWebPushSimulator()
  const vapid = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x = '', y = '' } = vapid.publicKey.export({ format: 'jwk' })
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
  const networks = {
    XMPP: await layNetwork(server.port),
    APNs: await layNetwork(apns.port),
    FCM: await layNetwork(fcm.port),
  }
  const devices = makeDevices({ apns, fcm, web }, count, point.toString('base64url'), chance)
  const plenty = { burst: 100_000, perSecond: 100_000 }
  const config = (settings: Readonly<Record<string, unknown>>): object => ({
    component: { domain: DOMAIN, service: `xmpp://127.0.0.1:${networks.XMPP.port}`, secret: 'component secret' },
    ...settings,
    apps: {
      [IOS]: {
        ...{ provider: 'apns', profile: 'siskin', topic: IOS, environment: 'production' },
        ...{ key: { file: 'key.p8' }, keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ' },
        ...{ endpoint: `https://127.0.0.1:${networks.APNs.port}`, ca: { file: 'ca.pem' } },
      },
      [ANDROID]: {
        ...{ provider: 'fcm', profile: 'conversations', serviceAccount: { file: 'service-account.json' } },
        ...{ endpoint: `https://localhost:${networks.FCM.port}`, ca: { file: 'ca.pem' } },
      },
      [WEB]: {
        ...{ provider: 'webpush', profile: 'webpush', ca: { file: 'ca.pem' } },
        allowPrivate: [new URL(web.origin).host],
        vapid: { subject: 'mailto:push@example.com', privateKey: { file: 'vapid.pem' } },
      },
    },
    access: { register: ['example.com'] },
    // What is under test is not how much passes, nor when a fuse of so few devices blows.
    limits: { node: plenty, calls: plenty, account: plenty, domain: plenty, app: plenty },
    fuse: { tokens: 10_000, share: 1, atLeast: 10_000 },
  })
  return {
    ...{ server, apns, fcm, oauth, web, networks, devices },
    furnish(folder, settings) {
      writeFileSync(join(folder, 'key.p8'), key.privatePem)
      writeFileSync(join(folder, 'service-account.json'), JSON.stringify(account))
      writeFileSync(join(folder, 'vapid.pem'), vapid.privateKey.export({ type: 'pkcs8', format: 'pem' }))
      writeFileSync(join(folder, 'ca.pem'), apns.ca)
      const file = join(folder, 'component.config.json')
      writeFileSync(file, JSON.stringify(config(settings)))
      return file
    },
    async close() {
      await Promise.all(Object.values(networks).map((network) => network.close()))
      await Promise.all([server, apns, fcm, oauth, web].map((each) => each.close()))
    },
  }
}

/**
 * The world around the process that is killed: an XMPP server, APNs, OAuth and FCM on loopback, slow and fallible as the
 * real ones, the devices, and the files that a configuration needs. Outlives every kill.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startApnsSimulator, type ApnsSimulator } from '../../lib/sim/apns'
import { answers } from '../../lib/sim/apns-answers'
import { makeProviderKey } from '../../lib/sim/certificates'
import { startFcmSimulator, type FcmFault, type FcmSimulator } from '../../lib/sim/fcm'
import { startOauthSimulator, type OauthSimulator } from '../../lib/sim/oauth'
import { startXmppServerSimulator, type XmppServerSimulator } from '../../lib/sim/xmpp-server'
import { type Chance } from './chance'

export const DOMAIN = 'push.example.com'
export const IOS = 'org.example.ios'
export const ANDROID = 'org.example.android'

export interface Device {
  readonly owner: string
  readonly app: typeof IOS | typeof ANDROID
  readonly token: string
  /** For calls; iPhones only. */
  readonly callToken: string | undefined
  /** Its calls are put off by APNs, for good or for the first few. */
  readonly isBusy: boolean
}

export interface Stage {
  readonly server: XmppServerSimulator
  readonly apns: ApnsSimulator
  readonly oauth: OauthSimulator
  readonly fcm: FcmSimulator
  readonly devices: readonly Device[]
  /** Puts a configuration and its keys into a folder of its own; returns the configuration's path. */
  furnish(folder: string): string
  close(): Promise<void>
}

/** Every so many-th iPhone is busy. */
const BUSY = 5

function makeDevices(count: number, chance: Chance): readonly Device[] {
  const hex = (): string => Array.from({ length: 64 }, () => chance.whole(16).toString(16)).join('')
  return Array.from({ length: count }, (_, number) => {
    const isPhone = number % 2 === 0
    return {
      owner: `user${number}@example.com`,
      app: isPhone ? IOS : ANDROID,
      token: isPhone ? hex() : `android:${hex()}`,
      callToken: isPhone ? hex() : undefined,
      isBusy: isPhone && (number / 2) % BUSY === 0,
    }
  })
}

/** 5 to 40 ms mostly, sometimes long enough that a kill in between is likely; 1 in 50 is refused for the moment. */
function trouble({ apns, fcm, devices }: Pick<Stage, 'apns' | 'fcm' | 'devices'>, chance: Chance): void {
  devices
    .filter(({ isBusy }) => isBusy)
    .forEach(({ callToken = '' }, index) => {
      apns.script({
        answer: answers.refuse('TooManyRequests'),
        token: callToken,
        times: index % 2 === 0 ? 'always' : 4,
        afterMs: { from: 5, to: 40 },
      })
    })
  const always = { times: 'always', afterMs: { from: 5, to: 40 } } as const
  apns.script({ ...always, answer: answers.refuse('ServiceUnavailable'), chance: 0.02 })
  apns.script({ ...always, answer: answers.judged, chance: 0.1, afterMs: { from: 100, to: 400 } })
  apns.script({ ...always, answer: answers.judged })

  const fault = (): FcmFault => {
    const kind = chance.unit()
    if (kind < 0.02) return { is: 'row', row: 'unavailable' }
    return { is: 'slow', ms: kind < 0.12 ? chance.between(100, 400) : chance.between(5, 40) }
  }
  fcm.inject(fault())
  fcm.onRequest(() => fcm.inject(fault()))
}

export async function setStage(count: number, seed: number, chance: Chance): Promise<Stage> {
  const server = await startXmppServerSimulator({
    domain: 'example.com',
    components: [{ domain: DOMAIN, secret: 'component secret' }],
  })
  const apns = await startApnsSimulator({ seed })
  const key = makeProviderKey()
  apns.addKey({ keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ', key: key.publicKey })
  apns.addApp({ bundleId: IOS, teamId: 'DEF123GHIJ' })
  const oauth = await startOauthSimulator()
  const account = oauth.newServiceAccount({ projectId: 'example-project' })
  const fcm = await startFcmSimulator({ oauth, chance: () => 0 })
  fcm.newProject('example-project', [account.client_email])
  const devices = makeDevices(count, chance)
  for (const { app, token, callToken } of devices) {
    if (app === ANDROID) fcm.setDevice(token, 'live')
    else apns.addDevice({ token, topic: IOS })
    if (callToken !== undefined) apns.addDevice({ token: callToken, topic: `${IOS}.voip` })
  }
  trouble({ apns, fcm, devices }, chance)

  const ios = { topic: IOS, environment: 'production', keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ' }
  const config = {
    component: { domain: DOMAIN, service: server.service, secret: 'component secret' },
    store: { kind: 'sqlite', file: 'xmpp-push.db' },
    apps: {
      [IOS]: {
        provider: 'apns',
        profile: 'siskin',
        ...ios,
        key: { file: 'key.p8' },
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
    },
    access: { register: ['example.com'] },
  }
  return {
    server,
    apns,
    oauth,
    fcm,
    devices,
    furnish(folder) {
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, 'key.p8'), key.privatePem)
      writeFileSync(join(folder, 'service-account.json'), JSON.stringify(account))
      writeFileSync(join(folder, 'apns-ca.pem'), apns.ca)
      writeFileSync(join(folder, 'fcm-ca.pem'), fcm.ca)
      const file = join(folder, 'component.config.json')
      writeFileSync(file, JSON.stringify(config))
      return file
    },
    close: async () => void (await Promise.all([server.close(), apns.close(), fcm.close(), oauth.close()])),
  }
}

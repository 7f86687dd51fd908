/**
 * What stands around a test push service for Mattermost: push services where every device lives, an XMPP server for its component, throw-away keys
 * and the configuration that fits them. The service itself is not here; it comes from outside.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startApnsSimulator } from './apns'
import { makeProviderKey, processAuthority } from './certificates'
import { startFcmSimulator } from './fcm'
import { startOauthSimulator } from './oauth'
import { fromApns, fromGoogle, type Received } from './stage-push-services'
import { startXmppServerSimulator } from './xmpp-server'

export interface MattermostStage {
  readonly configFile: string
  /** Resolves when nothing of it is left. */
  close(): Promise<void>
}

export interface MattermostStageOptions {
  /** Made if it is not there. */
  readonly folder: string
  /** Where the interface is to be served; 0: any port that is free. */
  readonly port: number
  /** Called for each push that a push service gets, with its device's token. */
  readonly tell: (received: Received, token: string) => void
}

const TEAM = 'DEF123GHIJ'
const KEY = 'ABC123DEFG'
const PROJECT = 'example-mattermost'
const TOPIC = 'org.example.mattermost'
const COMPONENT = 'mattermost.example.com'
const OWNER_ONLY = { mode: 0o600 }
/** The platforms that the apps in the stores, and those built from their source, say of themselves. */
const APPLE = ['apple_rn', 'apple_rnbeta', 'apple']
const ANDROID = ['android_rn', 'android']

/** Starts it. */
export async function openMattermostStage({ folder, port, tell }: MattermostStageOptions): Promise<MattermostStage> {
  const secret = randomBytes(18).toString('base64url')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const [server, apns, oauth] = await Promise.all([
    startXmppServerSimulator({ domain: 'example.com', components: [{ domain: COMPONENT, secret }] }),
    startApnsSimulator({ welcomes: true }),
    startOauthSimulator(),
  ])
  const fcm = await startFcmSimulator({ oauth, welcomes: true })
  const key = makeProviderKey()
  apns.addKey({ keyId: KEY, teamId: TEAM, key: key.publicKey })
  apns.addApp({ bundleId: TOPIC, teamId: TEAM })
  const account = oauth.newServiceAccount({ projectId: PROJECT })
  fcm.newProject(PROJECT, [account.client_email])
  apns.onRequest((request) => tell(fromApns(request), request.token))
  fcm.onRequest((request) => tell(fromGoogle('fcm', request), request.message?.target.value ?? ''))

  const ca = { file: 'ca.pem' }
  const ofApple = (platform: string): object => ({
    ...{ provider: 'apns', profile: 'mattermost', match: { platform }, topic: TOPIC, environment: 'production' },
    ...{ key: { file: 'AuthKey.p8' }, keyId: KEY, teamId: TEAM, endpoint: apns.url, ca },
  })
  const ofGoogle = (platform: string): object => ({
    ...{ provider: 'fcm', profile: 'mattermost', match: { platform }, endpoint: fcm.endpoint, ca },
    serviceAccount: { file: 'service-account.json' },
  })
  const config = {
    component: { domain: COMPONENT, service: server.service, secret: { file: 'component-secret' } },
    store: { kind: 'sqlite', file: 'mattermost.db' },
    apps: {
      ...Object.fromEntries(APPLE.map((platform) => [platform, ofApple(platform)])),
      ...Object.fromEntries(ANDROID.map((platform) => [platform, ofGoogle(platform)])),
    },
    http: { listeners: [{ listen: `127.0.0.1:${port}`, serve: ['mattermost'] }] },
  }
  const configFile = join(folder, 'component.config.json')
  await Promise.all([
    writeFile(join(folder, 'AuthKey.p8'), key.privatePem, OWNER_ONLY),
    writeFile(join(folder, 'service-account.json'), JSON.stringify(account), OWNER_ONLY),
    writeFile(join(folder, 'ca.pem'), processAuthority().caPem, OWNER_ONLY),
    writeFile(join(folder, 'component-secret'), `${secret}\n`, OWNER_ONLY),
    writeFile(configFile, `${JSON.stringify(config, undefined, 2)}\n`),
  ])
  return Object.freeze({
    configFile,
    close: async () => void (await Promise.all([server.close(), apns.close(), fcm.close(), oauth.close()])),
  })
}

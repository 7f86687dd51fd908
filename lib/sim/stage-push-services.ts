/**
 * The push services of a demonstration: the simulators of Apple's, Google's and a browser's, with an app and a device
 * each, and throw-away credentials, put down as files. Tells every request that comes, in one form.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startApnsSimulator, type ApnsRequest } from './apns'
import { makeProviderKey, processAuthority } from './certificates'
import { startFcmSimulator } from './fcm'
import { type Journalled } from './http-journal'
import { startOauthSimulator } from './oauth'
import { startWebPushSimulator, type WebPushRequest } from './webpush'

export type Vendor = 'apns' | 'fcm' | 'webpush' | 'oauth'

/** A request to one of the push services, and what it was answered. */
export interface Received {
  readonly by: Vendor
  readonly method: string
  readonly path: string
  /** Lower-case names, without pseudo-headers. */
  readonly headers: Readonly<Record<string, string>>
  /** As it came; of a Web Push, what the subscription's own key makes of it. */
  readonly body: string
  /** Whom it is for, in the words of the one who registered: a device token, or an endpoint. */
  readonly token?: string
  /** Undefined where there was no answer. */
  readonly status?: number
  /** The reason for a refusal, in the push service's words. */
  readonly reason?: string
}

/** What a device has from its push service. */
export interface DeviceAddress {
  /** By which its pushes are told from others: the device token, or the endpoint. */
  readonly token: string
  /** The fields with which it registers. */
  readonly fields: Readonly<Record<string, string>>
  /** All of it that must not be shown. */
  readonly secrets: readonly string[]
}

export interface PushServices {
  readonly urls: Readonly<Record<Vendor, string>>
  /** What each device registers. */
  readonly addresses: Readonly<Record<Exclude<Vendor, 'oauth'>, DeviceAddress>>
  /** The apps' entries for the configuration, by name; their files lie in the folder. */
  readonly apps: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** What the push services found wrong with the requests, in words. */
  readonly violations: () => readonly string[]
  close(): Promise<void>
}

const TEAM = 'DEF123GHIJ'
const KEY = 'ABC123DEFG'
const PROJECT = 'example-android'
const OWNER_ONLY = { mode: 0o600 }

/** A request to the simulator of Apple's. */
export function fromApns(request: ApnsRequest): Received {
  const { method, path, answer } = request
  const headers = Object.entries(request.headers).flatMap(([name, value]) =>
    name.startsWith(':') || value === undefined ? [] : [[name, value] as const],
  )
  return {
    by: 'apns',
    method,
    path,
    headers: Object.fromEntries(headers),
    body: request.body.toString('utf8'),
    ...(answer.kind === 'status' ? { status: answer.status } : { reason: answer.kind }),
    ...(answer.kind === 'status' && answer.reason !== undefined ? { reason: answer.reason } : {}),
  }
}

/** A request to the simulators of Google's. */
export function fromGoogle(by: 'fcm' | 'oauth', request: Journalled): Received {
  const { method, path, headers, body, answer } = request
  const heard = { by, method, path, headers, body }
  if (answer.is === 'fault') return { ...heard, reason: answer.fault }
  return { ...heard, status: answer.status, ...(answer.status === 200 ? {} : { reason: answer.body }) }
}

function fromBrowser(request: WebPushRequest): Received {
  const { method, path, headers, body, answer, message, subscription } = request
  const opened = message.is === 'opened' ? message.plaintext.toString('utf8') : body.toString('base64')
  const heard = {
    by: 'webpush' as const,
    method,
    path,
    headers,
    body: opened,
    ...(subscription === undefined ? {} : { token: subscription.endpoint }),
  }
  if (answer.is === 'fault') return { ...heard, reason: answer.fault }
  return { ...heard, status: answer.status, ...(answer.status < 300 ? {} : { reason: answer.body }) }
}

const byToken = (token: string): DeviceAddress => ({ token, fields: { 'device-token': token }, secrets: [token] })

/** Starts them and writes their credentials into a folder; `tell` is called for each request that they get. */
export async function openPushServices(folder: string, tell: (received: Received) => void): Promise<PushServices> {
  const [apns, oauth] = await Promise.all([startApnsSimulator(), startOauthSimulator()])
  const [fcm, browsers] = await Promise.all([startFcmSimulator({ oauth }), startWebPushSimulator()])
  apns.onRequest((request) => tell(fromApns(request)))
  oauth.onRequest((request) => tell(fromGoogle('oauth', request)))
  fcm.onRequest((request) => tell(fromGoogle('fcm', request)))
  browsers.onRequest((request) => tell(fromBrowser(request)))

  const topic = 'org.example.ios'
  const tokens = {
    apns: randomBytes(32).toString('hex'),
    fcm: `${randomBytes(16).toString('base64url')}:APA91b${randomBytes(100).toString('base64url')}`,
  }
  const providerKey = makeProviderKey()
  apns.addApp({ bundleId: topic, teamId: TEAM })
  apns.addKey({ keyId: KEY, teamId: TEAM, key: providerKey.publicKey })
  apns.addDevice({ token: tokens.apns, topic })
  const account = oauth.newServiceAccount({ projectId: PROJECT })
  fcm.newProject(PROJECT, [account.client_email])
  fcm.setDevice(tokens.fcm, 'live')

  const vapid = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x = '', y = '' } = vapid.publicKey.export({ format: 'jwk' })
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
  const { endpoint, keys } = browsers.subscribe({ applicationServerKey: point })

  const keyFile = `AuthKey_${KEY}.p8`
  await Promise.all([
    writeFile(join(folder, keyFile), providerKey.privatePem, OWNER_ONLY),
    writeFile(join(folder, 'service-account.json'), `${JSON.stringify(account, undefined, 2)}\n`, OWNER_ONLY),
    writeFile(join(folder, 'vapid.pem'), vapid.privateKey.export({ type: 'pkcs8', format: 'pem' }), OWNER_ONLY),
    writeFile(join(folder, 'ca.pem'), processAuthority().caPem, OWNER_ONLY),
  ])
  const ca = { file: 'ca.pem' }
  return Object.freeze({
    urls: { apns: apns.url, fcm: fcm.endpoint, webpush: browsers.origin, oauth: oauth.tokenUri },
    addresses: {
      apns: byToken(tokens.apns),
      fcm: byToken(tokens.fcm),
      webpush: {
        token: endpoint,
        fields: { endpoint, ...keys },
        secrets: [endpoint, new URL(endpoint).pathname, keys.auth],
      },
    },
    apps: {
      'org.example.ios': {
        provider: 'apns',
        profile: 'siskin',
        topic,
        environment: 'production',
        key: { file: keyFile },
        keyId: KEY,
        teamId: TEAM,
        endpoint: apns.url,
        ca,
      },
      'org.example.android': {
        provider: 'fcm',
        profile: 'stork',
        serviceAccount: { file: 'service-account.json' },
        endpoint: fcm.endpoint,
        ca,
      },
      'org.example.web': {
        provider: 'webpush',
        profile: 'webpush',
        vapid: { subject: 'mailto:push@example.com', privateKey: { file: 'vapid.pem' } },
        allowPrivate: [new URL(browsers.origin).host],
        ca,
      },
    },
    violations: () => [
      ...apns.violations.map((one) => `APNs: ${one.text}`),
      ...fcm.violations.map((text) => `FCM: ${text}`),
      ...browsers.violations.map((text) => `Web Push: ${text}`),
      ...oauth.violations.map((text) => `Google's tokens: ${text}`),
    ],
    close: async () => void (await Promise.all([apns.close(), fcm.close(), oauth.close(), browsers.close()])),
  })
}

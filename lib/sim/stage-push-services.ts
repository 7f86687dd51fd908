/**
 * Apple's and Google's push services of a demonstration: the simulators, with an app and a device each, and throw-away
 * credentials for both, put down as files. Tells every request that comes, in one form.
 */
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startApnsSimulator, type ApnsRequest } from './apns'
import { makeProviderKey, processAuthority } from './certificates'
import { startFcmSimulator } from './fcm'
import { type Journalled } from './http-journal'
import { startOauthSimulator } from './oauth'

export type Vendor = 'apns' | 'fcm' | 'oauth'

/** A request to one of the push services, and what it was answered. */
export interface Received {
  readonly by: Vendor
  readonly method: string
  readonly path: string
  /** Lower-case names, without pseudo-headers. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Undefined where there was no answer. */
  readonly status?: number
  /** The reason for a refusal, in the push service's words. */
  readonly reason?: string
}

export interface PushServices {
  readonly urls: Readonly<Record<Vendor, string>>
  /** The device tokens. */
  readonly tokens: { readonly apns: string; readonly fcm: string }
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

function fromApns(request: ApnsRequest): Received {
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

function fromGoogle(by: 'fcm' | 'oauth', request: Journalled): Received {
  const { method, path, headers, body, answer } = request
  const heard = { by, method, path, headers, body }
  if (answer.is === 'fault') return { ...heard, reason: answer.fault }
  return { ...heard, status: answer.status, ...(answer.status === 200 ? {} : { reason: answer.body }) }
}

/** Starts the three and writes their credentials into a folder; `tell` is called for each request that they get. */
export async function openPushServices(folder: string, tell: (received: Received) => void): Promise<PushServices> {
  const [apns, oauth] = await Promise.all([startApnsSimulator(), startOauthSimulator()])
  const fcm = await startFcmSimulator({ oauth })
  apns.onRequest((request) => tell(fromApns(request)))
  oauth.onRequest((request) => tell(fromGoogle('oauth', request)))
  fcm.onRequest((request) => tell(fromGoogle('fcm', request)))

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

  const keyFile = `AuthKey_${KEY}.p8`
  await Promise.all([
    writeFile(join(folder, keyFile), providerKey.privatePem, OWNER_ONLY),
    writeFile(join(folder, 'service-account.json'), `${JSON.stringify(account, undefined, 2)}\n`, OWNER_ONLY),
    writeFile(join(folder, 'ca.pem'), processAuthority().caPem, OWNER_ONLY),
  ])
  const ca = { file: 'ca.pem' }
  return Object.freeze({
    urls: { apns: apns.url, fcm: fcm.endpoint, oauth: oauth.tokenUri },
    tokens,
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
    },
    violations: () => [
      ...apns.violations.map((one) => `APNs: ${one.text}`),
      ...fcm.violations.map((text) => `FCM: ${text}`),
      ...oauth.violations.map((text) => `Google's tokens: ${text}`),
    ],
    close: async () => void (await Promise.all([apns.close(), fcm.close(), oauth.close()])),
  })
}

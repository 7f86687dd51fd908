/** Setups in which a push service, or the way to it, refuses what is configured. */
import { chmodSync, chownSync, readdirSync, writeFileSync } from 'node:fs'
import { makeAuthority, makeProviderKey, type Certified } from '../../lib/sim/certificates'
import { startConnectProxy } from '../../lib/sim/connect-proxy'
import { type Breakable } from './broken-house'
import { change, changeApp, closedPort, type Setups } from './broken-setup'
import { ANDROID, IOS } from './house'

function certified(of: Breakable, { certPem, keyPem }: Certified): void {
  writeFileSync(of.path('push.pem'), `${certPem}\n${keyPem}`)
  changeApp(of, IOS, { key: undefined, keyId: undefined, teamId: undefined, certificate: { file: 'push.pem' } })
}

/** Nobody's user number, on every system that has one. */
const NOBODY = 65534

/** Root may read everything, so root is somebody else meanwhile. */
function unreadable(of: Breakable, name: string): void {
  const isRoot = process.getuid?.() === 0
  chmodSync(of.path(name), isRoot ? 0o600 : 0)
  of.later(() => chmodSync(of.path(name), 0o600))
  if (!isRoot) return
  // The service starts all the same, so that what it writes into must be its own.
  const data = readdirSync(of.path('data')).map((each) => `data/${each}`)
  for (const each of ['', 'component.config.json', 'data', ...data]) chownSync(of.path(each), NOBODY, NOBODY)
  of.later(() => data.concat('data').forEach((each) => chownSync(of.path(each), 0, 0)))
  process.seteuid?.(NOBODY)
  of.later(() => process.seteuid?.(0))
}

const unreached = {
  cause: /can’t be reached/,
  cure: /See that this machine, its proxy and its firewall let connections through/,
  found: 'live',
} as const

export const brokenCredentials: Setups = {
  'The APNs key belongs to another team': {
    cause: /InvalidProviderToken/,
    cure: /Check that key, keyId and teamId belong together/,
    found: 'live',
    breaks: (of) => changeApp(of, IOS, { teamId: 'ZZZ999ZZZZ' }),
  },
  'The APNs key is of the other environment': {
    cause: /BadEnvironmentKeyInToken/,
    cure: /use a key of this environment, or change environment/,
    found: 'live',
    breaks(of) {
      const { publicKey, privatePem } = makeProviderKey()
      of.house.apns.addKey({ keyId: 'SBX123SBX1', teamId: 'DEF123GHIJ', key: publicKey, environments: ['sandbox'] })
      writeFileSync(of.path('AuthKey_SBX.p8'), privatePem)
      changeApp(of, IOS, { key: { file: 'AuthKey_SBX.p8' }, keyId: 'SBX123SBX1' })
    },
  },
  'The key file is no key': {
    cause: /is no readable private key/,
    cure: /Name the AuthKey_….p8 file as downloaded/,
    breaks(of) {
      writeFileSync(of.path('no.p8'), 'hello')
      changeApp(of, IOS, { key: { file: 'no.p8' } })
    },
  },
  'The key file is not there': {
    cause: /there is no file/,
    cure: /Put the file there, or correct the path/,
    breaks: (of) => changeApp(of, IOS, { key: { file: 'gone.p8' } }),
  },
  'The key file can not be read': {
    cause: /may not read/,
    cure: /Make it readable for the user that runs xmpp-push/,
    breaks: (of) => unreadable(of, 'AuthKey_ABC123DEFG.p8'),
  },
  'The certificate has expired': {
    cause: /expired/,
    cure: /[Pp]ut a new key or certificate in the place|Make a new one in Certificates/,
    breaks(of) {
      const [validFrom, validUntil] = [new Date('2020-01-01'), new Date('2025-01-01')]
      certified(of, makeAuthority().issueClient({ bundleId: IOS, validFrom, validUntil }))
    },
  },
  'The certificate is none of Apple’s for pushes': {
    cause: /is no push certificate/,
    cure: /Apple Push Notification service SSL/,
    breaks: (of) => certified(of, makeAuthority().issueServer()),
  },
  'The service account is of another project': {
    cause: /FCM answered 404 NOT_FOUND/,
    cure: /take the key file from the Firebase project of the app/,
    found: 'live',
    breaks(of) {
      const account = of.house.oauth.newServiceAccount({ projectId: 'another-project' })
      writeFileSync(of.path('other.json'), JSON.stringify(account))
      changeApp(of, ANDROID, { serviceAccount: { file: 'other.json' } })
    },
  },
  'The proxy can not be reached': {
    ...unreached,
    breaks: async (of) => changeApp(of, IOS, { proxy: `http://127.0.0.1:${await closedPort()}` }),
  },
  'The proxy refuses': {
    ...unreached,
    cause: /407/,
    async breaks(of) {
      const proxy = await startConnectProxy({ who: 'push:let me in' })
      of.later(() => proxy.close())
      changeApp(of, IOS, { proxy: `http://127.0.0.1:${proxy.port}` })
    },
  },
  'The connection is read along (TLS inspection)': {
    cause: /unable to verify the first certificate/,
    cure: /name its authority as `ca`/,
    found: 'live',
    breaks(of) {
      writeFileSync(of.path('strange.pem'), makeAuthority('A box that reads everything').caPem)
      changeApp(of, IOS, { ca: { file: 'strange.pem' } })
    },
  },
  'The configuration has a typo': {
    cause: /unknown key; did you mean "service"\?/,
    cure: /Rename it to "service"/,
    starts: false,
    breaks: (of) => change(of, 'component', { sevice: 'xmpp://127.0.0.1:5347' }),
  },
}

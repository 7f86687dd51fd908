import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createServer, type AddressInfo } from 'node:net'
import { makeAuthority, makeProviderKey } from '../../lib/sim/certificates'
import { startConnectProxy } from '../../lib/sim/connect-proxy'
import { systemClock } from '../../lib/clock'
import { sqlite } from '../../lib/stores/sqlite'
import { type Breakable, type BrokenHouse, startBrokenHouse } from '../support/broken-house'
import { ANDROID, IOS } from '../support/house'

const change = (of: Breakable, part: string, changes: Readonly<Record<string, unknown>>): void => {
  of.config[part] = { ...of.config[part], ...changes }
}
const changeApp = (of: Breakable, app: string, changes: Readonly<Record<string, unknown>>): void => {
  const apps = of.config['apps'] as Record<string, Record<string, unknown>>
  apps[app] = { ...apps[app], ...changes }
}
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  const { port } = server.address() as AddressInfo
  await new Promise((done) => server.close(done))
  return port
}
const certified = (of: Breakable, bundleId: string, validUntil: string): void => {
  const made = makeAuthority().issueClient({
    bundleId,
    validFrom: new Date('2020-01-01'),
    validUntil: new Date(validUntil),
  })
  writeFileSync(of.path('push.pem'), `${made.certPem}\n${made.keyPem}`)
  changeApp(of, IOS, { key: undefined, keyId: undefined, teamId: undefined, certificate: { file: 'push.pem' } })
}
const databaseOf = (of: Breakable): string => {
  const path = of.path(String(of.config['store']?.['file']))
  mkdirSync(dirname(path), { recursive: true })
  return path
}
const openAt = (file: string) =>
  sqlite.open({ file, maxDeliveries: 1000 }, { clock: systemClock, trouble: () => undefined })

/** `says`: words of `check --live`; `log` and `ready`: theirs, where there is something to be read there. `cure`: the mend that `check` names. */
interface Setup {
  readonly breaks: (of: Breakable) => unknown
  readonly says: string
  readonly cure: string
  readonly log: string
  readonly ready: string
}

/** What `/ready` says where the service did not start. */
const NOBODY = 'nobody answers'
const UNATTACHED = 'it is not attached to its XMPP server'
const linked = (says: string, cure: string, breaks: Setup['breaks']): Setup => ({
  says,
  cure,
  breaks,
  log: says,
  ready: UNATTACHED,
})
const refused = (says: string, cure: string, breaks: Setup['breaks']): Setup => ({
  says,
  cure,
  breaks,
  log: says,
  ready: says,
})
const unopened = (says: string, cure: string, breaks: Setup['breaks']): Setup => ({
  says,
  cure,
  breaks,
  log: says,
  ready: 'its credentials could not be used',
})
const unstarted = (says: string, cure: string, breaks: Setup['breaks']): Setup => ({
  says,
  cure,
  breaks,
  log: says,
  ready: NOBODY,
})

const setups: Readonly<Record<string, Setup>> = {
  'the secret is wrong': linked(
    'the server does not accept the secret',
    'Make component.secret the one that the server has',
    (of) => change(of, 'component', { secret: 'another secret' }),
  ),
  'the component port is closed': linked(
    'nothing listens at',
    'Start the XMPP server and let it listen there for components',
    async (of) => change(of, 'component', { service: `xmpp://127.0.0.1:${await closedPort()}` }),
  ),
  'the component port is that of clients': linked(
    'is for clients, not for components',
    "Name the server's component port in component.service",
    async (of) => {
      const server = createServer((socket) => {
        socket.on('error', () => undefined)
        socket.write(
          "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='1' version='1.0'><stream:error><invalid-namespace xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>",
        )
      }).listen(0, '127.0.0.1')
      await new Promise((done) => server.once('listening', done))
      of.later(() => server.close())
      change(of, 'component', { service: `xmpp://127.0.0.1:${(server.address() as AddressInfo).port}` })
    },
  ),
  'the domain is unknown to the server': linked(
    'the server has no component notify.example.com',
    "Add it to the server's configuration",
    (of) => change(of, 'component', { domain: 'notify.example.com' }),
  ),
  'the key belongs to another team': refused(
    'InvalidProviderToken',
    'Check that key, keyId and teamId belong together',
    (of) => changeApp(of, IOS, { teamId: 'ZZZ999ZZZZ' }),
  ),
  'the key is of the other environment': refused(
    'BadEnvironmentKeyInToken',
    'use a key of this environment, or change environment',
    (of) => {
      const { publicKey, privatePem } = makeProviderKey()
      of.house.apns.addKey({ keyId: 'SBX123SBX1', teamId: 'DEF123GHIJ', key: publicKey, environments: ['sandbox'] })
      writeFileSync(of.path('AuthKey_SBX.p8'), privatePem)
      changeApp(of, IOS, { key: { file: 'AuthKey_SBX.p8' }, keyId: 'SBX123SBX1' })
    },
  ),
  'the service account is of another project': refused(
    'FCM answered 404 NOT_FOUND',
    'take the key file from the Firebase project of the app',
    (of) => {
      writeFileSync(
        of.path('other.json'),
        JSON.stringify(of.house.oauth.newServiceAccount({ projectId: 'another-project' })),
      )
      changeApp(of, ANDROID, { serviceAccount: { file: 'other.json' } })
    },
  ),
  'the proxy can not be reached': refused(
    'can’t be reached',
    'See that this machine, its proxy and its firewall let connections through',
    async (of) => changeApp(of, IOS, { proxy: `http://127.0.0.1:${await closedPort()}` }),
  ),
  'the proxy refuses': refused(
    '407',
    'See that this machine, its proxy and its firewall let connections through',
    async (of) => {
      const proxy = await startConnectProxy({ who: 'push:let me in' })
      of.later(() => proxy.close())
      changeApp(of, IOS, { proxy: `http://127.0.0.1:${proxy.port}` })
    },
  ),
  'the connection is read along (TLS inspection)': refused(
    'unable to verify the first certificate',
    'name its authority as `ca`',
    (of) => {
      writeFileSync(of.path('strange.pem'), makeAuthority('A box that reads everything').caPem)
      changeApp(of, IOS, { ca: { file: 'strange.pem' } })
    },
  ),
  'the certificate has expired': {
    says: 'expired',
    cure: 'certificate',
    log: 'expired',
    ready: 'its credential expired 2025-01-01',
    breaks: (of) => certified(of, IOS, '2025-01-01'),
  },
  'the key file is no key': unopened('is no readable private key', 'Name the AuthKey_….p8 file as downloaded', (of) => {
    writeFileSync(of.path('no.p8'), 'hello')
    changeApp(of, IOS, { key: { file: 'no.p8' } })
  }),
  'the key file is not there': unstarted('there is no file', 'Put the file there, or correct the path', (of) =>
    changeApp(of, IOS, { key: { file: 'gone.p8' } }),
  ),
  'the configuration has a typo': unstarted('unknown key; did you mean "service"?', 'Rename it to "service"', (of) =>
    change(of, 'component', { sevice: 'xmpp://127.0.0.1:5347' }),
  ),
  'the database is no database': unstarted('is not an SQLite database', 'ame another file in store.file', (of) =>
    writeFileSync(databaseOf(of), 'x'.repeat(8192)),
  ),
  'the database is held by another process': unstarted(
    'is open in another process',
    'top that one first',
    async (of) => {
      const store = await openAt(databaseOf(of))
      of.later(() => store.close())
    },
  ),
}

const rowOf = (name: string, { says, cure, log, ready }: Setup): string =>
  `| ${name} | ${says} | ${log} | ${ready} | ${cure} |`

describe('a broken setup', () => {
  let broken: BrokenHouse
  beforeAll(async () => {
    broken = await startBrokenHouse()
  })
  afterAll(() => broken.close())

  it.each(Object.entries(setups))('%s: check, log and /ready name the cause, check the cure', async (_, setup) => {
    const { check, log, ready } = await broken.look(setup.breaks)
    const told = (check.match(/^FAULT .*\n +→ .*$/gm) ?? []).join('\n')
    expect(told).toContain(setup.says)
    expect(told).toContain(setup.cure)
    expect(log).toContain(setup.log)
    if (setup.ready === NOBODY) expect(ready).toBe('')
    else expect(ready).toContain(setup.ready)
  })

  it('is told in docs/symptoms.md, each on a line of its own', () => {
    const page = readFileSync(join(__dirname, '..', '..', 'docs', 'symptoms.md'), 'utf8')
    const rows = page.split('\n').map((line) => line.replace(/ +/g, ' '))
    for (const [name, setup] of Object.entries(setups)) expect(rows).toContain(rowOf(name, setup))
  })
})

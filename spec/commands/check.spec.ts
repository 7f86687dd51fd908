import { rmSync, symlinkSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { makeAuthority, makeProviderKey } from '../../lib/sim/certificates'
import { makeServiceAccount } from '../../lib/sim/service-account'
import { startXmppServerSimulator } from '../../lib/sim/xmpp-server'
import { type Clock, systemClock } from '../../lib/clock'
import { type Names, systemNames } from '../../lib/commands/names'
import { componentPeer } from '../support/component-peer'
import { call, callAt, callWith, someNames } from '../support/call'
import { makeFolder } from '../support/folder'
import { startHouse } from '../support/house'

type Part = Readonly<Record<string, unknown>>

describe('lib/commands/check', () => {
  const folder = makeFolder()
  const authority = makeAuthority()
  const DAY = 24 * 3600_000
  const p8 = makeProviderKey().privatePem
  const account = makeServiceAccount({ projectId: 'example', tokenUri: 'https://oauth2.googleapis.com/token' }).json
  folder.write('AuthKey_ABC123DEFG.p8', p8)
  folder.write('account.json', account)

  const component = { domain: 'push.example.com', service: 'xmpp://127.0.0.1:5347', secret: 'hush-hush-hush' }
  const ios = {
    ...{ provider: 'apns', profile: 'siskin', topic: 'org.example.ios', environment: 'production' },
    ...{ key: { file: 'AuthKey_ABC123DEFG.p8' }, keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ' },
  }
  const android = { provider: 'fcm', profile: 'conversations', serviceAccount: { file: 'account.json' } }
  const good = {
    component,
    store: { kind: 'sqlite', file: 'push.db' },
    apps: { 'org.example.ios': ios, 'org.example.android': android },
  }
  const withIos = (changes: Part) => ({ ...good, apps: { ...good.apps, 'org.example.ios': { ...ios, ...changes } } })
  const withAndroid = (changes: Part) => ({
    ...good,
    apps: { ...good.apps, 'org.example.android': { ...android, ...changes } },
  })
  const withComponent = (changes: Part) => ({ ...good, component: { ...component, ...changes } })
  /** Without the apps, whose push services nobody is to ask here. */
  const alone = (changes: Part) => ({
    ...withComponent(changes),
    apps: { 'org.example.web': { provider: 'webpush', profile: 'webpush' } },
  })
  const certified = (certificate: string, password?: string): Part => ({
    ...{ key: undefined, keyId: undefined, teamId: undefined, certificate: { file: certificate } },
    ...(password === undefined ? {} : { password }),
  })

  let files = 0
  const check = (content: string | object, ...words: readonly string[]) =>
    call('check', '--config', folder.write(`config-${++files}.json`, content), ...words)

  /** The one fault that was printed: its line and the line of its mend. */
  async function faultOf(content: string | object, ...words: readonly string[]): Promise<string> {
    const { code, out } = await check(content, ...words)
    const faults = out.match(/^FAULT .*\n +→ .*$/gm) ?? []
    expect({ code, faults: faults.length, out }).toMatchObject({ code: 1, faults: 1 })
    return faults[0] ?? ''
  }

  it('tells what is configured, what each push service sees, and that nothing is wrong', async () => {
    const { code, out, err } = await check(good)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^component push\.example\.com, attaches at xmpp:\/\/127\.0\.0\.1:5347$/m)
    expect(out).toMatch(/^access +users of example\.com may register$/m)
    expect(out).toMatch(/^store +sqlite$/m)
    expect(out).toMatch(/^app +org\.example\.ios: apns, siskin$/m)
    for (const fact of ['DEF123GHIJ', 'ABC123DEFG', 'org.example.ios', 'production']) expect(out).toContain(fact)
    expect(out).toMatch(/^ +the push service sees: the account's bare JID, /m)
    expect(out).toMatch(/^app +org\.example\.android: fcm, conversations$/m)
    expect(out).toMatch(/^ +the push service sees: a hash of account and device/m)
    expect(out).toContain('Firebase project example')
    expect(out).toMatch(/: no faults$/m)
  })

  it('tells where HTTP is served', async () => {
    const listeners = [{ listen: '[::1]:8086', serve: ['webpush-example'] }]
    expect((await check({ ...good, http: { listeners } })).out).toMatch(/^http +\[::1\]:8086 serves webpush-example$/m)
  })

  it('prints no secret', async () => {
    const { out } = await check(withComponent({ service: 'nowhere' }))
    const both = `${out}${(await check(good)).out}`
    for (const secret of ['hush-hush', p8.slice(40, 60), account.private_key.slice(40, 60)]) {
      expect(both).not.toContain(secret)
    }
  })

  it('names on a fresh clone exactly what the example still needs', async () => {
    const { code, out } = await call('check', '--config', join(__dirname, '..', '..', 'component.config.json'))
    expect(code).toBe(1)
    const told = (out.match(/^FAULT .*$/gm) ?? []).map((line) =>
      line.replace(/^FAULT +/, '').replace(/file \/.*\//, 'file '),
    )
    expect(told).toEqual([
      'apps.org.example.ios.key: there is no file AuthKey_ABC123DEFG.p8',
      'apps.org.example.android.serviceAccount: there is no file service-account.json',
      'component.secret: the environment variable XMPP_PUSH_SECRET is not set',
    ])
    expect(out).toMatch(/: 3 faults$/m)
  })

  describe('names the fault and the mend where', () => {
    it('the file is not JSON', async () => {
      expect(await faultOf('{ "component": {}, }')).toMatch(
        /config-\d+\.json:1:18: not JSON: a comma after the last entry\n +→ Remove it/,
      )
    })

    it('a key is unknown', async () => {
      expect(await faultOf(withIos({ topc: 'x' }))).toMatch(
        /apps\.org\.example\.ios\.topc: unknown key; did you mean "topic"\?\n +→ Rename it to "topic"/,
      )
    })

    it('a provider, a profile or a store is unknown', async () => {
      expect(await faultOf(withIos({ provider: 'apnss' }))).toMatch(
        /no provider "apnss"; did you mean "apns"\?\n +→ Write "/,
      )
      expect(await faultOf(withIos({ profile: 'siskn' }))).toMatch(
        /no profile "siskn"; did you mean "siskin"\?\n +→ Write "/,
      )
      expect(await faultOf({ ...good, store: { kind: 'sqlit' } })).toMatch(
        /no store "sqlit"; did you mean "sqlite"\?\n +→ Write "/,
      )
    })

    it('a profile can not write for the push service', async () => {
      expect(await faultOf(withIos({ profile: 'stork' }))).toMatch(
        /the profile "stork" can't write for apns\n +→ Write "siskin", .* or "generic"/,
      )
    })

    it('an outbox is none', async () => {
      expect(await faultOf({ ...good, outbox: {} })).toMatch(/outbox.kind: is missing\n +→ Write "nats"/)
      const contentKey = Buffer.alloc(32).toString('base64')
      const outbox = { kind: 'nats', servers: ['http://queue.example.com'], contentKey }
      expect(await faultOf({ ...good, outbox })).toMatch(/outbox.servers\[0\]: has the wrong form\n +→ Write nats:\/\//)
    })

    it('the address of a database is none', async () => {
      const contentKey = Buffer.alloc(32).toString('base64')
      expect(await faultOf({ ...good, store: { kind: 'postgres', url: 'db.example.com', contentKey } })).toMatch(
        /store\.url: is no address\n +→ Write postgres:\/\/user@host:5432\/database/,
      )
    })

    it('an environment variable is missing', async () => {
      expect(await faultOf(withComponent({ secret: { env: 'NO_SUCH_SECRET' } }))).toMatch(
        /component\.secret: the environment variable NO_SUCH_SECRET is not set\n +→ Set NO_SUCH_SECRET/,
      )
    })

    it('a file is missing, or is a folder', async () => {
      expect(await faultOf(withIos({ key: { file: 'none.p8' } }))).toMatch(
        /there is no file .*none\.p8\n +→ Put the file there/,
      )
      folder.write('folder.p8/file', '')
      expect(await faultOf(withIos({ key: { file: 'folder.p8' } }))).toMatch(
        /folder\.p8 is not a file\n +→ Name the file/,
      )
    })

    it('a file can not be read', async () => {
      symlinkSync('loop.p8', join(folder.path, 'loop.p8'))
      expect(await faultOf(withIos({ key: { file: 'loop.p8' } }))).toMatch(
        /can't read .*loop\.p8 \(ELOOP\)\n +→ Put a readable file there/,
      )
    })

    it('a port is no port, or one where clients log in', async () => {
      expect(await faultOf(withComponent({ service: 'xmpp://127.0.0.1:53470' + '0' }))).toMatch(
        /no address of a component port\n +→ Write xmpp:/,
      )
      expect(await faultOf(withComponent({ service: 'xmpp://127.0.0.1:5222' }))).toMatch(
        /port 5222 is where clients log in; .*\n +→ Write xmpp:/,
      )
    })

    it('nobody is said to register and the domain has no parent', async () => {
      expect(await faultOf(withComponent({ domain: 'localhost' }))).toMatch(
        /access\.register: is missing, .*\n +→ List the domains/,
      )
    })

    it('a key of APNs is no key', async () => {
      folder.write('bad.p8', '-----BEGIN PRIVATE KEY-----\nbm8ga2V5\n-----END PRIVATE KEY-----\n')
      expect(await faultOf(withIos({ key: { file: 'bad.p8' } }))).toMatch(/apps\.org\.example\.ios: .*bad\.p8.*\n +→ /)
    })

    it('a key id has the wrong length', async () => {
      expect(await faultOf(withIos({ keyId: 'ABC123' }))).toMatch(/apps\.org\.example\.ios.*keyId.*\n +→ /)
    })

    it('a certificate has expired', async () => {
      const old = authority.issueClient({
        ...{ bundleId: 'org.example.ios', validFrom: new Date(Date.now() - 9 * DAY) },
        validUntil: new Date(Date.now() - DAY),
      })
      folder.write('old.pem', `${old.certPem}${old.keyPem}`)
      expect(await faultOf(withIos(certified('old.pem')))).toMatch(/expired.*\n +→ /)
    })

    it('a key of FCM is a legacy server key', async () => {
      const serviceAccount = `AAAAabcdefg:${'x'.repeat(134)}`
      expect(await faultOf(withAndroid({ serviceAccount }))).toMatch(/legacy server key.*\n +→ In the Firebase console/)
    })

    it('a service account is the file of the Android app', async () => {
      expect(await faultOf(withAndroid({ serviceAccount: JSON.stringify({ project_info: {} }) }))).toMatch(
        /google-services\.json.*\n +→ /,
      )
    })
  })

  it('names all faults at once, those in credentials too', async () => {
    const { out } = await check({
      ...withIos({ topc: 1 }),
      log: { level: 'loud' },
      apps: { ...withIos({ topc: 1 }).apps, a: { ...android, serviceAccount: 'x' } },
    })
    expect(out.match(/^FAULT +[^:]*/gm)).toEqual([
      'FAULT     apps.a',
      'FAULT     apps.org.example.ios.topc',
      'FAULT     log.level',
    ])
    expect(out).toMatch(/: 3 faults$/m)
  })

  describe('--live', () => {
    const hosting = {
      domain: 'example.com',
      components: [{ domain: component.domain, secret: component.secret }],
    }
    it('attaches and detaches', async () => {
      const server = await startXmppServerSimulator(hosting)
      const { code, out } = await check(alone({ service: server.service }), '--live')
      await server.close()
      expect({ code, out }).toMatchObject({ code: 0 })
      expect(out).toMatch(/^link +push\.example\.com attached to xmpp:\/\/127\.0\.0\.1:\d+ and detached again$/m)
      expect(server.violations).toEqual([])
    })

    describe('what the server answers', () => {
      it('is told in a line', async () => {
        const server = await startXmppServerSimulator(hosting)
        const { code, out } = await check(alone({ service: server.service }), '--live')
        await server.close()
        expect(code).toBe(0)
        expect(out).toMatch(/^server +example\.com answers: Prosody [\d.]+, its clock \d\.\d s from ours$/m)
        expect(out).toMatch(/: no faults$/m)
      })

      it('is a warning where its clock is two minutes off', async () => {
        const server = await startXmppServerSimulator({ ...hosting, now: () => Date.now() - 120_000 })
        const { code, out } = await check(alone({ service: server.service }), '--live')
        await server.close()
        expect(code).toBe(0)
        expect(out).toMatch(
          /^warning +example\.com answers: Prosody [\d.]+, its clock is 2 min behind ours\n +→ .*timedatectl/m,
        )
        expect(out).toMatch(/: no faults, 1 warning$/m)
      })

      it('is a warning where the users of the server are others', async () => {
        const server = await startXmppServerSimulator({ ...hosting, domain: 'example.org' })
        const { code, out } = await check(alone({ service: server.service }), '--live')
        const access = { register: ['example.org'] }
        const mended = await check({ ...alone({ service: server.service }), access }, '--live')
        await server.close()
        expect(code).toBe(0)
        expect(out).toMatch(/^warning +example\.com can not be reached by the server .*\n +→ .*access\.register/m)
        expect(mended.out).toMatch(/^server +example\.org answers: Prosody /m)
      })

      it('is a warning where it is silent, and not waited for without end', async () => {
        const peer = await componentPeer()
        const clock: Clock = { ...systemClock, after: (ms, then) => systemClock.after(ms === 5000 ? 1 : ms, then) }
        const file = folder.write(`config-${++files}.json`, alone({ service: peer.service }))
        const called = callAt(clock, 'check', '--config', file, '--live')
        const server = await peer.next()
        await server.accepts()
        const { code, out } = await called
        await peer.close()
        expect(code).toBe(0)
        expect(out).toMatch(/^link +push\.example\.com attached to .* and detached again$/m)
        expect(out).toMatch(/^warning +example\.com does not answer what push\.example\.com asks it .*\n +→ .*its log/m)
      })
    })

    it('signs nothing that the first start could not use', async () => {
      const house = await startHouse()
      await house.service().stop('to be checked')
      rmSync(join(house.folder, 'data'), { recursive: true })
      const file = join(house.folder, 'component.config.json')
      const { out } = await callAt(house.clock, 'check', '--config', file, '--live')
      expect(out).toMatch(/^proof +org\.example\.ios: proven/m)
      await house.start()
      const told = await callAt(house.clock, 'check', '--config', file, '--live')
      expect(told.out).toMatch(/^proof +org\.example\.ios: proven/m)
      const shown = house.apns.journal.entries.flatMap(({ client }) => (client.kind === 'token' ? [client.jwt] : []))
      expect(new Set(shown).size).toBe(1)
      expect(house.apns.violations).toEqual([])
      await house.close()
    })

    it('tells a wrong secret', async () => {
      const server = await startXmppServerSimulator({ components: [{ domain: component.domain, secret: 'another' }] })
      const fault = await faultOf(alone({ service: server.service }), '--live')
      await server.close()
      expect(fault).toMatch(/push\.example\.com at xmpp:.*secret.*\n +→ /)
    })

    it('tells a port where nobody listens', async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await new Promise((done) => server.once('listening', done))
      const { port } = server.address() as AddressInfo
      await new Promise((done) => server.close(done))
      const service = `xmpp://127.0.0.1:${String(port)}`
      expect(await faultOf(alone({ service }), '--live')).toMatch(
        /push\.example\.com at xmpp:.*nothing listens .*\n +→ /,
      )
    })

    describe('what the domain of a component leads to', () => {
      const SRV = '_xmpp-server._tcp.push.example.com'
      const nobody = async () => []
      const live = async (names: Names, clock: Clock = systemClock) => {
        const server = await startXmppServerSimulator(hosting)
        const file = folder.write(`config-${++files}.json`, alone({ service: server.service }))
        const called = await callWith(clock, names, 'check', '--config', file, '--live')
        await server.close()
        return called
      }

      it('is told', async () => {
        const { code, out } = await live(someNames(async () => ['192.0.2.1', '2001:db8::1']))
        expect(code).toBe(0)
        expect(out).toMatch(/^name +push\.example\.com leads to 192\.0\.2\.1, 2001:db8::1$/m)
        expect(out).toMatch(/: no faults$/m)
      })

      it('is looked for at the hosts of its SRV records, where it has some', async () => {
        const asked: string[] = []
        const addresses = async (name: string) => {
          asked.push(name)
          return name === 'xmpp.example.com' ? ['192.0.2.7'] : []
        }
        const { out } = await live(someNames(addresses, async (name) => (name === SRV ? ['xmpp.example.com'] : [])))
        expect(out).toMatch(/^name +push\.example\.com leads to 192\.0\.2\.7$/m)
        expect(asked).toEqual(['xmpp.example.com'])
      })

      it('is an address, where SRV can not be asked for', async () => {
        const servers = () => Promise.reject(new Error('queryServ ESERVFAIL'))
        const { out } = await live(someNames(async () => ['192.0.2.1'], servers))
        expect(out).toMatch(/^name +push\.example\.com leads to 192\.0\.2\.1$/m)
      })

      it.each([
        ['there is no such name', someNames(nobody)],
        ['the hosts of its SRV records have none', someNames(nobody, async () => ['xmpp.example.com'])],
        [
          'its SRV record says that there is no server',
          someNames(
            async () => ['192.0.2.1'],
            async () => ['.'],
          ),
        ],
      ])('is nothing where %s: a warning that says what it means, and no fault', async (_, names) => {
        const { code, out } = await live(names)
        expect(code).toBe(0)
        expect(out).toMatch(/^warning +push\.example\.com has no address: .*\n +→ Give it one/m)
        for (const server of ['ejabberd', 'Tigase', 'MongooseIM', 'Prosody']) expect(out).toContain(server)
        expect(out).toMatch(/: no faults, 1 warning$/m)
      })

      it('is a warning of its own where nobody can tell', async () => {
        const { code, out } = await live(someNames(() => Promise.reject(new Error('EAI_AGAIN'))))
        expect(code).toBe(0)
        expect(out).toMatch(
          /^warning +push\.example\.com may have no address: it could not be looked up \(EAI_AGAIN\)/m,
        )
      })

      it('is asked of the machine itself, its hosts file included', async () => {
        expect(await systemNames.addresses('localhost')).toContainEqual(expect.stringMatching(/^(127\.0\.0\.1|::1)$/))
      })

      it('is not waited for without end', async () => {
        const clock: Clock = { ...systemClock, sleep: () => Promise.resolve() }
        const { code, out } = await live(
          someNames(() => new Promise(() => undefined)),
          clock,
        )
        expect(code).toBe(0)
        expect(out).toMatch(/could not be looked up \(no answer in 5 s\)/)
      })
    })

    it('tries no link while the configuration has faults', async () => {
      const { out } = await check(withIos({ topc: 1 }), '--live')
      expect(out).toMatch(/1 fault; no link was tried, for the configuration comes first$/m)
    })
  })
})

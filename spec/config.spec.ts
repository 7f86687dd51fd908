import { chmodSync } from 'node:fs'
import fc from 'fast-check'
import { inspect } from 'node:util'
import { type Config, configFile, configSchema, readConfig, type ReadConfig } from '../lib/config'
import { type App } from '../lib/config/app'
import { systemClock } from '../lib/clock'
import { Opaque } from '../lib/model/opaque'
import { makeFolder } from './support/folder'
import { like } from './support/like'
import { right, smallKinds } from './support/small-kinds'

type Spoil = Readonly<Record<string, unknown>>

describe('lib/config', () => {
  const folder = makeFolder()
  let files = 0

  function read(content: string | object, env: Readonly<Record<string, string>> = {}): ReadConfig {
    return readConfig({ file: folder.write(`config-${++files}.json`, content), env, kinds: smallKinds })
  }
  function good(content: object, env: Readonly<Record<string, string>> = {}): Config {
    const result = read(content, env)
    if (result.is === 'faults') throw new Error(JSON.stringify(result.faults))
    return result.config
  }
  function faults(content: string | object, env: Readonly<Record<string, string>> = {}) {
    const result = read(content, env)
    if (result.is === 'config') throw new Error('no fault was found')
    return result.faults
  }
  const app = (changes: Spoil): object => ({
    ...right,
    apps: { 'org.example.ios': { ...right.apps['org.example.ios'], ...changes } },
  })
  const only = (config: Config): App => {
    const found = config.apps.get('org.example.ios')
    if (found === undefined) throw new Error('no app')
    return found
  }
  const paths = (content: object): readonly string[] => faults(content).map(({ path }) => path)

  describe('a configuration that is right', () => {
    it('becomes components, store, apps, access and log with their defaults', () => {
      const config = good(right)
      expect(config.components).toMatchObject([{ domain: 'push.example.com', service: 'xmpp://127.0.0.1:5347' }])
      expect(config.components[0]?.secret.reveal()).toBe('hush')
      expect(config.store.kind).toBe('box')
      expect([...config.apps.keys()]).toEqual(['org.example.ios'])
      expect(config.access).toEqual({ register: ['example.com'], publish: [], admins: [] })
      expect(config.log).toEqual({ level: 'info', format: 'json' })
    })

    it('binds the options of an app to what its provider and its profile do', async () => {
      const { provider, profile } = only(good(app({ key: 'k3y', word: 'hey' })))
      expect(provider).toMatchObject({ kind: 'pigeon', speaks: 'apns', maxEncryptedSize: 100 })
      expect(provider.address('ABC')).toBe('abc')
      expect(await provider.check(0)).toEqual([{ is: 'fact', text: 'loft attic' }])
      const opened = provider.open({ app: 'a', clock: systemClock, keep: await noKeep(), notice: () => undefined })
      expect(await opened.attempt(anAttempt())).toEqual({ is: 'refused', why: 'k3y' })
      expect(profile).toMatchObject({ name: 'whisper', reveals: 'the word "hey"', passesEncrypted: true })
      expect(profile.keeps).toEqual({ sender: false, body: false })
      expect(profile.collapseKey(aNotification())).toBe('quiet hey')
      expect(profile.write({ id: '1', notification: aNotification() })).toEqual({ is: 'silence', why: '1 hey' })
    })

    it('opens its store with a path taken from the folder of the file', async () => {
      const opening = good(right).store.open({ clock: systemClock, trouble: () => undefined })
      await expect(opening).rejects.toThrow(`no store in ${folder.path}/data/box.db`)
    })

    it('is frozen to the bottom', () => {
      const config = good(right)
      expect(Object.isFrozen(config)).toBe(true)
      expect(Object.isFrozen(config.access.register)).toBe(true)
      expect(Object.isFrozen(config.components[0])).toBe(true)
      expect(Object.isFrozen(only(config).provider)).toBe(true)
    })

    it('shows no secret when it is printed', () => {
      const secret = 'correct-horse-battery'
      const config = good({ ...right, component: { ...right.component, secret } })
      expect(`${inspect(config, { depth: 9 })}${JSON.stringify(config)}`).not.toContain('horse')
    })

    it('has a list of components, and their parents may register', () => {
      const second = { ...right.component, domain: 'push.example.org' }
      const config = good({ ...right, component: [right.component, second] })
      expect(config.components.map(({ domain }) => domain)).toEqual(['push.example.com', 'push.example.org'])
      expect(config.access.register).toEqual(['example.com', 'example.org'])
    })

    it('folds domains and JIDs, and completes the port', () => {
      const config = good({
        ...right,
        component: { ...right.component, domain: 'Push.Example.COM', service: 'xmpps://xmpp.example.com', ca: 'pem' },
        access: { register: ['Example.ORG'], admins: ['Admin@Example.com'] },
      })
      expect(config.components).toMatchObject([
        { domain: 'push.example.com', service: 'xmpps://xmpp.example.com:5347' },
      ])
      expect(config.components[0]?.ca?.toString()).toBe('pem')
      expect(config.access).toEqual({ register: ['example.org'], publish: [], admins: ['admin@example.com'] })
    })
  })

  describe('secrets', () => {
    it('come from a file beside the configuration, without its last line end', () => {
      folder.write('keys/secret', 's3cret\n')
      const config = good({ ...right, component: { ...right.component, secret: { file: 'keys/secret' } } })
      expect(config.components[0]?.secret.reveal()).toBe('s3cret')
    })

    it('come from the environment', () => {
      const content = { ...right, component: { ...right.component, secret: { env: 'MY_SECRET' } } }
      expect(good(content, { MY_SECRET: 's3cret' }).components[0]?.secret.reveal()).toBe('s3cret')
    })

    const secret = (value: unknown) => faults({ ...right, component: { ...right.component, secret: value } })

    it.each([
      [
        'a variable that is not set',
        { env: 'MISSING' },
        'the environment variable MISSING is not set',
        /export MISSING=/,
      ],
      ['a file that is not there', { file: 'no/key' }, /there is no file .*\/no\/key$/, /Put the file there/],
      ['a folder', { file: '.' }, /is not a file$/, /Name the file itself/],
      ['an empty text', ' ', 'is empty', /\{"file": "path"\}/],
      ['a number', 7, 'is neither a text nor where one is to be found', /Write a text/],
      ['another place', { url: 'x' }, '"url" is no place that a secret is read from', /Write a text/],
      ['two places', { file: 'a', env: 'b' }, 'has to name exactly one place', /Write a text/],
      ['no name', { file: '' }, 'names no file', /Write a text/],
      ['nothing', undefined, 'is missing', /Write a text/],
    ])('are refused as %s', (_what, value, text, mend) => {
      const wanted = typeof text === 'string' ? text : like(text)
      expect(secret(value)).toEqual([{ path: 'component.secret', text: wanted, mend: like(mend) }])
    })

    it('are refused as an empty file, and as one that may not be read', () => {
      folder.write('keys/empty', ' \n')
      expect(secret({ file: 'keys/empty' })).toMatchObject([{ text: like(/\/keys\/empty is empty$/) }])
      const locked = folder.write('keys/locked', 'x')
      chmodSync(locked, 0)
      const asRoot = process.getuid?.() === 0 // root may read everything
      if (!asRoot) {
        expect(secret({ file: 'keys/locked' })).toMatchObject([{ text: like(/^may not read /) }])
      }
    })

    it('are refused where a variable is empty', () => {
      const content = { ...right, component: { ...right.component, secret: { env: 'EMPTY' } } }
      expect(faults(content, { EMPTY: '' })).toMatchObject([{ text: 'the environment variable EMPTY is empty' }])
    })
  })

  describe('a key that is unknown', () => {
    it('is named by its path, with the nearest key that is known', () => {
      expect(faults(app({ lofft: 'x' }))).toEqual([
        {
          path: 'apps.org.example.ios.lofft',
          text: 'unknown key; did you mean "loft"?',
          mend: 'Rename it to "loft", or remove it',
        },
      ])
    })

    it('is found at every depth', () => {
      expect(paths({ ...right, compnent: 1 })).toEqual(['compnent'])
      expect(paths({ ...right, component: { ...right.component, sercet: 1 } })).toEqual(['component.sercet'])
      expect(paths({ ...right, component: [{ ...right.component, sercet: 1 }] })).toEqual(['component[0].sercet'])
      expect(paths({ ...right, store: { ...right.store, flie: 1 } })).toEqual(['store.flie'])
      expect(paths(app({ rings: { left: 'a', rihgt: 'b' } }))).toEqual(['apps.org.example.ios.rings.rihgt'])
      expect(paths({ ...right, access: { admin: [] } })).toEqual(['access.admin'])
    })

    it('is told with all known keys where none is near', () => {
      expect(faults(app({ colour: 'x' }))).toMatchObject([
        { text: 'unknown key', mend: like('provider, profile, match, key, loft') },
      ])
    })
  })

  describe('http', () => {
    it('is served nowhere where nothing is said', () => {
      expect(good(right).http).toMatchObject({ listeners: [], trustedProxies: [] })
    })

    it.each([
      ['127.0.0.1:8086', { host: '127.0.0.1', port: 8086 }],
      ['[::1]:8086', { host: '::1', port: 8086 }],
      ['localhost:0', { host: 'localhost', port: 0 }],
    ])('listens at %s', (listen, place) => {
      const { http } = good({ ...right, ...listening({ listen }) })
      expect(http.listeners).toEqual([{ ...place, serve: ['webpush-example'] }])
    })

    it.each(['8086', ':8086', '127.0.0.1', '127.0.0.1:65536', '::1:8086', 'http://127.0.0.1:8086'])(
      'does not listen at %s',
      (listen) => {
        expect(faults({ ...right, ...listening({ listen }) })).toMatchObject([
          { path: 'http.listeners[0].listen', mend: like(/^Write address:port/) },
        ])
      },
    )

    it('serves no interface that there is not', () => {
      expect(faults({ ...right, ...listening({ serve: ['gopher'] }) })).toMatchObject([
        { path: 'http.listeners[0].serve[0]', text: 'there is no interface "gopher"' },
      ])
      expect(faults({ ...right, ...listening({ serve: [] }) })).toMatchObject([{ path: 'http.listeners[0].serve' }])
    })
  })

  describe('who may ask a listener', () => {
    const open = { listen: '0.0.0.0:8086', serve: ['mongoosepush'] }

    it('must be said where strangers could reach it, unless it is made for them', () => {
      expect(faults({ ...right, ...listening(open) })).toEqual([
        {
          path: 'http.listeners[0].auth',
          text: 'is missing: anyone who reaches 0.0.0.0 could use mongoosepush',
          mend: 'Write { "tokens": { "name": "…" } }, or "open" where only callers that you trust can reach it',
        },
      ])
      expect(good({ ...right, ...listening({ ...open, auth: 'open' }) }).http.listeners[0]?.tokens).toBeUndefined()
      expect(good({ ...right, ...listening({ listen: '0.0.0.0:8086' }) }).http.listeners).toHaveLength(1)
      for (const listen of ['127.0.0.1:8086', '[::1]:8086', 'localhost:8086']) {
        expect(good({ ...right, ...listening({ ...open, listen }) }).http.listeners).toHaveLength(1)
      }
    })

    it('is known by a token of its own', () => {
      const tokens = { mim: 'secret of mim', other: { env: 'OTHER' } }
      const { http } = good({ ...right, ...listening({ ...open, auth: { tokens } }) }, { OTHER: 'secret of other' })
      expect([...(http.listeners[0]?.tokens ?? [])].map(([name, token]) => [name, token.reveal()])).toEqual([
        ['mim', 'secret of mim'],
        ['other', 'secret of other'],
      ])
      expect(faults({ ...right, ...listening({ ...open, auth: { token: 'x' } }) })).not.toEqual([])
    })

    it.each([
      ['certificate', { certificate: 'x', key: 'y' }, 'certificate (the configuration) is not readable'],
      ['key', { key: 'y' }, 'key (the configuration) is not readable'],
    ])('is refused where the %s can not be read', (_, tls, text) => {
      const all = faults({ ...right, ...listening({ tls: { certificate: 'x', ...tls } }) })
      expect(all.map((fault) => fault.text)).toContain(text)
    })

    it.each(['10.0.0.0/8', '127.0.0.1', '::1', 'fd00::/8'])('believes the proxy %s', (proxy) => {
      expect(good({ ...right, http: { trustedProxies: [proxy] } }).http.trustedProxies).toEqual([proxy])
    })

    it.each(['example.com', '10.0.0.0/33', '10.0.0.0/8/8', ''])('knows no proxy "%s"', (proxy) => {
      expect(faults({ ...right, http: { trustedProxies: [proxy] } })).toMatchObject([
        { path: 'http.trustedProxies[0]', text: `"${proxy}" is neither an address nor a network` },
      ])
    })
  })

  describe('remoteDisable', () => {
    it.each(['auto', 'always', 'never'])('is %s where that is said', (remoteDisable) => {
      expect(good({ ...right, remoteDisable }).remoteDisable).toBe(remoteDisable)
      expect(good(right, { XMPP_PUSH__REMOTE_DISABLE: remoteDisable }).remoteDisable).toBe(remoteDisable)
    })

    it('is auto where nothing is said, and knows no other word', () => {
      expect(good(right).remoteDisable).toBe('auto')
      for (const remoteDisable of [true, 'sometimes']) {
        expect(faults({ ...right, remoteDisable })).toMatchObject([{ path: 'remoteDisable' }])
      }
    })
  })

  describe('what is known and not built yet', () => {
    it('is refused plainly: a provider', () => {
      for (const provider of ['unifiedpush']) {
        const apps = { a: { provider, profile: 'whisper', vapid: 'whatever' } }
        expect(faults({ ...right, apps })).toMatchObject([
          { path: 'apps.a.provider', text: `the provider "${provider}" is not built yet` },
        ])
      }
    })
  })

  describe('a match of an app', () => {
    it('is what the file says, and closed', () => {
      expect(only(good(app({ match: { service: 'apns', mode: 'dev', tags: ['a'] } }))).match).toEqual({
        ...{ service: 'apns', mode: 'dev', tags: ['a'] },
      })
      expect(faults(app({ match: { modus: 'dev' } }))).toMatchObject([
        { path: 'apps.org.example.ios.match.modus', text: 'unknown key; did you mean "mode"?' },
      ])
    })
  })

  describe('a value that is wrong', () => {
    const component = (changes: Spoil) => faults({ ...right, component: { ...right.component, ...changes } })

    it.each([
      ['domain', 'user@example.com', '"user@example.com" is no domain'],
      ['service', '127.0.0.1:5347', '"127.0.0.1:5347" is no address of a component port'],
      ['service', 'xmpp://127.0.0.1:99999', '"xmpp://127.0.0.1:99999" is no address of a component port'],
      ['service', 'https://example.com', '"https://example.com" is no address of a component port'],
      ['service', 'xmpp://example.com:5222', 'port 5222 is where clients log in; no component can attach there'],
      ['service', 'xmpp://example.com:5269', 'port 5269 is where other servers connect; no component can attach there'],
      ['service', 'xmpp://example.com/there', 'says more than a host and a port'],
      ['service', 5347, 'is not a text: "…"'],
    ])('of component.%s is refused: %s', (key, value, text) => {
      expect(component({ [key]: value })).toEqual([{ path: `component.${key}`, text, mend: like(/^Write /) }])
    })

    it.each([
      ['legs', 0, 'is too small or too short', 'Give at least 1'],
      ['legs', 9, 'is too large or too long', 'Give at most 4'],
      ['legs', 'two', 'is not a number', 'Write a number'],
      ['feather', 'RED', 'has the wrong form', 'Write its colour in small letters'],
      ['loft', undefined, 'is missing', 'Add it: a text: "…"'],
      ['endpoint', 'http://127.0.0.1', '"http://127.0.0.1" is no https address', /^Write https:/],
      [
        'endpoint',
        'https://127.0.0.1/path',
        '"https://127.0.0.1/path" says more than a host and a port',
        /^Write https:/,
      ],
    ])('of an app is refused: %s %s', (key, value, text, mend) => {
      const wanted = typeof mend === 'string' ? mend : like(mend)
      expect(faults(app({ [key]: value }))).toEqual([{ path: `apps.org.example.ios.${key}`, text, mend: wanted }])
    })

    it('of a choice is told with the choice', () => {
      const apps = { drums: { provider: 'drum', profile: 'whisper', skin: 'cat' } }
      expect(faults({ ...right, apps })).toMatchObject([
        { path: 'apps.drums.skin', text: 'is not "goat" or "calf"' },
        { path: 'apps.drums.profile', text: 'the profile "whisper" can\'t write for drum' },
      ])
    })

    it('is an unknown provider, profile or store, told with the nearest', () => {
      expect(faults(app({ provider: 'pidgeon' }))).toEqual([
        {
          path: 'apps.org.example.ios.provider',
          text: 'there is no provider "pidgeon"; did you mean "pigeon"?',
          mend: 'Write "pigeon" or "drum"',
        },
      ])
      expect(faults(app({ profile: 'shout' }))).toMatchObject([{ text: 'there is no profile "shout"' }])
      expect(faults({ ...right, store: { kind: 'constructor' } })).toMatchObject([
        { path: 'store.kind', text: 'there is no store "constructor"', mend: 'Write "box"' },
      ])
    })

    it('is a part that is missing or of the wrong form', () => {
      expect(paths({})).toEqual(['component', 'store', 'apps'])
      expect(paths({ component: [], store: 1, apps: [] })).toEqual(['component', 'store', 'apps'])
      expect(paths({ ...right, apps: { a: null } })).toEqual(['apps.a'])
      expect(paths({ ...right, apps: { 'a b': right.apps['org.example.ios'] } })).toEqual(['apps.a b'])
      expect(paths({ ...right, access: null, log: 'debug' })).toEqual(['access', 'log'])
      expect(faults('[]')).toMatchObject([{ text: 'the configuration is not an object: {…}' }])
    })

    it('is a domain without a parent where nobody is said to register', () => {
      const lonely = { ...right, component: { ...right.component, domain: 'localhost' } }
      expect(faults(lonely)).toMatchObject([{ path: 'access.register', text: like('"localhost"') }])
      expect(good({ ...lonely, access: { register: ['localhost'] } }).access.register).toEqual(['localhost'])
    })

    it('is an administrator who is no bare JID, a domain that is none, a component attached twice', () => {
      expect(paths({ ...right, access: { admins: ['example.com'] } })).toEqual(['access.admins[0]'])
      expect(paths({ ...right, access: { admins: ['a@example.com/home'] } })).toEqual(['access.admins[0]'])
      expect(paths({ ...right, access: { publish: ['a@example.com'], register: [] } })).toEqual([
        'access.register',
        'access.publish[0]',
      ])
      expect(faults({ ...right, component: [right.component, right.component] })).toMatchObject([
        { path: 'component', text: 'push.example.com is attached twice' },
      ])
    })
  })

  it('tells all faults at once, and which apps are sound', () => {
    const apps = { ...right.apps, broken: { provider: 'pigeon', profile: 'whisper', key: { env: 'NO' }, lotf: 'x' } }
    const result = read({ ...right, apps, log: { level: 'loud' }, colour: 1 })
    expect(result).toMatchObject({ is: 'faults', sound: [{ name: 'org.example.ios' }] })
    expect(result.is === 'faults' && result.faults.map(({ path }) => path)).toEqual([
      'colour',
      'apps.broken.lotf',
      'apps.broken.key',
      'apps.broken.loft',
      'log.level',
    ])
  })

  it('tells line and column where the file is not JSON', () => {
    const [fault] = faults('{\n  "component": {},\n}')
    expect(fault).toMatchObject({ text: 'not JSON: a comma after the last entry', mend: 'Remove it' })
    expect(fault?.path).toMatch(/config-\d+\.json:2:18$/)
  })

  it('tells what to do where there is no file, or none that can be read', () => {
    const nowhere = readConfig({ file: `${folder.path}/none.json`, env: {}, kinds: smallKinds })
    expect(nowhere).toMatchObject({
      faults: [{ text: 'there is no such file', mend: like(/--config/) }],
    })
    const aFolder = readConfig({ file: folder.path, env: {}, kinds: smallKinds })
    expect(aFolder).toMatchObject({ faults: [{ text: 'is a folder', mend: 'Name the file itself' }] })
  })

  it('never throws, whatever stands in the file, and never leaves a fault without its mend', () => {
    const keys = ['component', 'store', 'apps', 'access', 'log', 'http', 'outbox', '$schema', '__proto__', 'x']
    const inner = [
      'domain',
      'secret',
      'kind',
      'provider',
      'profile',
      'rings',
      'register',
      'file',
      'env',
      '__proto__',
      '',
    ]
    const texts = fc.constantFrom('', 'box', 'pigeon', 'whisper', 'nats', 'constructor', 'x')
    const value = fc.letrec((tie) => ({
      any: fc.oneof({ depthSize: 'small' }, texts, fc.constantFrom(null, true, 0, -1.5), tie('list'), tie('object')),
      list: fc.array(tie('any'), { maxLength: 3 }),
      object: fc.dictionary(fc.constantFrom(...inner), tie('any'), { maxKeys: 4 }),
    })).any
    fc.assert(
      fc.property(fc.constantFrom(...keys), value, (key, odd) => {
        const result = read({ ...right, [key]: odd })
        for (const { path, text, mend } of result.is === 'faults' ? result.faults : []) {
          expect(path).not.toBe('')
          expect(text).not.toBe('')
          expect(mend).toMatch(/^[A-Z]/)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('takes the file that XMPP_PUSH_CONFIG names, or the one in the working folder', () => {
    expect(configFile({ XMPP_PUSH_CONFIG: '/etc/push.json' })).toBe('/etc/push.json')
    expect(configFile({})).toBe('component.config.json')
  })

  it('describes itself as JSON Schema, what is not built yet included', () => {
    const schema = configSchema(smallKinds)
    expect(Object.keys(schema.properties ?? {})).toEqual([
      ...['$schema', 'component', 'store', 'apps', 'proxy', 'access', 'limits', 'fuse', 'keep', 'log'],
      ...['http', 'telemetry', 'remoteDisable', 'roles', 'outbox'],
    ])
    expect(JSON.stringify(schema)).toContain('"loft":{"type":"string","minLength":2}')
  })
})

/** A configuration's `http` with one listener. */
function listening(listener: object) {
  return { http: { listeners: [{ listen: '127.0.0.1:0', serve: ['webpush-example'], ...listener }] } }
}

const noKeep = async () => ({ get: async () => undefined, put: async () => undefined })

function aNotification() {
  return { class: 'quiet', urgency: 'low', expiresAt: 0, content: {} } as const
}

function anAttempt() {
  const content = { speaks: 'fcm', data: {}, priority: 'HIGH' } as const
  return { id: 'x', address: new Opaque('token'), content, expiresAt: 0 }
}

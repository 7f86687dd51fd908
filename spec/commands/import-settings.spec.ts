import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { call, type Called } from '../support/call'
import { DOMAIN, startHouse, type House } from '../support/house'

interface Settings {
  readonly apps: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly http?: { readonly listeners: readonly Readonly<Record<string, unknown>>[] }
  readonly [key: string]: unknown
}
interface Report {
  readonly left: readonly { readonly where: string; readonly why: string }[]
  readonly faults: readonly { readonly path: string }[]
  readonly secrets: readonly string[]
}

const fpush = {
  component: {
    ...{ componentHostname: DOMAIN, componentKey: 'a secret of the component' },
    ...{ serverHostname: '127.0.0.1', serverPort: 5347 },
  },
  pushModules: {
    monalProdiOS: {
      ...{ type: 'apple', is_default_module: true },
      apns: {
        ...{ certFilePath: 'apns.p12', certPassword: 'a password of the p12', topic: 'G7YU7X7KRJ.SworIM' },
        ...{ environment: 'sandbox', additionalData: { a: 1 } },
      },
      ratelimit: { ratelimitTime: '20s', ratelimitCleanupInterval: '300s', enabled: true },
    },
    someAndroidApp: { type: 'google', is_default_module: false, fcm: { fcmSecretPath: 'service-account.json' } },
    trial: { type: 'demo' },
  },
  timeout: { xmppconnectionError: '20s' },
  somethingNew: true,
}

const toml = `
[general]
  [general.logging]
    level = "warn"
  [general.https]
    bind = { addr = "0.0.0.0", port = 8443 }
    num_acceptors = 100
    certfile = "priv/ssl/cert.pem"
    keyfile = "priv/ssl/key.pem"
    cacertfile = "priv/ssl/chain.pem"
  [general.openapi]
    expose_spec = true
    expose_ui = true

[[service.fcm]]
  tags = ["tag1", "tag2"]
  [service.fcm.connection]
    count = 10
  [service.fcm.auth]
    appfile = "service-account.json"

[[service.apns]]
  mode = "prod"
  default_topic = "org.example.ios"
  tags = ["tag1"]
  [service.apns.connection]
    use_2197 = true
  [service.apns.auth.token]
    key_id = "ABC123DEFG"
    team_id = "DEF123GHIJ"
    tokenfile = "AuthKey_ABC123DEFG.p8"

[[service.apns]]
  mode = "dev"
  [service.apns.connection]
    endpoint = "localhost"
    port = 8444
  [service.apns.auth.certificate]
    keyfile = "priv/apns/dev_key.pem"
    certfile = "priv/apns/dev_cert.pem"
`

const environment = `
PUSH_HTTPS_PORT=9443
PUSH_LOGLEVEL=debug
export PUSH_FCM_APP_FILE="service-account.json"
PUSH_APNS_PROD_P8_TOKEN=AuthKey_ABC123DEFG.p8
PUSH_APNS_PROD_KEY_ID=ABC123DEFG
PUSH_APNS_PROD_TEAM_ID=DEF123GHIJ
PUSH_APNS_PROD_DEFAULT_TOPIC=org.example.ios
TLS_SERVER_CERT_VALIDATION=false
`

const proxy = {
  ...{ ListenAddress: ':8066', ThrottlePerSec: 300, ThrottleVaryByHeader: 'X-Forwarded-For', EnableMetrics: true },
  ApplePushSettings: [
    {
      ...{ Type: 'apple', ApplePushUseDevelopment: false, ApplePushCertPrivate: '', ApplePushTopic: 'com.example.old' },
      ...{ ApplePushCertPassword: '', AppleAuthKeyFile: '', AppleAuthKeyID: '', AppleTeamID: '' },
    },
    {
      ...{ Type: 'apple_rn', ApplePushUseDevelopment: true, ApplePushTopic: 'org.example.ios' },
      ...{ AppleAuthKeyFile: 'AuthKey_ABC123DEFG.p8', AppleAuthKeyID: 'ABC123DEFG', AppleTeamID: 'DEF123GHIJ' },
    },
  ],
  AndroidPushSettings: [
    { Type: 'android', AndroidApiKey: 'a server key', ServiceFileLocation: '' },
    { Type: 'android_rn', ServiceFileLocation: 'service-account.json' },
  ],
  ...{ EnableConsoleLog: true, LogLevel: 'info', SendTimeoutSec: 30 },
}

const sygnal = `
log:
  setup: {version: 1}
  access: {x_forwarded_for: true}
http:
  bind_addresses: ['127.0.0.1', '::1']
  port: 5000
metrics:
  prometheus: {enabled: true, address: '127.0.0.1', port: 8000}
  opentracing: {enabled: true, implementation: jaeger}
  sentry: {enabled: false}
proxy: 'http://user:a-password-of-the-proxy@proxy.example:3128'
apps:
  org.example.ios:
    type: apns
    keyfile: AuthKey_ABC123DEFG.p8
    key_id: ABC123DEFG
    team_id: DEF123GHIJ
    topic: org.example.ios
    convert_device_token_to_hex: false
  org.example.old:
    type: apns
    certfile: old.pem
    platform: sandbox
    push_type: background
  org.example.android:
    type: gcm
    api_version: v1
    project_id: example-project
    service_account_file: service-account.json
    max_connections: 20
  org.example.legacy:
    type: gcm
    api_key: a-server-key
  org.example.web:
    type: webpush
    vapid_private_key: vapid.pem
    vapid_contact_email: admin@example.com
  org.example.*:
    type: apns
    certfile: all.pem
`

describe('xmpp-push import, of settings', () => {
  let house: House
  let out: string
  beforeEach(async () => {
    house = await startHouse()
    out = join(house.folder, 'moved', 'component.config.json')
  })
  afterEach(() => house.close())

  const keep = (name: string, text: string): string => {
    const file = join(house.folder, name)
    writeFileSync(file, text)
    return file
  }
  const run = (...words: readonly string[]): Promise<Called> =>
    call('import', ...words, '--root', house.folder, '--config', out)
  async function report(...words: readonly string[]): Promise<Report> {
    const { code, out, err } = await run(...words, '--json')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    return JSON.parse(out) as Report
  }
  const settings = (): Settings => JSON.parse(readFileSync(out, 'utf8')) as Settings
  const leftOf = ({ left }: Report): readonly string[] => left.map(({ where }) => where)
  const inFolder = (name: string) => ({ file: join(house.folder, name) })

  /** The service with these apps, but for where the simulators are; listeners on ports that are free. */
  async function restartWith({ apps, http, access }: Settings): Promise<void> {
    const file = join(house.folder, 'component.config.json')
    const before = JSON.parse(readFileSync(file, 'utf8')) as Settings
    const own = Object.entries(apps).map(([name, { connections: _many, ...app }]) => {
      const isFcm = app['provider'] === 'fcm'
      const at = isFcm ? house.fcm.endpoint : app['environment'] === 'sandbox' ? house.sandbox.url : house.apns.url
      return [name, { ...app, endpoint: at, ca: { file: isFcm ? 'fcm-ca.pem' : 'apns-ca.pem' } }]
    })
    const listeners = http?.listeners.slice(0, 1).map((each) => ({ ...each, listen: '127.0.0.1:0', tls: undefined }))
    writeFileSync(
      file,
      JSON.stringify({
        ...{ ...before, apps: Object.fromEntries(own) as unknown, ...(access === undefined ? {} : { access }) },
        ...(listeners === undefined ? {} : { http: { listeners } }),
      }),
    )
    await house.service().stop('the spec changes its settings')
    await house.start()
  }

  async function post(path: string, body: unknown): Promise<number> {
    const [url = ''] = house.service().urls
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    await answer.text()
    return answer.status
  }

  it('takes fpush’s component and modules, and keeps its secrets in files', async () => {
    const told = await report('fpush', keep('settings.json', JSON.stringify(fpush)))
    expect(settings()).toEqual({
      component: { domain: DOMAIN, service: 'xmpp://127.0.0.1:5347', secret: { file: 'component.secret' } },
      store: { kind: 'sqlite', file: 'data/xmpp-push.db' },
      apps: {
        monalProdiOS: {
          ...{ provider: 'apns', profile: 'monal', topic: 'G7YU7X7KRJ.SworIM', environment: 'sandbox' },
          ...{ certificate: inFolder('apns.p12'), passphrase: { file: 'monalProdiOS.passphrase.secret' } },
        },
        someAndroidApp: { provider: 'fcm', profile: 'generic', serviceAccount: inFolder('service-account.json') },
      },
      access: { register: ['*'] },
    })
    expect(leftOf(told)).toEqual([
      'pushModules.monalProdiOS.apns.additionalData',
      'pushModules.monalProdiOS.ratelimit',
      'pushModules.monalProdiOS.is_default_module',
      'pushModules.trial',
      'timeout',
      'somethingNew',
    ])
    const secret = join(house.folder, 'moved', 'component.secret')
    expect(readFileSync(secret, 'utf8')).toBe('a secret of the component\n')
    expect(statSync(secret).mode & 0o777).toBe(0o600)
    expect(told.faults.map(({ path }) => path)).toEqual(['apps.monalProdiOS.certificate'])
  })

  it('makes a configuration of fpush’s by which a push of its clients arrives', async () => {
    await report('fpush', keep('settings.json', JSON.stringify(fpush)))
    const { apps, ...rest } = settings()
    const { someAndroidApp = {} } = apps
    await restartWith({ ...rest, apps: { someAndroidApp } })
    house.fcm.setDevice('fcm:of-monal', 'live')
    const answer = await house.server.request(
      `<iq type='set' id='p' from='example.com' to='${DOMAIN}'><pubsub xmlns='http://jabber.org/protocol/pubsub'>` +
        `<publish node='fcm:of-monal'><item><notification xmlns='urn:xmpp:push:0'/></item></publish><publish-options>` +
        `<x xmlns='jabber:x:data' type='submit'><field var='pushModule'><value>someAndroidApp</value></field></x>` +
        `</publish-options></pubsub></iq>`,
    )
    expect(answer.attrs['type']).toBe('result')
    await house.rest()
    expect(house.fcm.inbox('fcm:of-monal')).toHaveLength(1)
  })

  it('takes MongoosePush’s TOML', async () => {
    const told = await report('mongoosepush', keep('mongoose_push.toml', toml))
    expect(settings()).toEqual({
      store: { kind: 'sqlite', file: 'data/xmpp-push.db' },
      apps: {
        'org.example.ios': {
          ...{ provider: 'apns', profile: 'mongoosepush', topic: 'org.example.ios', environment: 'production' },
          ...{ key: inFolder('AuthKey_ABC123DEFG.p8'), keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ' },
          ...{ endpoint: 'https://api.push.apple.com:2197', match: { service: 'apns', mode: 'prod', tags: ['tag1'] } },
        },
        'apns-dev': {
          ...{ provider: 'apns', profile: 'mongoosepush', environment: 'sandbox', endpoint: 'https://localhost:8444' },
          certificate: inFolder('priv/apns/dev_cert.pem'),
          certificateKey: inFolder('priv/apns/dev_key.pem'),
          match: { service: 'apns', mode: 'dev' },
        },
        'fcm-tag1': {
          ...{ provider: 'fcm', profile: 'mongoosepush', serviceAccount: inFolder('service-account.json') },
          ...{ connections: 10, match: { service: 'fcm', tags: ['tag1', 'tag2'] } },
        },
      },
      http: {
        listeners: [
          {
            listen: '0.0.0.0:8443',
            tls: { certificate: inFolder('priv/ssl/cert.pem'), key: inFolder('priv/ssl/key.pem') },
            serve: ['mongoosepush', 'metrics', 'openapi'],
          },
        ],
      },
      log: { level: 'warn' },
    })
    expect(leftOf(told)).toEqual([
      'service.apns[1].default_topic',
      'component',
      'http.listeners[0].auth',
      'general.https.cacertfile',
      'general.https.num_acceptors',
      'general.openapi.expose_ui',
    ])
  })

  it('makes a configuration of MongoosePush’s environment by which a push of MongooseIM arrives', async () => {
    const told = await report('mongoosepush', '--env', keep('mongoosepush.env', environment))
    expect(leftOf(told)).toEqual(['component', 'general.https.certfile', 'TLS_SERVER_CERT_VALIDATION'])
    expect(settings()).toMatchObject({
      http: { listeners: [{ listen: '127.0.0.1:9443' }] },
      log: { level: 'debug' },
      apps: { 'org.example.ios': { match: { service: 'apns', mode: 'prod' } }, fcm: { match: { service: 'fcm' } } },
    })
    await restartWith(settings())
    const token = 'ab'.repeat(32)
    house.apns.addDevice({ token, topic: 'org.example.ios' })
    house.fcm.setDevice('fcm:of-mongooseim', 'live')
    const alert = { body: 'hello', title: 'romeo@example.com' }
    expect(await post(`/v3/notification/${token}`, { service: 'apns', alert })).toBe(200)
    expect(await post('/v3/notification/fcm:of-mongooseim', { service: 'fcm', alert })).toBe(200)
    await house.rest()
    expect(house.apns.received(token)).toHaveLength(1)
    expect(house.fcm.inbox('fcm:of-mongooseim')).toHaveLength(1)
  })

  it('takes the targets and the listener of mattermost-push-proxy', async () => {
    const told = await report('mattermost', keep('mattermost-push-proxy.json', JSON.stringify(proxy)))
    expect(settings()).toEqual({
      store: { kind: 'sqlite', file: 'data/xmpp-push.db' },
      apps: {
        apple_rn: {
          ...{ provider: 'apns', profile: 'mattermost', topic: 'org.example.ios', environment: 'sandbox' },
          ...{ key: inFolder('AuthKey_ABC123DEFG.p8'), keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ' },
          match: { platform: 'apple_rn' },
        },
        android_rn: {
          ...{ provider: 'fcm', profile: 'mattermost', serviceAccount: inFolder('service-account.json') },
          match: { platform: 'android_rn' },
        },
      },
      log: { level: 'info' },
      http: { listeners: [{ listen: '0.0.0.0:8066', serve: ['mattermost', 'metrics'] }] },
    })
    expect(leftOf(told)).toEqual([
      ...['ApplePushSettings[0]', 'AndroidPushSettings[0].AndroidApiKey', 'AndroidPushSettings[0]', 'component'],
      ...['http.listeners[0].auth', 'ThrottlePerSec', 'ThrottleVaryByHeader', 'SendTimeoutSec', 'EnableConsoleLog'],
    ])
  })

  it('makes a configuration of mattermost-push-proxy’s by which a push of Mattermost arrives', async () => {
    await report('mattermost', keep('mattermost-push-proxy.json', JSON.stringify(proxy)))
    await restartWith(settings())
    house.fcm.setDevice('fcm:of-mattermost', 'live')
    const ids = { server_id: 'server', device_id: 'fcm:of-mattermost', ack_id: 'a', platform: 'android_rn' }
    const push = { ...ids, type: 'message', message: 'hello', badge: 1 }
    expect(await post('/api/v1/send_push', push)).toBe(200)
    await house.rest()
    expect(house.fcm.inbox('fcm:of-mattermost')).toHaveLength(1)
  })

  it('takes Sygnal’s apps, and tells of each that it can’t take', async () => {
    const told = await report('sygnal', keep('sygnal.yaml', sygnal))
    expect(settings()).toEqual({
      store: { kind: 'sqlite', file: 'data/xmpp-push.db' },
      apps: {
        'org.example.ios': {
          ...{ provider: 'apns', profile: 'matrix', topic: 'org.example.ios', environment: 'production' },
          ...{ key: inFolder('AuthKey_ABC123DEFG.p8'), keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ' },
        },
        'org.example.old': {
          ...{ provider: 'apns', profile: 'matrix', environment: 'sandbox', certificate: inFolder('old.pem') },
        },
        'org.example.android': {
          ...{ provider: 'fcm', profile: 'matrix', serviceAccount: inFolder('service-account.json') },
        },
      },
      http: {
        listeners: [
          { listen: '127.0.0.1:5000', serve: ['matrix'] },
          { listen: '[::1]:5000', serve: ['matrix'] },
          { listen: '127.0.0.1:8000', serve: ['health', 'metrics'] },
        ],
      },
      proxy: { file: 'proxy.secret' },
    })
    expect(leftOf(told)).toEqual([
      ...['apps.org.example.old.topic', 'apps.org.example.old.push_type'],
      ...['apps.org.example.old.convert_device_token_to_hex', 'apps.org.example.android.max_connections'],
      ...['apps.org.example.android.project_id', 'apps.org.example.legacy.api_key', 'apps.org.example.web'],
      ...['apps.org.example.*', 'component', 'metrics.opentracing', 'log.setup', 'log.access.x_forwarded_for'],
    ])
  })

  it('makes a configuration of Sygnal’s by which a push of a homeserver arrives', async () => {
    await report('sygnal', keep('sygnal.yaml', sygnal))
    const { apps, http } = settings()
    const { 'org.example.old': _old, ...good } = apps
    await restartWith({ apps: good, ...(http === undefined ? {} : { http }) })
    house.fcm.setDevice('fcm:of-element', 'live')
    const devices = [{ app_id: 'org.example.android', pushkey: 'fcm:of-element' }]
    expect(await post('/_matrix/push/v1/notify', { notification: { event_id: '$1', devices } })).toBe(200)
    await house.rest()
    expect(house.fcm.inbox('fcm:of-element')).toHaveLength(1)
  })

  it.each([
    ['fpush', 'settings.json', JSON.stringify(fpush)],
    ['sygnal', 'sygnal.yaml', sygnal],
    [
      'mattermost',
      'proxy.json',
      JSON.stringify({
        ...proxy,
        ApplePushSettings: [
          { Type: 'apple', ApplePushCertPrivate: 'a.p12', ApplePushCertPassword: 'a password of the p12' },
        ],
      }),
    ],
  ])('prints no secret of %s, whatever is asked', async (peer, name, text) => {
    const file = keep(name, text)
    const calls = [await run(peer, file, '--dry-run'), await run(peer, file), await run(peer, file, '--json')]
    for (const { code, out, err } of calls) {
      expect(code).toBe(0)
      expect(`${out}${err}`).not.toMatch(
        /a secret of the component|a password of the p12|a-password-of-the-proxy|a-server-key|a server key/,
      )
    }
  })

  it('writes nothing in a dry run, and the same twice where it is asked twice', async () => {
    const file = keep('settings.json', JSON.stringify(fpush))
    const dry = await run('fpush', file, '--dry-run')
    expect(dry).toMatchObject({ code: 0, err: '' })
    expect(existsSync(out)).toBe(false)
    const first = await run('fpush', file)
    const written = readFileSync(out, 'utf8')
    expect(dry.out).toContain(written)
    expect(await run('fpush', file)).toEqual(first)
    expect(readFileSync(out, 'utf8')).toBe(written)
  })

  it('overwrites nothing', async () => {
    const file = keep('settings.json', JSON.stringify(fpush))
    mkdirSync(join(house.folder, 'moved'))
    writeFileSync(out, '{}')
    const { code, err } = await run('fpush', file)
    expect(code).toBe(1)
    expect(err).toContain('is there already and says something else; name another file with --config')
    expect(readFileSync(out, 'utf8')).toBe('{}')
    expect(existsSync(join(house.folder, 'moved', 'component.secret'))).toBe(false)
  })

  it.each([
    ['fpush', '{', 'not JSON'],
    ['fpush', '{"componentKey": "hush" "x"}', 'not JSON'],
    ['fpush', '{}', 'there is no "pushModules"'],
    ['mongoosepush', 'a = [', 'not TOML'],
    ['mongoosepush', 'a = 1', 'neither [[service.apns]] nor [[service.fcm]]'],
    ['mattermost', '[]', 'no "ApplePushSettings"'],
    ['sygnal', 'apps: [', 'not YAML'],
    ['sygnal', '- a', 'there is no "apps"'],
  ])('refuses what are no settings of %s: %s', async (peer, text, why) => {
    const { code, err } = await run(peer, keep('foreign', text))
    expect(code).toBe(1)
    expect(err).toContain(why)
    expect(err).not.toContain('hush')
    expect(existsSync(out)).toBe(false)
  })

  it('says which file can’t be read, and that settings have to be named', async () => {
    expect(await run('fpush', join(house.folder, 'nothing'))).toMatchObject({
      code: 1,
      err: `xmpp-push: there is no ${join(house.folder, 'nothing')}; correct the path\n`,
    })
    expect(await run('fpush', house.folder)).toMatchObject({
      code: 1,
      err: `xmpp-push: ${house.folder} is a folder; name the file itself\n`,
    })
    expect(await run('mongoosepush')).toMatchObject({
      code: 1,
      err: 'xmpp-push: name their settings, a file of environment variables (--env), or both\n',
    })
  })
})

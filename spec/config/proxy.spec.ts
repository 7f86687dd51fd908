import { inspect } from 'node:util'
import { readConfig } from '../../lib/config'
import { readProxy } from '../../lib/config/proxy'
import { makeProviderKey } from '../../lib/sim/certificates'
import { makeFolder } from '../support/folder'
import { like } from '../support/like'

const key = makeProviderKey().privatePem
const app = {
  provider: 'apns',
  profile: 'siskin',
  topic: 'org.example.ios',
  key,
  keyId: 'K123456789',
  teamId: 'T123456789',
}
const right = {
  component: { domain: 'push.example.com', service: 'xmpp://127.0.0.1:5347', secret: 'x' },
  store: { kind: 'sqlite', file: 'x.db' },
}
const SECRET = /s3cret|czNjcmV0|cHVzaDpz/

describe('lib/config, proxy', () => {
  const folder = makeFolder()
  const read = (content: object, env: Readonly<Record<string, string>> = {}) =>
    readConfig({ file: folder.write('config.json', { ...right, apps: { ios: app }, ...content }), env })
  /** What `check` says of each app's proxy. */
  const shown = async (content: object, env?: Readonly<Record<string, string>>): Promise<readonly string[]> => {
    const found = read(content, env)
    if (found.is === 'faults') throw new Error(JSON.stringify(found.faults))
    const findings = [...found.config.apps.values()].map(async ({ provider }) =>
      (await provider.check(0)).map(({ text }) => text).find((text) => text.includes('proxy')),
    )
    return (await Promise.all(findings)).map((text) => text ?? 'direct')
  }
  const faults = (proxy: unknown, env?: Readonly<Record<string, string>>) => {
    const found = read({ proxy }, env)
    return found.is === 'faults' ? found.faults : []
  }

  it('at the top counts for every app but those that name another or none', async () => {
    const apps = {
      usual: app,
      other: { ...app, proxy: 'http://other.example:8080' },
      direct: { ...app, proxy: 'none' },
    }
    expect(await shown({ apps, proxy: 'http://proxy.example:3128' })).toEqual([
      'through the proxy http://proxy.example:3128',
      'through the proxy http://other.example:8080',
      'direct',
    ])
    expect(await shown({ apps })).toEqual(['direct', 'through the proxy http://other.example:8080', 'direct'])
  })

  it.each<[string, unknown]>([
    ['in the URL', 'http://push:s3cret@proxy.example:3128'],
    ['beside the URL', { url: 'http://push@proxy.example:3128', password: 's3cret' }],
    ['in a file', { url: 'http://push@proxy.example:3128', password: { file: 'password' } }],
    ['in the environment', { url: 'http://push@proxy.example:3128', password: { env: 'PROXY_PASSWORD' } }],
    ['in a file that holds the whole', { file: 'proxy' }],
    ['in an environment variable that holds the whole', { env: 'PROXY' }],
  ])('has its password %s', async (_where, proxy) => {
    folder.write('password', 's3cret\n')
    folder.write('proxy', 'http://push:s3cret@proxy.example:3128\n')
    const env = { PROXY_PASSWORD: 's3cret', PROXY: 'http://push:s3cret@proxy.example:3128' }
    expect(await shown({ proxy }, env)).toEqual(['through the proxy http://proxy.example:3128, as push'])
  })

  it('is overridden by the environment', async () => {
    const proxy = 'http://proxy.example:3128'
    expect(await shown({ proxy }, { XMPP_PUSH__PROXY: 'none' })).toEqual(['direct'])
    expect(await shown({ proxy }, { XMPP_PUSH__APPS__IOS__PROXY: 'http://a:b@other.example:1' })).toEqual([
      'through the proxy http://other.example:1, as a',
    ])
  })

  it.each<[string, unknown, string]>([
    ['no URL', 's3cret', 'is no address of a proxy'],
    ['no scheme', 'push:s3cret@proxy:3128', 'is no address of a proxy'],
    ['another scheme', 'socks5://push:s3cret@proxy:3128', 'is no HTTP proxy'],
    ['TLS to the proxy', 'https://push:s3cret@proxy:3128', 'over TLS, which is not built'],
    ['no port', 'http://push:s3cret@proxy', 'names no port'],
    ['a path', 'http://push:s3cret@proxy:3128/x', 'says more than a user'],
    ['a % that is none', 'http://push:s3cret%zz@proxy:3128', 'with a % that is no code'],
    ['a password without a user', 'http://:s3cret@proxy:3128', 'has a password and no user'],
    ['a password twice', { url: 'http://a:s3cret@proxy:3128', password: 'x' }, 'says its password twice'],
    ['a password for nobody', { url: 'http://proxy:3128', password: 's3cret' }, 'has a password and no user'],
    ['a password for none', { url: 'none', password: 's3cret' }, 'has a password for no proxy'],
    ['a colon in the user', 'http://a%3Ab:s3cret@proxy:3128', 'a user with a colon'],
    ['nothing', '', 'is empty'],
    ['a number', 3128, 'is neither a text nor where one is to be found'],
    ['a variable that is not set', { env: 'NOWHERE' }, 'the environment variable NOWHERE is not set'],
  ])('with %s is one fault, which repeats nothing of it', (_what, proxy, text) => {
    const found = faults(proxy)
    expect(found).toMatchObject([{ path: 'proxy', text: like(text) }])
    expect(JSON.stringify(found)).not.toMatch(SECRET)
  })

  it('names the key that is missing or unknown', () => {
    expect(faults({ url: 'http://push@proxy:3128' })).toMatchObject([{ path: 'proxy.password' }])
    expect(faults({ url: 'http://push@proxy:3128', password: 'x', pasword: 'x' })).toMatchObject([
      { path: 'proxy.pasword' },
    ])
  })

  it('reads what a URL writes in codes, and shows it to the proxy alone', () => {
    const proxy = readProxy('http://pu%40sh:s3cret%3A%25@[::1]:80')
    if (typeof proxy === 'string' || !('host' in proxy)) throw new Error('no proxy')
    expect([proxy.host, proxy.port]).toEqual(['::1', 80])
    expect(proxy.authorization()).toBe(`Basic ${Buffer.from('pu@sh:s3cret:%').toString('base64')}`)
    expect(`${inspect(proxy, { depth: 9 })}${JSON.stringify(proxy)}`).not.toMatch(SECRET)
  })
})

import { type Config, readConfig, type ReadConfig } from '../../lib/config'
import { makeFolder } from '../support/folder'
import { like } from '../support/like'
import { right, smallKinds } from '../support/small-kinds'

type Env = Readonly<Record<string, string>>

describe('lib/config/environment', () => {
  const folder = makeFolder()

  function read(env: Env, content: object = right): ReadConfig {
    return readConfig({ file: folder.write('config.json', content), env, kinds: smallKinds })
  }
  function good(env: Env, content?: object): Config {
    const result = read(env, content)
    if (result.is === 'faults') throw new Error(JSON.stringify(result.faults))
    return result.config
  }
  function faults(env: Env, content?: object) {
    const result = read(env, content)
    return result.is === 'faults' ? result.faults : []
  }

  it('overrides a single text', () => {
    const config = good({ XMPP_PUSH__COMPONENT__DOMAIN: 'wake.example.org' })
    expect(config.components).toMatchObject([{ domain: 'wake.example.org', service: 'xmpp://127.0.0.1:5347' }])
  })

  it('overrides a value of an app, whose dots are underscores and whose keys may be split', () => {
    const env = { XMPP_PUSH__APPS__ORG_EXAMPLE_IOS__WORD: 'hey', XMPP_PUSH__APPS__ORGEXAMPLEIOS__PROFILE: 'whisper' }
    expect(good(env).apps.get('org.example.ios')?.profile.reveals).toBe('the word "hey"')
  })

  it('overrides numbers and what lies deeper, and says so where they are wrong', () => {
    const env = { XMPP_PUSH__APPS__ORG_EXAMPLE_IOS__LEGS: '3', XMPP_PUSH__APPS__ORG_EXAMPLE_IOS__RINGS__LEFT: 'gold' }
    expect(read(env).is).toBe('config')
    expect(faults({ XMPP_PUSH__APPS__ORG_EXAMPLE_IOS__LEGS: 'many' })).toEqual([
      {
        path: 'apps.org.example.ios.legs',
        text: 'is not a number (set by the environment variable XMPP_PUSH__APPS__ORG_EXAMPLE_IOS__LEGS)',
        mend: 'Write a number',
      },
    ])
  })

  it('supplies a part that the file leaves out', () => {
    expect(good({ XMPP_PUSH__LOG__LEVEL: 'debug' }).log.level).toBe('debug')
  })

  it('overrides a list, with commas or as JSON', () => {
    expect(good({ XMPP_PUSH__ACCESS__ADMINS: 'a@example.com, b@example.com' }).access.admins).toEqual([
      'a@example.com',
      'b@example.com',
    ])
    expect(good({ XMPP_PUSH__ACCESS__REGISTER: '["example.net"]' }).access.register).toEqual(['example.net'])
  })

  it('overrides one component of a list by its place', () => {
    const second = { ...right.component, domain: 'push.example.org' }
    const config = good(
      { XMPP_PUSH__COMPONENT__1__DOMAIN: 'push.example.net' },
      { ...right, component: [right.component, second] },
    )
    expect(config.components.map(({ domain }) => domain)).toEqual(['push.example.com', 'push.example.net'])
  })

  it('holds a secret itself, and a fault names the variable', () => {
    const config = good({ XMPP_PUSH__COMPONENT__SECRET: '{"odd": "secret"}' })
    expect(config.components[0]?.secret.reveal()).toBe('{"odd": "secret"}')
    expect(faults({ XMPP_PUSH__COMPONENT__SECRET: '' })).toMatchObject([
      { path: 'component.secret', text: like('XMPP_PUSH__COMPONENT__SECRET is empty') },
    ])
  })

  it.each([
    ['XMPP_PUSH__COMPONENT__DOMIAN', 'XMPP_PUSH__COMPONENT__DOMAIN'],
    ['XMPP_PUSH_COMPONENT_DOMAIN', 'XMPP_PUSH__COMPONENT__DOMAIN'],
    ['XMPP_PUSH__APPS__ORG_EXAMPLE_IOS__LOFFT', 'XMPP_PUSH__APPS__ORG_EXAMPLE_IOS__LOFT'],
    ['XMPP_PUSH_LOG_LEVEL', 'XMPP_PUSH__LOG__LEVEL'],
    ['XMPP_PUSH_SECRET', 'XMPP_PUSH__COMPONENT__SECRET'],
  ])('that nothing reads is a fault: %s was to be %s', (name, meant) => {
    expect(faults({ [name]: 'x' })).toEqual([
      {
        path: name,
        text: `this environment variable is read by nothing; did you mean ${meant}?`,
        mend: `Rename it to ${meant}, or unset it`,
      },
    ])
  })

  it('that could mean two keys is a fault', () => {
    const one = right.apps['org.example.ios']
    const content = { ...right, apps: { 'org.example.ios': one, 'org-example-ios': one } }
    expect(faults({ XMPP_PUSH__APPS__ORG_EXAMPLE_IOS__LOFT: 'cellar' }, content)).toMatchObject([
      { path: 'XMPP_PUSH__APPS__ORG_EXAMPLE_IOS__LOFT', text: 'this environment variable could mean 2 keys' },
    ])
  })

  it('that the configuration mentions is no override', () => {
    const content = { ...right, component: { ...right.component, secret: { env: 'XMPP_PUSH_SECRET' } } }
    expect(good({ XMPP_PUSH_SECRET: 's3cret' }, content).components[0]?.secret.reveal()).toBe('s3cret')
  })

  it('that another program sets is let alone', () => {
    const env = {
      XMPP_PUSH_CONFIG: '/etc/push.json',
      XMPP_PUSH_SERVICE_HOST: '10.0.0.1',
      XMPP_PUSH_SERVICE_PORT: '8086',
      XMPP_PUSH_PORT: 'tcp://10.0.0.1:8086',
      XMPP_PUSH_PORT_8086_TCP_ADDR: '10.0.0.1',
      XMPP_PUSHER: 'x',
      PATH: '/bin',
    }
    expect(read(env).is).toBe('config')
  })
})

import { type Config, readConfig, type ReadConfig } from '../../lib/config'
import { type StoreKind } from '../../lib/stores/store'
import { makeFolder } from '../support/folder'
import { right, smallKinds } from '../support/small-kinds'

describe('lib/config/roles', () => {
  const folder = makeFolder()
  const { box } = smallKinds.stores
  const hall: StoreKind<{ readonly file: string }> = { ...box, kind: 'hall', isShared: true }
  const kinds = { ...smallKinds, stores: { box, hall } }
  const shared = { ...right, store: { kind: 'hall', file: 'data/hall.db' } }
  const read = (content: object, env: Readonly<Record<string, string>> = {}): ReadConfig =>
    readConfig({ file: folder.write('config.json', content), env, kinds })
  const good = (content: object, env: Readonly<Record<string, string>> = {}): Config => {
    const result = read(content, env)
    if (result.is === 'faults') throw new Error(JSON.stringify(result.faults))
    return result.config
  }

  it('are both where nothing is said', () => {
    expect(good(right).roles).toEqual(['ingest', 'dispatch'])
  })

  it.each([[['ingest']], [['dispatch']], [['dispatch', 'ingest']]])(
    'are %p on a store that processes share',
    (roles) => {
      expect(good({ ...shared, roles }).roles).toEqual(roles)
      expect(good(shared, { XMPP_PUSH__ROLES: roles.join(',') }).roles).toEqual(roles)
    },
  )

  it.each([
    ['ingest', 'nobody would send what it takes in'],
    ['dispatch', 'nothing would ever come in'],
  ])('refuse %s alone on a store of one process', (role, why) => {
    expect(read({ ...right, roles: [role] })).toMatchObject({
      is: 'faults',
      faults: [
        {
          path: 'roles',
          text: `is ${role} alone, and a store of kind "box" is one process's own: ${why}`,
          mend: expect.stringContaining('store.kind "postgres"') as string,
        },
      ],
    })
  })

  it('count once each', () => {
    expect(good({ ...shared, roles: ['ingest', 'ingest'] }).roles).toEqual(['ingest'])
  })

  it('take both on a store of one process, in any order', () => {
    expect(good({ ...right, roles: ['dispatch', 'ingest'] }).roles).toEqual(['dispatch', 'ingest'])
  })

  it.each([[[]], [['door']], ['ingest'], [{}]])('know no %p', (roles) => {
    expect(read({ ...shared, roles })).toMatchObject({
      is: 'faults',
      faults: [{ path: expect.stringMatching(/^roles/) as string }],
    })
  })

  describe('that only take in', () => {
    const lacking = (roles?: readonly string[]): object => ({
      ...shared,
      ...(roles === undefined ? {} : { roles }),
      apps: { 'org.example.ios': { ...right.apps['org.example.ios'], key: { file: 'nowhere.p8' } } },
    })

    it('do without the credentials of an app, and say so', async () => {
      const app = good(lacking(['ingest'])).apps.get('org.example.ios')
      expect(app?.elsewhere).toMatch(/^there is no file .*nowhere\.p8: not needed where nothing is sent$/)
      expect(await app?.provider.check(0)).toEqual([{ is: 'fact', text: app?.elsewhere }])
    })

    it('miss them where something is sent, and where they are there and empty', () => {
      for (const roles of [undefined, ['dispatch'], ['ingest', 'dispatch']]) {
        const app = good(lacking(roles)).apps.get('org.example.ios')
        expect(app).toMatchObject({ unread: [{ path: 'apps.org.example.ios.key' }] })
        expect(app).not.toHaveProperty('elsewhere')
      }
      folder.write('empty.p8', '')
      const apps = { 'org.example.ios': { ...right.apps['org.example.ios'], key: { file: 'empty.p8' } } }
      const empty = good({ ...shared, roles: ['ingest'], apps }).apps.get('org.example.ios')
      expect(empty?.unread).toMatchObject([{ text: expect.stringMatching(/is empty$/) as string }])
    })

    it('miss every other secret', () => {
      const component = { ...right.component, secret: { file: 'nowhere' } }
      expect(read({ ...shared, roles: ['ingest'], component })).toMatchObject({
        ...{ is: 'faults', faults: [{ path: 'component.secret' }] },
      })
    })

    it('miss the key of an app that tells it to its clients', () => {
      const { pigeon } = kinds.providers
      const telling = { ...pigeon, offers: () => ({ key: 'public' }) }
      const read = readConfig({
        file: folder.write('config.json', lacking(['ingest'])),
        ...{ env: {}, kinds: { ...kinds, providers: { ...kinds.providers, pigeon: telling } } },
      })
      if (read.is === 'faults') throw new Error('it was refused')
      const app = read.config.apps.get('org.example.ios')
      expect(app).toMatchObject({ unread: [{ path: 'apps.org.example.ios.key' }], provider: { offers: {} } })
    })
  })
})

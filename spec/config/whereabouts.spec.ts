import { readConfig } from '../../lib/config'
import { readWhereabouts } from '../../lib/config/whereabouts'
import { makeFolder } from '../support/folder'
import { like } from '../support/like'

describe('lib/config/whereabouts', () => {
  const folder = makeFolder()
  const secret = { env: 'NO_SUCH_SECRET' }
  const key = { file: 'no-such.p8' }
  const bare = {
    component: { domain: 'push.example.com', service: 'xmpp://127.0.0.1:5347', secret },
    store: { kind: 'sqlite', file: 'push.db', contentKey: key },
    apps: { 'org.example.ios': { provider: 'apns', profile: 'siskin', key, keyId: 'ABC123DEFG' } },
  }
  let files = 0
  const read = (content: string | object, env: Readonly<Record<string, string>> = {}) =>
    readWhereabouts({ file: folder.write(`config-${++files}.json`, content), env })

  it('finds the store where no secret can be read and other parts are at fault', () => {
    expect(read({ ...bare, component: 7, http: { listners: [] } })).toEqual({
      is: 'whereabouts',
      whereabouts: { file: `${folder.path}/config-${files}.json`, place: `${folder.path}/push.db` },
    })
  })

  it('heeds the variable that puts the store elsewhere, and minds no variable that nothing reads', () => {
    const env = { XMPP_PUSH__STORE__FILE: '/var/lib/xmpp-push/xmpp-push.db', XMPP_PUSH_SECRET: 'x' }
    expect(read(bare, env)).toMatchObject({ whereabouts: { place: '/var/lib/xmpp-push/xmpp-push.db' } })
  })

  it('needs no address of a store that is no file', () => {
    const store = { kind: 'postgres', url: secret, contentKey: key }
    expect(read({ ...bare, store })).toMatchObject({ is: 'whereabouts', whereabouts: { place: undefined } })
  })

  it('tells what is wrong with the store, and with nothing else', () => {
    expect(read({ ...bare, store: { kind: 'sqlite', file: 7 } })).toMatchObject({
      is: 'faults',
      faults: [{ path: 'store.file' }],
    })
    expect(read({ apps: {} })).toMatchObject({ faults: [{ path: 'store', text: 'is missing' }] })
    expect(read('[]')).toMatchObject({ faults: [{ path: 'store', text: 'is missing' }] })
    expect(read('{')).toMatchObject({ faults: [{ text: like(/^not JSON/) }] })
  })

  it('is told besides by the whole configuration where that is at fault elsewhere', () => {
    const file = folder.write('half.json', { ...bare, store: { kind: 'sqlite', file: 'push.db' } })
    expect(readConfig({ file, env: {} })).toMatchObject({
      is: 'faults',
      apps: ['org.example.ios'],
      sound: [],
      keep: { tracesPerDevice: 20 },
      store: { kind: 'sqlite', place: `${folder.path}/push.db` },
    })
    const lost = readConfig({ file: folder.write('lost.json', bare), env: {} })
    expect(lost.is === 'faults' && lost.store).toBeUndefined()
  })
})

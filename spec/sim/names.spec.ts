import { lookup, type LookupAddress, type LookupOptions } from 'node:dns'
import { connect } from 'node:net'
import { takeOverNames, type Names } from '../../lib/sim/names'

const ask = (name: string, options: LookupOptions = {}): Promise<readonly LookupAddress[]> =>
  new Promise((told, failed) => {
    lookup(name, { ...options, all: true }, (error, addresses) => (error === null ? told(addresses) : failed(error)))
  })

describe('lib/sim/names', () => {
  let names: Names
  beforeEach(() => (names = takeOverNames()))
  afterEach(() => names.restore())

  it('gives a name another address each time, and then the last', async () => {
    names.set('push.example', ['192.0.2.1'], ['127.0.0.1', '::1'])
    expect(await ask('push.example')).toEqual([{ address: '192.0.2.1', family: 4 }])
    const both = [
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ]
    expect(await ask('PUSH.example')).toEqual(both)
    expect(await ask('push.example')).toEqual(both)
    expect(names.asked).toHaveLength(3)
  })

  it('gives any address, mapped ones included', async () => {
    for (const address of ['::ffff:10.0.0.1', '169.254.169.254', '100.64.0.1', 'fd00::1']) {
      names.set('push.example', [address])
      expect(await ask('push.example')).toMatchObject([{ address }])
    }
  })

  it('gives one address, or those of one family', async () => {
    names.set('push.example', ['192.0.2.1', '2001:db8::1'])
    expect(await ask('push.example', { family: 6 })).toEqual([{ address: '2001:db8::1', family: 6 }])
    const one = await new Promise((told) => {
      lookup('push.example', 4, (error, address, family) => told([error, address, family]))
    })
    expect(one).toEqual([null, '192.0.2.1', 4])
  })

  it('fails as the resolver does', async () => {
    names.set('push.example', 'EAI_AGAIN')
    await expect(ask('push.example')).rejects.toMatchObject({ code: 'EAI_AGAIN' })
    names.set('push.example', ['192.0.2.1'])
    await expect(ask('push.example', { family: 6 })).rejects.toMatchObject({ code: 'ENOTFOUND' })
  })

  it('is asked by sockets too', async () => {
    names.set('push.example', 'ENOTFOUND')
    const failed = new Promise((told) => connect({ host: 'push.example', port: 1 }).on('error', told))
    expect(await failed).toMatchObject({ code: 'ENOTFOUND' })
    expect(names.asked).toEqual([{ name: 'push.example', answer: 'ENOTFOUND' }])
  })

  it('leaves other names to the real resolver, and all of them when it is restored', async () => {
    expect(await ask('127.0.0.1')).toEqual([{ address: '127.0.0.1', family: 4 }])
    names.set('localhost', ['192.0.2.1'])
    names.restore()
    expect(await ask('localhost')).not.toContainEqual({ address: '192.0.2.1', family: 4 })
    expect(names.asked).toEqual([])
  })
})

import { AddressFault, readAddress } from '../../lib/stores/postgres-url'

describe('lib/stores/postgres-url', () => {
  const refusal = (text: string): string => {
    try {
      readAddress(text)
    } catch (error) {
      if (error instanceof AddressFault) return `${error.message}. ${error.mend}`
      throw error
    }
    throw new Error(`${text} is an address`)
  }

  it('is one host', () => {
    expect(readAddress('postgres://u:p%40ss@db.example.com:6543/push?sslmode=require')).toEqual({
      ...{ hosts: [{ host: 'db.example.com', port: 6543 }], database: 'push', user: 'u', password: 'p@ss' },
      ...{ tls: 'encrypted', shown: 'push at db.example.com:6543' },
    })
  })

  it.each(['', '?target_session_attrs=read-write', '?target_session_attrs=primary'])(
    'is several hosts, each with its port, in their order%s',
    (query) => {
      const address = readAddress(`postgres://u@a.example.com,b.example.com:5433,[::1]:5434/push${query}`)
      expect(address.hosts).toEqual([
        { host: 'a.example.com', port: 5432 },
        { host: 'b.example.com', port: 5433 },
        { host: '::1', port: 5434 },
      ])
      expect(address.shown).toBe('push at a.example.com:5432 or b.example.com:5433 or [::1]:5434')
    },
  )

  it('is several hosts behind a password that holds a comma', () => {
    expect(readAddress('postgresql://u:a,b@a:1,b:2/push')).toMatchObject({
      ...{ password: 'a,b', hosts: [{ port: 1 }, { port: 2 }] },
    })
  })

  it('is the folder of a socket', () => {
    expect(readAddress('postgres:///push?host=/run/postgresql&user=u')).toMatchObject({
      ...{ hosts: [{ host: '/run/postgresql', port: 5432 }], shown: 'push at /run/postgresql, port 5432' },
    })
  })

  it.each([
    ['postgres://u@a,,b/push', /a host without a name.*host:5432,host:5432/],
    ['postgres://u@a,b:x/push', /is no address/],
    ['postgres://u@a,b/push?target_session_attrs=standby', /target_session_attrs=standby.*read-write/],
    ['postgres://u@a,b/push?connect_timeout=3', /"connect_timeout".*target_session_attrs are known/],
    ['mysql://u@a,b/push', /does not begin with postgres:/],
  ])('is not %s', (text, said) => {
    expect(refusal(text)).toMatch(said)
  })
})

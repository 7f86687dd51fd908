import fc from 'fast-check'
import { bareOf, isServer, parseJid } from '../../lib/model/jid'

describe('model/jid', () => {
  it('takes an address apart and folds what is compared without case', () => {
    expect(parseJid('Romeo@Example.COM/Balcony')).toEqual({
      local: 'romeo',
      domain: 'example.com',
      resource: 'Balcony',
    })
  })

  it('finds the resource behind the first slash, whatever follows', () => {
    expect(parseJid('example.com/a@b/c')).toEqual({ domain: 'example.com', resource: 'a@b/c' })
  })

  it.each(['', '@', '/x', 'a@', '@b', 'a@b/', 'a b@c', 'a@b c', 'a@b@c', 'a&b@c', `${'a'.repeat(1024)}@b`, 'a@<b>'])(
    'refuses %j',
    (text) => {
      expect(parseJid(text)).toBeUndefined()
    },
  )

  it('knows a server from an account', () => {
    const [server, account] = [parseJid('example.com/hash'), parseJid('romeo@example.com')]
    expect(server !== undefined && isServer(server)).toBe(true)
    expect(account !== undefined && isServer(account)).toBe(false)
  })

  it('never throws, and a bare address it accepts parses to itself', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const jid = parseJid(text)
        if (jid === undefined) return
        const again = parseJid(bareOf(jid))
        expect(again === undefined ? undefined : bareOf(again)).toBe(bareOf(jid))
      }),
    )
  })
})

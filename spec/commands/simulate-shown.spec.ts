import { jsonLines, requestLines, rowLines } from '../../lib/commands/simulate-shown'
import { Opaque } from '../../lib/model/opaque'

const jwt = ['{"alg":"ES256","kid":"K"}', '{"iss":"T"}', 'signature']
  .map((part) => Buffer.from(part).toString('base64url'))
  .join('.')
const request = {
  by: 'apns',
  method: 'POST',
  path: '/3/device/token',
  headers: { authorization: `bearer ${jwt}`, 'apns-topic': 'org.example.ios' },
  body: '{"aps":{"sound":"default"}}',
  status: 200,
} as const

describe('lib/commands/simulate-shown', () => {
  it('writes JSON in one line where it fits', () => {
    expect(jsonLines({ a: 1, b: ['x', {}] })).toEqual(['{ "a": 1, "b": ["x", {}] }'])
  })

  it('breaks JSON where it does not fit, and it stays JSON', () => {
    const value = {
      first: { a: 'a'.repeat(60), b: 'b'.repeat(60) },
      second: ['c'.repeat(50), 'd'.repeat(50)],
      third: 1,
    }
    const lines = jsonLines(value)
    expect(lines.length).toBeGreaterThan(1)
    expect(JSON.parse(lines.join('\n'))).toEqual(value)
  })

  it('shows of a signed token who signed it, and not the token', () => {
    const lines = requestLines(request, (value) => value)
    expect(lines).toContain('authorization: bearer (a JWT: alg ES256, kid K, iss T)')
    expect(lines.join('\n')).not.toContain(jwt)
  })

  it('shows of any other token its end', () => {
    const lines = requestLines(
      { ...request, headers: { authorization: 'Bearer ya29.c.abcdefgh1234' } },
      (value) => value,
    )
    expect(lines).toContain('authorization: Bearer …1234')
  })

  it('spells what is in path and body as it is told', () => {
    const lines = requestLines({ ...request, body: '{"token":"token"}' }, (value) => (value === 'token' ? '…' : value))
    expect([lines[0], lines.at(-1)]).toEqual(['POST /3/device/…', '{ "token": "…" }'])
  })

  it('shows a body that is no JSON as it is', () => {
    expect(requestLines({ ...request, body: 'a=b' }, (value) => value).at(-1)).toBe('a=b')
  })

  it('shows a row with its times, and addresses only by their end', () => {
    const row = rowLines({
      id: 'i',
      service: 'push.example.com',
      node: 'n',
      owner: 'juliet@example.com',
      dialect: 'tigase',
      device: 'd',
      app: 'org.example.ios',
      address: new Opaque('0123456789abcdef'),
      hints: {},
      registeredAt: 0,
      seenAt: 0,
    })
    expect(row).toContain('address       …cdef')
    expect(row).toContain('registeredAt  1970-01-01T00:00:00.000Z')
  })
})

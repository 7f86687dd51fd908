import { makeTelemetry } from '../../lib/config/telemetry'
import { makeWords } from '../../lib/config/words'

const telemetry = makeTelemetry(makeWords({ folder: '.', env: { TOKEN: 'Bearer abc' } }))

describe('lib/config/telemetry', () => {
  it.each([
    ['http://127.0.0.1:4318', 'http://127.0.0.1:4318/v1/traces'],
    ['https://otlp.example.com/', 'https://otlp.example.com/v1/traces'],
    ['https://otlp.example.com/own/path', 'https://otlp.example.com/own/path'],
  ])('sends spans for %s to %s', (endpoint, url) => {
    expect(telemetry.parse({ endpoint })).toEqual({ url, headers: new Map(), share: 1 })
  })

  it.each(['127.0.0.1:4318', 'grpc://127.0.0.1:4317', 'http://user:password@127.0.0.1', ''])(
    'refuses the endpoint "%s"',
    (endpoint) => {
      expect(telemetry.safeParse({ endpoint }).success).toBe(false)
    },
  )

  it('reads headers from where secrets are, and prints none', () => {
    const { headers } = telemetry.parse({ endpoint: 'http://[::1]:4318', headers: { Authorization: { env: 'TOKEN' } } })
    expect(headers.get('authorization')?.reveal()).toBe('Bearer abc')
    expect(JSON.stringify([...headers])).not.toContain('abc')
  })

  it.each([-0.1, 1.1, '1'])('refuses the share %j', (share) => {
    expect(telemetry.safeParse({ endpoint: 'http://[::1]:4318', share }).success).toBe(false)
  })
})

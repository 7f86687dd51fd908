import { type LogEntry } from '../../lib/commands/simulate-log'
import { isThrough, leaks, missingIn, passageOf, type Seen } from '../../lib/commands/simulate-passage'
import { parseXml } from '../../lib/sim/xmpp-server-reader'

const device = {
  name: 'the phone',
  resource: 'phone',
  app: 'org.example.ios',
  vendor: 'apns',
  token: 'abcdef0123456789',
} as const
const stanza = (by: 'server' | 'component', xml: string): Seen => ({
  after: 1,
  sighting: { is: 'stanza', by, stanza: parseXml(xml) },
})
const request = (status: number, reason?: string) => ({
  by: 'apns' as const,
  method: 'POST',
  path: `/3/device/${device.token}`,
  headers: { 'apns-topic': 'org.example.ios' },
  body: '{"aps":{}}',
  status,
  ...(reason === undefined ? {} : { reason }),
})
const asked = (status: number, reason?: string): Seen => ({
  after: 2,
  sighting: { is: 'request', request: request(status, reason) },
})
const publish = stanza(
  'server',
  `<iq type='set' id='p1'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='n1'/></pubsub></iq>`,
)
const result = stanza('component', `<iq type='result' id='p1'/>`)
const missing = (...seen: readonly Seen[]) => missingIn(passageOf(device, 'n1', seen, []))

describe('lib/commands/simulate-passage', () => {
  it('misses nothing where the push service took the push', () => {
    expect(missing(publish, result, asked(503), asked(200))).toBeUndefined()
  })

  it.each([
    ['nothing was published', [], /published nothing for the phone/],
    [
      'another node was published to',
      [stanza('server', `<iq id='p1'><pubsub><publish node='n2'/></pubsub></iq>`)],
      /published nothing/,
    ],
    ['the service is silent', [publish], /did not answer the server's publish/],
    ['another publish was answered', [publish, stanza('component', `<iq type='result' id='p2'/>`)], /did not answer/],
    [
      'the service refuses',
      [publish, stanza('component', `<iq type='error' id='p1'><error><item-not-found/></error></iq>`)],
      /answered the publish for the phone with item-not-found/,
    ],
    ['no push was sent', [publish, result], /no push for it reached Apple/],
    ['the push was refused', [publish, result, asked(410, 'Unregistered')], /Apple did not take.*: 410 Unregistered\./],
  ])('says so where %s', (_what, seen, told) => {
    expect(missing(...seen)).toMatch(told)
  })

  it('is through when the publish is answered and its delivery has ended, or the publish was refused', () => {
    const settled = (app: string, end?: 'delivered'): LogEntry => ({
      line: '',
      event: {
        ...{ at: 'settled', delivery: 'd', app, class: 'message', attempt: 1, age: 1, resent: false },
        ...(end === undefined ? { againIn: 1000 } : { end }),
      },
    })
    const refusal = stanza('component', `<iq type='error' id='p1'/>`)
    const through = (seen: readonly Seen[], ...log: readonly LogEntry[]) =>
      isThrough(passageOf(device, 'n1', seen, log))
    expect(through([publish, result], settled(device.app, 'delivered'))).toBe(true)
    expect(through([publish, refusal])).toBe(true)
    expect(through([publish, result], settled(device.app))).toBe(false)
    expect(through([publish, result], settled('another app', 'delivered'))).toBe(false)
    expect(through([publish], settled(device.app, 'delivered'))).toBe(false)
  })

  it('knows a push by its token', () => {
    const other = { ...request(200), path: '/3/device/ffff' }
    const seen: Seen = { after: 2, sighting: { is: 'request', request: other } }
    expect(missing(publish, result, seen)).toMatch(/no push/)
  })

  const text = 'What light through yonder window'
  it.each([
    ['the text', { body: `{"body":"${text}"}` }],
    ['the text in base64', { body: Buffer.from(text).toString('base64') }],
    ['a word of it, in whatever case', { body: '{"title":"YONDER"}' }],
    ['the sender, in a header', { headers: { 'x-from': 'Romeo@example.com' } }],
  ])('finds %s in what was sent', (_what, changed) => {
    expect(leaks([request(200), { ...request(200), ...changed }], text, 'romeo@example.com')).toHaveLength(1)
  })

  it('finds nothing in a push that tells nothing', () => {
    expect(leaks([request(200)], text, 'romeo@example.com')).toEqual([])
  })
})

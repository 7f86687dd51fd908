import { parseService } from '../../lib/xmpp/service-address'

describe('lib/xmpp/service-address', () => {
  it.each([
    ['xmpp://127.0.0.1:5347', { host: '127.0.0.1', port: 5347, secure: false }],
    ['xmpp://xmpp.example.com', { host: 'xmpp.example.com', port: 5347, secure: false }],
    ['xmpps://xmpp.example.com:5276/', { host: 'xmpp.example.com', port: 5276, secure: true }],
    ['XMPPS://[2001:db8::1]:5276', { host: '2001:db8::1', port: 5276, secure: true }],
    ['xmpp://[::1]', { host: '::1', port: 5347, secure: false }],
  ])('takes %s apart', (text, address) => {
    expect(parseService(text)).toEqual(address)
  })

  it.each([
    '',
    'localhost:5347',
    'http://localhost',
    'xmpp://',
    'xmpp://a:0',
    'xmpp://a:65536',
    'xmpp://a:x',
    'xmpp://::1',
    'xmpp://u@a',
    'xmpp://a/b',
    'xmpp://a b',
  ])('knows that "%s" is no address of a component service', (text) => {
    expect(parseService(text)).toBeUndefined()
  })
})

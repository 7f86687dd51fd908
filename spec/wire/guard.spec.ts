import { makeGuard, privateHost, whyForbidden, type GuardRules } from '../../lib/wire/guard'
import { whyNotPublic } from '../../lib/wire/public-address'

describe('lib/wire/public-address', () => {
  it.each([
    ['0.0.0.0', 'unspecified'],
    ['10.0.0.1', 'private'],
    ['100.64.0.1', 'shared by a carrier (CGNAT)'],
    ['100.127.255.255', 'shared by a carrier (CGNAT)'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['169.254.169.254', 'link-local'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.0.0.8', 'reserved'],
    ['192.0.2.1', 'documentation'],
    ['192.88.99.1', 'a 6to4 relay'],
    ['192.168.1.1', 'private'],
    ['198.18.0.1', 'benchmarking'],
    ['198.19.255.255', 'benchmarking'],
    ['198.51.100.1', 'documentation'],
    ['203.0.113.1', 'documentation'],
    ['224.0.0.1', 'multicast'],
    ['240.0.0.1', 'reserved'],
    ['255.255.255.255', 'reserved'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['::7f00:1', 'an IPv4 address in disguise'],
    ['::ffff:10.0.0.1', 'an IPv4 address in disguise'],
    ['::ffff:8.8.8.8', 'an IPv4 address in disguise'],
    ['64:ff9b::10.0.0.1', 'private, behind a translator (NAT64)'],
    ['64:ff9b::7f00:1', 'loopback, behind a translator (NAT64)'],
    ['64:ff9b:1::8.8.8.8', 'behind a local translator (NAT64)'],
    ['100::1', 'reserved'],
    ['2001::1', 'reserved'],
    ['2001:db8::1', 'documentation'],
    ['2002:a00:1::', 'a 6to4 tunnel'],
    ['2002:808:808::', 'a 6to4 tunnel'],
    ['3fff::1', 'documentation'],
    ['4000::1', 'reserved'],
    ['5f00::1', 'reserved'],
    ['fc00::1', 'private (ULA)'],
    ['fd12:3456:789a::1', 'private (ULA)'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'link-local'],
    ['fec0::1', 'site-local'],
    ['ff02::1', 'multicast'],
    ['example.org', 'no IP address'],
    ['', 'no IP address'],
  ])('calls %s %s', (address, what) => {
    expect(whyNotPublic(address)).toBe(what)
  })

  it.each([
    ...['1.1.1.1', '8.8.8.8', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255'],
    ...['128.0.0.1', '169.253.0.1', '172.15.255.255', '172.32.0.0', '192.167.0.1', '192.169.0.1', '198.17.0.1'],
    ...['198.20.0.0', '223.255.255.255', '2a00:1450:4001::1', '2606:4700::1', '2001:4860::8888', '64:ff9b::8.8.8.8'],
  ])('calls %s public', (address) => {
    expect(whyNotPublic(address)).toBeUndefined()
  })
})

describe('lib/wire/guard', () => {
  const refused = (text: string, rules: GuardRules = {}): string | undefined => {
    const endpoint = makeGuard(rules).endpoint(text)
    return endpoint.is === 'refused' ? endpoint.why : undefined
  }
  const PRIVATE = 'its host is not on the public internet'

  it('takes an https address, and tells the origin from the path', () => {
    expect(makeGuard({}).endpoint('HTTPS://Push.Example.net:443/a%20b/../C?d=e')).toEqual({
      is: 'endpoint',
      href: 'https://push.example.net/C?d=e',
      origin: 'https://push.example.net',
      host: 'push.example.net',
      path: '/C?d=e',
      mayBePrivate: false,
    })
  })

  it.each([
    'https://fcm.googleapis.com/fcm/send/abc:APA91b',
    'https://updates.push.services.mozilla.com/wpush/v2/gAAAA',
    'https://web.push.apple.com/QOeU',
    'https://par02p.notify.windows.com/w/?token=BQYAA%3d%3d',
    'https://8.8.8.8/x',
    'https://[2606:4700::1]/x',
    'https://134744072/x',
  ])('takes %s', (text) => {
    expect(refused(text)).toBeUndefined()
  })

  it.each([
    ...[
      'https://10.0.0.1/',
      'https://127.0.0.1/',
      'https://127.1/',
      'https://127.0.1/',
      'https://0/',
      'https://1.0.0.127.0x7f/',
    ],
    ...[
      'https://2130706433/',
      'https://0x7f000001/',
      'https://0x7F.1/',
      'https://017700000001/',
      'https://0177.0.0.1/',
    ],
    ...['https://127.0.0.1./', 'https://%31%32%37.0.0.1/', 'https://169.254.169.254/latest/meta-data/'],
    ...[
      'https://2852039166/',
      'https://100.64.0.1/',
      'https://192.168.0.1/',
      'https://172.16.0.1/',
      'https://3232235521/',
    ],
    ...[
      'https://[::1]/',
      'https://[::]/',
      'https://[::ffff:10.0.0.1]/',
      'https://[::ffff:a00:1]/',
      'https://[fc00::1]/',
    ],
    ...[
      'https://[fd00:ec2::254]/',
      'https://[fe80::1]/',
      'https://[ff02::1]/',
      'https://[64:ff9b::a00:1]/',
      'https://[2002:a00:1::]/',
    ],
    ...[
      'https://[fe80::1%25eth0]/',
      'https://localhost/',
      'https://LOCALHOST/',
      'https://a.localhost/',
      'https://localhost./',
    ],
    ...['https://printer.local/', 'https://metadata.google.internal/', 'https://nas.home.arpa/', 'https://intranet/'],
    ...['https://a.onion/', 'https://push.example.net./'],
  ])('refuses %s', (text) => {
    expect(refused(text)).toBeDefined()
  })

  it.each([
    ['http://push.example.net/', 'it is no https address'],
    ['ftp://push.example.net/', 'it is no https address'],
    ['https:push.example.net/', 'it is no https address'],
    ['https:///push.example.net/', 'it is no https address'],
    ['https:\\\\push.example.net/', 'it is no https address'],
    ['https://push.example.net\\@10.0.0.1/', 'it is no https address'],
    [' https://push.example.net/', 'it is no https address'],
    ['https://push.example.net/a\tb', 'it is no https address'],
    ['https://push.example.net/a\r\nHost: b', 'it is no https address'],
    ['https://ⓟush.example.net/', 'it is no https address'],
    ['javascript:alert(1)', 'it is no https address'],
    ['push.example.net', 'it is no https address'],
    ['', 'it is no https address'],
    ['https://u@push.example.net/', 'it names a user'],
    ['https://u:p@push.example.net/', 'it names a user'],
    ['https://@push.example.net/', 'it names a user'],
    ['https://push.example.net/#a', 'it has a fragment'],
    ['https://push.example.net/#', 'it has a fragment'],
    ['https://push.example.net:8443/', 'its port is refused here'],
    ['https://push.example.net:80/', 'its port is refused here'],
    ['https://push.example.net:99999/', 'it is no https address'],
    ['https://push.example.net./', 'its host ends with a dot'],
    ['https://10.0.0.1/', PRIVATE],
    ['https://intranet/', PRIVATE],
  ])('says why: %j — %s', (text, why) => {
    expect(refused(text)).toBe(why)
  })

  it.each([
    ...['/a', '/a/b', '/a?b=c', '/wpush/v2/gAAAA-_~=', '/fcm/send/abc:APA91b', '/a.b/c..d', '/a?b?c', '/a?b/../c'],
    ...['', '/', '/?', '/a/', '/a//b', '/a?', '/./a', '/../a', '/a/..', '/a/.', '/.a', '/%2e%2e/a', '/a%20b', '/A%2fb'],
    ...[
      '/a b',
      '/a#f',
      '/a?b#f',
      '/a\\b',
      '/ä',
      '/a?ä',
      '/a"b',
      "/a?b'c",
      '/a|b',
      '/a^b',
      '/a`b',
      '/{a}',
      '/a<b',
      '/a\tb',
    ],
    ...['/a\n', `/${'a'.repeat(1000)}`, '/a?b=%3d', '/a@b', '/a;b,c!d$e&f(g)*h+i'],
  ])('finds the same of the path %j whether or not it knows the origin', (path) => {
    const knowing = makeGuard({})
    knowing.endpoint('https://push.example.net/known')
    const text = `https://push.example.net${path}`
    expect(knowing.endpoint(text)).toEqual(makeGuard({}).endpoint(text))
  })

  it.each([
    ...['https://push.example.net:8443/a', 'http://push.example.net/a', 'https://push.example.net./a'],
    ...['https://user@push.example.net/a', 'https://push.example.net@10.0.0.1/a', 'https://push.example.net.local/a'],
    ...['HTTPS://PUSH.example.net/a', 'https://push.example.net:443/a', 'https://push.example.net', 'https:///a'],
  ])('does not take %s for an origin that it knows', (text) => {
    const knowing = makeGuard({})
    knowing.endpoint('https://push.example.net/known')
    expect(knowing.endpoint(text)).toEqual(makeGuard({}).endpoint(text))
  })

  it('still knows what it refuses after it has taken a thousand others', () => {
    const guard = makeGuard({})
    for (let each = 0; each < 1000; each++) {
      expect(guard.endpoint(`https://p${each}.example.net/a`)).toMatchObject({ is: 'endpoint', path: '/a' })
    }
    expect(guard.endpoint('https://10.0.0.1/a').is).toBe('refused')
    expect(guard.endpoint('https://p1.example.net/a')).toMatchObject({ host: 'p1.example.net' })
  })

  it('takes 1000 bytes and no more, as they are written and as they are sent', () => {
    const of = (length: number, filling = 'a'): string => {
      const start = 'https://push.example.net/'
      return start + filling.repeat((length - start.length) / filling.length)
    }
    expect(refused(of(1000))).toBeUndefined()
    expect(refused(of(1001))).toBe('it is longer than 1000 bytes')
    expect(refused(`https://push.example.net/?${'"'.repeat(500)}`)).toBe('it is longer than 1000 bytes')
  })

  it('takes the ports that the operator names, and then 443 only if it is among them', () => {
    expect(refused('https://push.example.net:8443/', { ports: [443, 8443] })).toBeUndefined()
    expect(refused('https://push.example.net/', { ports: [8443] })).toBe('its port is refused here')
  })

  it('serves only what is allowed, and never what is denied', () => {
    const rules = {
      allow: ['*.push.apple.com', 'fcm.googleapis.com', '*.example.net'],
      deny: ['*evil*', 'WWW.example.net'],
    }
    expect(refused('https://web.push.apple.com/x', rules)).toBeUndefined()
    expect(refused('https://fcm.googleapis.com/x', rules)).toBeUndefined()
    expect(refused('https://push.apple.com/x', rules)).toBe('its host is not among those that are served')
    expect(refused('https://fcm.googleapis.com.example.org/x', rules)).toBe(
      'its host is not among those that are served',
    )
    expect(refused('https://fcmxgoogleapis.com/x', rules)).toBe('its host is not among those that are served')
    expect(refused('https://evil.example.net/x', rules)).toBe('its host is refused here')
    expect(refused('https://www.example.net/x', rules)).toBe('its host is refused here')
  })

  describe('a private host that the operator names', () => {
    const rules = {
      allowPrivate: ['ntfy.lan', 'push:8443', '192.168.1.5', 'http://10.0.0.2:8080', '[fd00::5]'],
      allow: ['x.org'],
    }

    it.each([
      'https://ntfy.lan/up',
      'https://push:8443/up',
      'https://192.168.1.5/up',
      'https://3232235781/up',
      'http://10.0.0.2:8080/up',
      'https://[fd00::5]/up',
      'https://[fd00:0::5]/up',
    ])('is taken: %s', (text) => {
      expect(makeGuard(rules).endpoint(text)).toMatchObject({ is: 'endpoint', mayBePrivate: true })
    })

    it.each([
      'http://ntfy.lan/up',
      'https://ntfy.lan:8443/up',
      'https://push/up',
      'https://192.168.1.6/up',
      'http://10.0.0.2/up',
      'https://10.0.0.2/up',
      'https://a.ntfy.lan/up',
      'https://nntfy.lan/up',
      'https://10.0.0.2:8080/up',
    ])('opens no other: %s', (text) => {
      expect(refused(text, rules)).toBeDefined()
    })

    it('is still refused where it is denied', () => {
      expect(refused('https://ntfy.lan/', { ...rules, deny: ['*.lan'] })).toBe('its host is refused here')
    })

    it.each(['*.lan', 'ntfy.lan/x', 'u@ntfy.lan', 'https://', '', 'ntfy.lan:99999', 'ftp://ntfy.lan'])(
      'is named without globs, path or user, so not as %j',
      (entry) => {
        expect(privateHost(entry)).toBeUndefined()
      },
    )

    it('has a name: known from those of strangers', () => {
      const guard = makeGuard(rules)
      expect(['ntfy.lan', 'x.org', '10.0.0.2', 'y.org'].map((host) => guard.isNamed(host))).toEqual([
        true,
        true,
        true,
        false,
      ])
    })
  })

  it('judges what a host resolves to, unless the operator has named the host', () => {
    const endpoint = (text: string, rules: GuardRules = {}) => {
      const found = makeGuard(rules).endpoint(text)
      if (found.is === 'refused') throw new Error(found.why)
      return found
    }
    const stranger = endpoint('https://push.example.net/secret')
    expect(whyForbidden('93.184.215.14', stranger)).toBeUndefined()
    expect(whyForbidden('10.0.0.1', stranger)).toBe(`${PRIVATE}: push.example.net has the address 10.0.0.1, private`)
    expect(whyForbidden('10.0.0.1', endpoint('https://ntfy.lan/', { allowPrivate: ['ntfy.lan'] }))).toBeUndefined()
  })
})

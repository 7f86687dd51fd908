import { generateKeyPairSync } from 'node:crypto'
import { generateRequestDetails, type RequestOptions } from 'web-push'
import { Credential, Opaque } from '../../lib/model/opaque'
import { type Outcome } from '../../lib/model/outcome'
import { webpush } from '../../lib/providers/webpush'
import { takeOverNames } from '../../lib/sim/names'
import { type WebPushRowName } from '../../lib/sim/webpush'
import { webPushRows } from '../../lib/sim/webpush-rows'
import { content, startWebPushScene, type WebPushScene } from '../support/webpush-scene'

const HOUR = 3600_000
const P256 = { namedCurve: 'prime256v1' }
const DAY = 24 * HOUR
const fact = (text: string) => ({ is: 'fact', text })

describe('lib/providers/webpush', () => {
  let scene: WebPushScene
  const scenes: WebPushScene[] = []
  const start = async (...options: Parameters<typeof startWebPushScene>): Promise<WebPushScene> => {
    scene = await startWebPushScene(...options)
    scenes.push(scene)
    return scene
  }
  afterEach(async () => {
    for (const one of scenes.splice(0)) await one.close()
  })
  const last = () => scene.simulator.journal.at(-1)

  describe.each(['rfc', 'fcm', 'mozilla', 'apple', 'wns', 'ntfy'] as const)(
    'to a push service like %s',
    (personality) => {
      it('sends what it takes, and what the subscription’s own key opens', async () => {
        const { simulator, subscribe, send, publicKey } = await start({ personality, topicLengths: 'multiple of 4' })
        const subscription = subscribe()
        expect(await send(subscription)).toEqual({ is: 'delivered' })
        expect(simulator.received(subscription).map(String)).toEqual([content.payload])
        expect(last()).toMatchObject({
          method: 'POST',
          claims: { aud: simulator.origin, sub: 'mailto:push@example.com' },
          headers: {
            ttl: '86400',
            urgency: 'high',
            topic: expect.stringMatching(/^[\w-]{32}$/) as unknown,
            'content-encoding': 'aes128gcm',
            'content-length': '614',
            authorization: expect.stringMatching(new RegExp(`^vapid t=[\\w.-]+, k=${publicKey}$`)) as unknown,
          },
        })
        expect([...simulator.violations, ...simulator.warnings]).toEqual([])
      })

      it('takes 410 and 404 for the end of the subscription', async () => {
        const { subscribe, send } = await start({ personality })
        const subscription = subscribe()
        subscription.become('gone')
        expect(await send(subscription)).toMatchObject({ is: 'gone' })
      })
    },
  )

  it('sends the header fields that web-push sends', async () => {
    const { subscribe, send } = await start()
    const { endpoint, keys } = subscribe()
    await send(subscribe())
    const ours = Object.keys(last()?.headers ?? {})
    const wanted: RequestOptions = { TTL: 86400, urgency: 'high', topic: 'a', contentEncoding: 'aes128gcm' }
    const { headers } = generateRequestDetails({ endpoint, keys: { ...keys } }, content.payload, wanted)
    const theirs = Object.keys(headers).map((name) => name.toLowerCase())
    expect(ours.filter((name) => !['authorization', 'host'].includes(name)).sort()).toEqual(theirs.sort())
  })

  it.each([
    ['nothing left', -1, 0],
    ['less than a second', 999, 0],
    ['half a minute', 30_000, 30],
    ['a year', 365 * DAY, 2_419_200],
  ])('lives as long as it may with %s', async (_, left, ttl) => {
    const { subscribe, send, clock } = await start()
    await send(subscribe(), { expiresAt: clock.now() + left })
    expect(last()?.headers['ttl']).toBe(String(ttl))
  })

  it('has the same topic for the same key of the same subscription, and says nothing by it', async () => {
    const { subscribe, send } = await start()
    const topicOf = async (...args: Parameters<typeof send>) => {
      await send(...args)
      return last()?.headers['topic']
    }
    const [one, two] = [subscribe(), subscribe()]
    const topic = await topicOf(one)
    expect(await topicOf(one)).toBe(topic)
    expect(await topicOf(two)).not.toBe(topic)
    expect(await topicOf(one, { content: { ...content, topic: 'other' } })).not.toBe(topic)
    expect(await topicOf(one, { content: { speaks: 'webpush', payload: 'x', urgency: 'low' } })).toBeUndefined()
  })

  it('signs once for many', async () => {
    const { subscribe, send, simulator } = await start()
    await Promise.all(Array.from({ length: 50 }, () => send(subscribe())))
    expect(new Set(simulator.journal.map(({ headers }) => headers['authorization'])).size).toBe(1)
    expect(simulator.violations).toEqual([])
  })

  it('sends without VAPID to UnifiedPush where the app has no key', async () => {
    const { simulator, send, open } = await start({ personality: 'ntfy' })
    open({ vapid: undefined })
    const subscription = simulator.subscribe()
    expect(await send(subscription)).toEqual({ is: 'delivered' })
    expect(last()?.headers).not.toHaveProperty('authorization')
    expect(simulator.violations).toEqual([])
  })

  it('tells Microsoft whether to keep a push', async () => {
    const names = takeOverNames()
    names.set('par02p.notify.windows.com', ['127.0.0.1'])
    try {
      const { simulator, subscribe, send, clock } = await start({
        personality: 'wns',
        name: 'par02p.notify.windows.com',
      })
      expect(await send(subscribe(), { expiresAt: clock.now() })).toEqual({ is: 'delivered' })
      expect(last()?.headers).toMatchObject({ ttl: '0', 'x-wns-cache-policy': 'no-cache' })
      expect(await send(subscribe())).toEqual({ is: 'delivered' })
      expect(last()?.headers).toMatchObject({ 'x-wns-cache-policy': 'cache' })
      expect(simulator.violations).toEqual([])
    } finally {
      names.restore()
    }
  })

  it('sends what is too large for any push service as a bare wake-up', async () => {
    const { subscribe, send, simulator } = await start()
    const subscription = subscribe()
    expect(await send(subscription, { content: { ...content, payload: 'x'.repeat(3994) } })).toEqual({
      is: 'delivered',
    })
    expect(simulator.received(subscription).map(String)).toEqual([''])
  })

  it('refuses content that was written for another', async () => {
    const { open } = await start()
    const apns = { speaks: 'apns', pushType: 'alert', priority: 10, payload: {} } as const
    expect(await open().attempt({ id: 'x', address: new Opaque('{}'), content: apns, expiresAt: 0 })).toMatchObject({
      is: 'refused',
    })
  })

  describe('what it makes of an answer', () => {
    /** By what the push service says: what the program is told, and how often it was asked. */
    const table: Readonly<Record<WebPushRowName, readonly [Outcome['is'], string?, number?]>> = {
      ok: ['delivered'],
      'accepted, async': ['delivered'],
      'no content': ['delivered'],

      'bad request': ['refused'],
      unauthorized: ['misconfigured'],
      forbidden: ['misconfigured'],
      'not found': ['gone'],
      'not found, page': ['gone'],
      'method not allowed': ['refused'],
      gone: ['gone'],
      'too large': ['refused', 'answered 413', 2],
      'unsupported coding': ['refused'],
      'too many requests': ['busy', '60 s'],
      'too many requests, bare': ['busy', '60 s'],
      'internal error': ['down'],
      'bad gateway': ['down'],
      unavailable: ['down'],
      'unavailable, Retry-After': ['down', '30 s'],
      'gateway timeout': ['down'],

      'fcm bad TTL': ['refused', 'invalid TTL header'],
      'fcm bad request': ['refused'],
      'fcm no authorization': ['misconfigured'],
      'fcm bad JWT': ['misconfigured', 'invalid JWT provided'],
      'fcm other key': ['gone', 'do not correspond'],
      'fcm not found': ['gone'],
      'fcm gone': ['gone', 'unsubscribed or expired'],
      'fcm too large': ['refused', 'answered 413', 2],
      'fcm too many requests': ['busy', '60 s'],
      'fcm internal': ['down'],
      'fcm unavailable': ['down', '10 s'],

      'mozilla 101 keys missing': ['refused', '101'],
      'mozilla 110 encryption': ['refused', '110'],
      'mozilla 111 no TTL': ['refused', '111'],
      'mozilla 112 TTL': ['refused', '112'],
      'mozilla 113 topic': ['refused', '113'],
      'mozilla 114 TTL': ['refused', '114'],
      'mozilla 109 no authorization': ['misconfigured', 'Missing VAPID token'],
      'mozilla 109 bad token': ['misconfigured'],
      'mozilla 109 audience': ['misconfigured'],
      'mozilla 109 expired': ['misconfigured'],
      'mozilla 109 too long': ['misconfigured'],
      'mozilla 109 other key': ['gone', 'public key mismatch'],
      'mozilla 102 invalid token': ['gone', '102'],
      'mozilla 103 no user': ['gone', '103'],
      'mozilla 105 user deleted': ['gone', '105'],
      'mozilla 106 no subscription': ['gone', '106'],
      'mozilla 104 too large': ['refused', '104', 2],
      'mozilla too many requests': ['busy', '60 s'],
      'mozilla internal': ['down'],
      'mozilla 201 back off': ['down', '120 s'],
      'mozilla 202 retry now': ['down'],
      'mozilla 900 bridge': ['down', '900'],
      'mozilla 901 bridge credential': ['down', '901'],
      'mozilla 902 bridge timeout': ['down', '902'],
      'mozilla 903 bridge connection': ['down', '903'],

      'apple BadTtl': ['refused', 'BadTtl'],
      'apple BadUrgency': ['refused', 'BadUrgency'],
      'apple BadWebPushTopic': ['refused', 'BadWebPushTopic'],
      'apple BadWebPushRequest': ['refused', 'BadWebPushRequest'],
      'apple VapidPkHashMismatch': ['gone', 'VapidPkHashMismatch'],
      'apple VapidPkHashMismatch, 403': ['gone', 'VapidPkHashMismatch'],
      'apple BadJwtToken': ['misconfigured', 'BadJwtToken'],
      'apple BadVapidPublicKey': ['misconfigured', 'BadVapidPublicKey'],
      'apple BadPath': ['gone', 'BadPath'],
      'apple MethodNotAllowed': ['refused'],
      'apple Unregistered': ['gone', 'Unregistered'],
      'apple PayloadTooLarge': ['refused', 'PayloadTooLarge', 2],
      'apple TooManyRequests': ['busy', '60 s'],
      'apple InternalServerError': ['down'],
      'apple ServiceUnavailable': ['down'],

      'wns TTL conflict': ['refused', 'Ttl value conflicts'],
      'wns bad request': ['refused'],
      'wns bad JWT': ['misconfigured', 'JWT Authentication Failed'],
      'wns other key': ['gone', 'does not match'],
      'wns not found': ['gone'],
      'wns 406 appthrottled': ['busy', '900 s'],
      'wns 406 channelthrottled': ['busy', '900 s'],
      'wns 406 dropped': ['busy', '900 s'],
      'wns gone': ['gone'],
      'wns too large': ['refused', 'answered 413', 2],
      'wns too many requests': ['busy', '900 s'],
      'wns internal': ['down'],
      'wns unavailable': ['down', '60 s'],

      'ntfy not found': ['gone'],
      'ntfy too large': ['refused', 'answered 413', 2],
      'ntfy too many requests': ['busy', '60 s'],
      'ntfy too many messages': ['busy', '60 s'],
      'ntfy internal': ['down'],
      'ntfy 50701 no subscriber': ['refused', '50701'],
    }

    it.each(Object.keys(webPushRows) as WebPushRowName[])('%s', async (row) => {
      const { simulator, subscribe, send, clock, open } = await start()
      const [is, words = '', requests = 1] = table[row]
      open()
      simulator.inject({ is: 'row', row }, { times: Infinity })
      const outcome = await send(subscribe())
      expect(outcome.is).toBe(is)
      const notBefore = 'notBefore' in outcome ? outcome.notBefore : undefined
      const seconds = /^(\d+) s$/.exec(words)?.[1]
      if (seconds === undefined) expect('why' in outcome ? outcome.why : '').toContain(words)
      expect(notBefore).toBe(seconds === undefined ? undefined : clock.now() + Number(seconds) * 1000)
      if (outcome.is === 'down') expect(outcome).toMatchObject({ whom: 'target', ambiguous: false })
      if (outcome.is === 'busy') expect(outcome.whom).toBe('target')
      if (outcome.is === 'misconfigured') expect(outcome.mend).toContain('clock')
      expect(simulator.journal).toHaveLength(requests)
    })

    it('sends a bare wake-up where the message is too large', async () => {
      const { simulator, subscribe, send } = await start()
      const subscription = subscribe()
      simulator.inject({ is: 'row', row: 'mozilla 104 too large' })
      expect(await send(subscription)).toEqual({ is: 'delivered' })
      expect(simulator.received(subscription).map(String)).toEqual([''])
      expect(last()?.body).toHaveLength(103)
    })

    it('follows no redirect: asks a few times, then doubts the subscription', async () => {
      const { simulator, subscribe, send, clock } = await start()
      const subscription = subscribe()
      simulator.inject({ is: 'redirect', status: 307 }, { times: 4 })
      const outcomes: string[] = []
      for (let n = 0; n < 4; n++) {
        outcomes.push((await send(subscription)).is)
        await clock.advance(60_000)
      }
      expect(outcomes).toEqual(['down', 'down', 'down', 'suspect'])
      expect(simulator.journal).toHaveLength(4)
      expect(simulator.violations).toEqual([])
      expect(await send(subscription)).toEqual({ is: 'delivered' })
    })

    it('waits 12 h for somebody to listen to a UnifiedPush topic', async () => {
      const { subscribe, send, clock } = await start({ personality: 'ntfy' })
      const subscription = subscribe()
      subscription.become('no subscriber')
      expect(await send(subscription)).toMatchObject({ is: 'refused' })
      await clock.advance(12 * HOUR - 1)
      expect(await send(subscription)).toMatchObject({ is: 'refused' })
      await clock.advance(1)
      expect(await send(subscription)).toMatchObject({ is: 'gone' })
    })

    it('forgets the wait when somebody has listened', async () => {
      const { subscribe, send, clock } = await start({ personality: 'ntfy' })
      const subscription = subscribe()
      subscription.become('no subscriber')
      await send(subscription)
      await clock.advance(HOUR)
      subscription.become('live')
      expect(await send(subscription)).toEqual({ is: 'delivered' })
      subscription.become('no subscriber')
      await clock.advance(12 * HOUR)
      expect(await send(subscription)).toMatchObject({ is: 'refused' })
    })
  })

  describe('a token that is refused', () => {
    it('is replaced within the attempt if it is more than an hour old', async () => {
      const { simulator, subscribe, send, clock } = await start({ personality: 'apple' })
      const subscription = subscribe()
      await send(subscription)
      await clock.advance(HOUR)
      simulator.inject({ is: 'row', row: 'apple BadJwtToken' })
      expect(await send(subscription)).toEqual({ is: 'delivered' })
      const [, old, fresh] = simulator.journal.map(({ headers }) => headers['authorization'])
      expect(fresh).not.toBe(old)
      expect(simulator.violations).toEqual([])
    })

    it('stops the app only while no push service has ever taken one', async () => {
      const { simulator, subscribe, send, clock, notices } = await start()
      const subscription = subscribe()
      simulator.inject({ is: 'row', row: 'apple BadJwtToken' })
      expect(await send(subscription)).toMatchObject({ is: 'misconfigured' })
      expect(await send(subscription)).toEqual({ is: 'delivered' })
      simulator.inject({ is: 'row', row: 'apple BadJwtToken' }, { times: 2 })
      const waits = { is: 'busy', whom: 'target', notBefore: clock.now() + 15 * 60_000 }
      expect(await send(subscription)).toMatchObject(waits)
      expect(await send(subscription)).toMatchObject(waits)
      expect(notices).toEqual([expect.stringContaining('BadJwtToken')])
    })

    it('asks for a key where the app has none', async () => {
      const { simulator, send, open } = await start({ personality: 'ntfy' })
      open({ vapid: undefined })
      simulator.inject({ is: 'row', row: 'unauthorized' })
      expect(await send(simulator.subscribe())).toMatchObject({
        is: 'misconfigured',
        mend: expect.stringContaining('`vapid`') as unknown,
      })
    })

    it('tells the operator once an hour that subscriptions belong to another key', async () => {
      const { simulator, subscribe, send, notices, clock } = await start()
      simulator.inject({ is: 'row', row: 'fcm other key' }, { times: Infinity })
      for (let n = 0; n < 5; n++) expect(await send(subscribe())).toMatchObject({ is: 'gone' })
      expect(notices).toHaveLength(1)
      await clock.advance(HOUR)
      await send(subscribe())
      expect(notices).toEqual([expect.stringContaining('put the old one back'), expect.stringContaining('key file')])
    })
  })

  describe('the guard', () => {
    const refusedAt = async (endpoint: string, options: Parameters<WebPushScene['open']>[0]) => {
      const { send, subscribe, open, simulator } = scene
      const provider = open(options)
      const { keys } = subscribe()
      const outcome = await send({ ...subscribe(), endpoint })
      const { hostname } = new URL(endpoint)
      const address = JSON.stringify({ endpoint, ...keys })
      expect(outcome).toMatchObject({ is: 'refused' })
      expect(JSON.stringify(outcome)).not.toContain('capability')
      expect(simulator.journal).toEqual([])
      return { outcome, whyNot: await provider.whyNot?.(address), hostname }
    }

    it.each([
      ...[
        'https://10.0.0.1/',
        'https://127.0.0.1/',
        'https://169.254.169.254/',
        'https://100.64.0.1/',
        'https://[fc00::1]/',
      ],
      ...[
        'https://[::ffff:10.0.0.1]/',
        'https://2130706433/',
        'https://0177.0.0.1/',
        'https://127.0.0.1./',
        'http://8.8.8.8/',
      ],
    ])('lets no push go to %s, though it has been registered', async (endpoint) => {
      await start()
      const { whyNot } = await refusedAt(`${endpoint}capability`, {
        allowPrivate: [],
        ports: [443, scene.simulator.port],
      })
      expect(whyNot).toBeDefined()
    })

    it('resolves a name when it is registered, and again when it is sent to', async () => {
      const names = takeOverNames()
      try {
        await start({ name: 'push.example.net' })
        const { simulator, open, subscribe, send, address } = scene
        const provider = open({ allowPrivate: [], ports: [simulator.port] })
        const subscription = subscribe()
        names.set('push.example.net', ['127.0.0.1'])
        expect(await provider.whyNot?.(address(subscription))).toBe('its host is not on the public internet')
        names.set('push.example.net', ['93.184.215.14'], ['127.0.0.1'])
        expect(await provider.whyNot?.(address(subscription))).toBeUndefined()
        expect(await send(subscription)).toMatchObject({
          is: 'refused',
          why: expect.stringContaining('push.example.net has the address 127.0.0.1, loopback') as unknown,
        })
        expect(simulator.journal).toEqual([])
      } finally {
        names.restore()
      }
    })

    it('obeys the operator’s lists, changed since a device was registered', async () => {
      const { subscribe, send, open } = await start()
      open({ deny: ['localhost'] })
      expect(await send(subscribe())).toMatchObject({
        is: 'refused',
        why: expect.stringContaining('refused here') as unknown,
      })
    })
  })

  describe('what it tells the operator', () => {
    it('is the key, the subject, and where it sends', async () => {
      const { options, publicKey, simulator } = await start()
      expect(await webpush.check(options({ deny: ['*.example'] }), 0)).toEqual([
        fact(`VAPID key signs, and its public key ${publicKey} verifies`),
        fact('VAPID subject mailto:push@example.com'),
        fact('sends to every public host, port 443'),
        fact('never to *.example'),
        fact(`also inside the network to ${new URL(simulator.origin).host}`),
      ])
      expect(webpush.offers?.(options())).toEqual({ 'vapid-public-key': publicKey })
    })

    it('is that an app without a key is for UnifiedPush', async () => {
      expect(await webpush.check({ allow: ['ntfy.example.org'], ports: [443, 8443] }, 0)).toEqual([
        fact('no VAPID key: UnifiedPush only, for the push services of browsers demand one'),
        fact('sends to ntfy.example.org, port 443, 8443'),
      ])
      expect(webpush.offers?.({})).toEqual({})
    })

    it('is a warning that Apple refuses localhost', async () => {
      const { options } = await start()
      const privateKey = options().vapid?.privateKey ?? new Credential(Buffer.alloc(0), '')
      for (const subject of ['mailto:root@localhost', 'https://localhost/']) {
        const findings = await webpush.check({ vapid: { subject, privateKey } }, 0)
        expect(findings.filter(({ is }) => is === 'warning')).toMatchObject([
          { text: `vapid.subject is ${subject}, which Apple refuses` },
        ])
      }
    })

    it('is what is wrong with a key or an authority, and opens no provider with it', async () => {
      const { options, open } = await start()
      const bad = new Credential(Buffer.from('nonsense'), 'file x.pem')
      const key = { vapid: { subject: 'mailto:a@b.c', privateKey: bad } }
      expect(await webpush.check(options(key), 0)).toMatchObject([
        { is: 'fault', mend: expect.stringContaining('openssl') as unknown },
      ])
      expect(await webpush.check(options({ ca: bad }), 0)).toMatchObject([
        { is: 'fault', text: 'ca (file x.pem) is no readable certificate' },
      ])
      expect(webpush.offers?.(options(key))).toEqual({})
      expect(() => open(key)).toThrow(/^vapid\.privateKey .* openssl /)
    })

    it('is that the halves of a key file belong to two keys, and opens no provider with it', async () => {
      const { options, open } = await start()
      const [one, other] = [generateKeyPairSync('ec', P256), generateKeyPairSync('ec', P256)]
      const der = one.privateKey.export({ type: 'sec1', format: 'der' })
      // The point ends either file.
      other.publicKey
        .export({ type: 'spki', format: 'der' })
        .subarray(-64)
        .copy(der, der.length - 64)
      const pem = `-----BEGIN EC PRIVATE KEY-----\n${der.toString('base64')}\n-----END EC PRIVATE KEY-----\n`
      const key = { vapid: { subject: 'mailto:a@b.c', privateKey: new Credential(Buffer.from(pem), 'file x.pem') } }
      expect(await webpush.check(options(key), 0)).toMatchObject([
        {
          is: 'fault',
          text: expect.stringContaining('does not verify') as unknown,
          mend: expect.stringContaining('Put back the key file') as unknown,
        },
      ])
      expect(() => open(key)).toThrow(/does not verify.* Put back the key file/)
    })

    it('is, when asked live, that the key signs, and what only a push can prove; nobody is asked', async () => {
      const { open, publicKey, simulator } = await start()
      expect(await open().prove?.()).toEqual([
        fact(`proven: VAPID key signs, and its public key ${publicKey} verifies`),
        fact(
          'not proven: that the push services take the VAPID key and subject, until a push to a subscription was taken',
        ),
      ])
      expect(await open({ vapid: undefined }).prove?.()).toEqual([
        fact('not proven: that the push services take pushes without VAPID, until a push to a subscription was taken'),
      ])
      expect(simulator.journal).toEqual([])
    })

    it('is, when asked live, how far our clock is from that of a push service which took a push', async () => {
      const { open, subscribe, send, notices, simulator } = await start({}, -10 * 60_000)
      const provider = open()
      expect((await provider.prove?.())?.filter(({ text }) => text.includes('clock'))).toEqual([])
      expect(await send(subscribe())).toEqual({ is: 'delivered' })
      const text = `the clock of this machine is 10 min ahead of that of ${simulator.origin}`
      expect(await provider.prove?.()).toContainEqual(expect.objectContaining({ is: 'fault', text }))
      expect(notices).toEqual([expect.stringContaining(text)])
    })

    it('is the request of a push that is not sent, its payload before it is encrypted, and no secret', async () => {
      const { open, subscribe, address, simulator, clock, send, publicKey } = await start()
      const subscription = subscribe()
      const attempt = { id: '', address: new Opaque(address(subscription)), content, expiresAt: clock.now() + DAY }
      const shown = open().preview?.(attempt)
      expect(simulator.journal).toEqual([])
      expect(shown).toMatchObject({
        method: 'POST',
        url: `${simulator.origin}/…${subscription.endpoint.slice(-4)}`,
        body: '{"v":1}\n(7 bytes; 614 bytes encrypted)',
      })
      await send(subscription)
      const { host: _, ...sent } = last()?.headers ?? {}
      expect(shown?.headers).toEqual({ ...sent, authorization: `vapid t=…, k=…${publicKey.slice(-4)}` })
      for (const secret of [new URL(subscription.endpoint).pathname, subscription.keys.auth]) {
        expect(JSON.stringify(shown)).not.toContain(secret)
      }
    })

    it('is never the endpoint’s path, nor a key', async () => {
      const { simulator, subscribe, send, notices, clock } = await start()
      const said: string[] = []
      const subscription = subscribe()
      const path = new URL(subscription.endpoint).pathname
      for (const row of Object.keys(webPushRows) as WebPushRowName[]) {
        simulator.inject({ is: 'row', row }, { times: 2 })
        said.push(JSON.stringify(await send(subscription)))
        simulator.heal()
        await clock.advance(60_000)
      }
      simulator.inject({ is: 'cut', at: 'in the body' })
      said.push(JSON.stringify(await send(subscription)))
      const all = [...said, ...notices].join('\n')
      for (const secret of [path, subscription.keys.auth, subscription.keys.p256dh]) expect(all).not.toContain(secret)
      expect(all).toContain(simulator.origin)
    })
  })
})

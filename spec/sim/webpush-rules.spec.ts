import { randomBytes } from 'node:crypto'
import { Agent } from 'node:https'
import { personalities, type PersonalityName } from '../../lib/sim/webpush-personalities'
import { webPushRows } from '../../lib/sim/webpush-rows'
import { startWebPushSimulator, type WebPushSimulator, type WebPushSubscription } from '../../lib/sim/webpush'
import { makeSender, pushOverOne, seal, type Heard, type Push } from '../support/push-by-hand'

const NOW = Date.UTC(2026, 0, 1)
const HOUR = 3_600_000
const SUB = 'mailto:push@example.org'

describe('lib/sim/webpush, its rules', () => {
  const sender = makeSender()
  const started: WebPushSimulator[] = []
  const agent = new Agent({ keepAlive: true })
  let nowMs = NOW
  let simulator: WebPushSimulator
  let subscription: WebPushSubscription

  const start = async (personality: PersonalityName): Promise<void> => {
    simulator = await startWebPushSimulator({ personality, now: () => nowMs })
    started.push(simulator)
    subscription = simulator.subscribe({ applicationServerKey: sender.point })
  }
  const claims = () => ({ aud: simulator.origin, exp: nowMs / 1000 + 43_200, sub: SUB })
  /** One token for each minute of the simulator's time and each set of claims, as a careful client keeps them. */
  const kept = new Map<string, string>()
  const authorization = (change: object = {}): string => {
    const wanted = { ...claims(), ...change }
    const name = JSON.stringify(wanted)
    const made = kept.get(name) ?? sender.authorization(wanted)
    kept.set(name, made)
    return made
  }
  /** A correct push, but for what is given. */
  const push = (change: Partial<Push> = {}, to = subscription): Promise<Heard> => {
    const body = change.body ?? seal(to.keys, 'hello', { padding: 3 })
    const correct = {
      ttl: '60',
      urgency: 'normal',
      'content-encoding': 'aes128gcm',
      'content-length': String(body.length),
      authorization: authorization(),
    }
    const headers = Object.fromEntries(
      Object.entries({ ...correct, ...change.headers }).filter(([, value]) => value !== undefined),
    )
    return pushOverOne({ url: to.endpoint, ca: simulator.ca, ...change, headers, body }, agent)
  }
  const rulesOfLast = (): readonly string[] => (simulator.journal.at(-1)?.findings ?? []).map(({ rule }) => rule)

  afterAll(async () => {
    agent.destroy()
    await Promise.all(started.map((one) => one.close()))
  })

  describe('as nobody in particular', () => {
    beforeAll(() => start('rfc'))
    beforeEach(() => {
      nowMs += HOUR
    })

    it('finds nothing wrong with a correct push', async () => {
      expect((await push()).status).toBe(201)
      expect(simulator.journal.at(-1)).toMatchObject({
        findings: [],
        violations: [],
        message: { is: 'opened', plaintext: Buffer.from('hello'), padding: 3 },
        claims: claims(),
      })
    })

    const long = 'a'.repeat(33)
    it.each<readonly [string, Partial<Push>, string, number]>([
      ['without TTL', { headers: { ttl: undefined } }, 'ttl-missing', 400],
      ['with a TTL of words', { headers: { ttl: '1h' } }, 'ttl', 400],
      ['with a negative TTL', { headers: { ttl: '-1' } }, 'ttl', 400],
      ['with two TTLs', { headers: { ttl: ['60', '60'] } }, 'repeated', 400],
      ['with an unheard-of urgency', { headers: { urgency: 'urgent' } }, 'urgency', 400],
      ['with an urgency in capitals', { headers: { urgency: 'High' } }, 'urgency', 400],
      ['with an empty topic', { headers: { topic: '' } }, 'topic', 400],
      ['with a topic of 33 characters', { headers: { topic: long } }, 'topic', 400],
      ['with a topic outside base64url', { headers: { topic: 'a+b=' } }, 'topic', 400],
      ['with no coding', { headers: { 'content-encoding': undefined } }, 'content-encoding', 415],
      ['with the older coding', { headers: { 'content-encoding': 'aesgcm' } }, 'content-encoding', 415],
      ['with the older coding’s headers', { headers: { 'crypto-key': 'dh=AA' } }, 'legacy-headers', 415],
      ['with a cookie', { headers: { cookie: 'bait=1' } }, 'cookie', 201],
      ['with a referer', { headers: { referer: 'https://example.org' } }, 'referer', 201],
      ['for another host', { headers: { host: '127.0.0.1' } }, 'authority', 201],
      ['by PUT', { method: 'PUT' }, 'method', 405],
      ['of more than 4096 octets', { body: randomBytes(4097) }, 'too-large', 413],
      ['that cannot be opened', { body: Buffer.alloc(200, 1) }, 'sender-key-form', 201],
    ])('objects to a push %s', async (_what, change, rule, status) => {
      expect((await push(change)).status).toBe(status)
      expect(rulesOfLast()).toContain(rule)
      expect(simulator.journal.at(-1)?.violations).toContainEqual(expect.stringContaining(rule))
      expect(simulator.violations.at(-1)).toBe(simulator.journal.at(-1)?.violations.at(-1))
    })

    it('objects to a body that is sent in chunks, without its length', async () => {
      expect((await push({ headers: { 'content-length': undefined, 'transfer-encoding': 'chunked' } })).status).toBe(
        201,
      )
      expect(rulesOfLast()).toEqual(['content-length'])
    })

    it('takes a topic of 32 characters, each urgency, and a push without a message', async () => {
      const topic = 'A-_9'.repeat(8)
      for (const urgency of ['very-low', 'low', 'normal', 'high'])
        expect((await push({ headers: { topic, urgency } })).status).toBe(201)
      expect((await push({ body: Buffer.alloc(0), headers: { 'content-encoding': undefined } })).status).toBe(201)
      expect(simulator.journal.at(-1)).toMatchObject({ findings: [], message: { is: 'empty' } })
    })

    it('takes a body of 4096 octets', async () => {
      const body = seal(subscription.keys, 'x', { padding: 3992 })
      expect(body).toHaveLength(4096)
      expect((await push({ body })).status).toBe(201)
      expect(rulesOfLast()).toEqual([])
    })

    it('objects to a salt that was used before, and to a sender’s key that was', async () => {
      const salt = randomBytes(16)
      const privateKey = Buffer.from(makeSender().secret, 'base64url')
      await push({ body: seal(subscription.keys, '1', { salt, privateKey }) })
      expect(rulesOfLast()).toEqual([])
      await push({ body: seal(subscription.keys, '2', { salt }) })
      expect(rulesOfLast()).toEqual(['salt-reused'])
      await push({ body: seal(subscription.keys, '3', { privateKey }) })
      expect(rulesOfLast()).toEqual(['sender-key-reused'])
    })

    it.each<readonly [string, object, string, number]>([
      ['for another audience', { aud: 'https://localhost' }, 'vapid-aud', 403],
      ['that has expired', { exp: NOW / 1000 - 1 }, 'vapid-exp-past', 401],
      ['that expires in three days', { exp: NOW / 1000 + 30 * 86_400 }, 'vapid-exp-far', 403],
      ['of a bare address', { sub: 'push@example.org' }, 'vapid-sub', 201],
    ])('objects to a token %s', async (_what, change, rule, status) => {
      expect((await push({ headers: { authorization: authorization(change) } })).status).toBe(status)
      expect(rulesOfLast()).toEqual([rule])
    })

    it('objects to a push without a token where the subscription has a key, and to a token of another key', async () => {
      expect((await push({ headers: { authorization: undefined } })).status).toBe(401)
      expect(rulesOfLast()).toEqual(['vapid-missing'])
      expect((await push({ headers: { authorization: makeSender().authorization(claims()) } })).status).toBe(403)
      expect(simulator.journal.at(-1)).toMatchObject({
        findings: [{ rule: 'vapid-other-key', severity: 'state' }],
        violations: [],
      })
    })

    it('wants no token where the subscription has no key', async () => {
      const free = simulator.subscribe()
      expect((await push({ headers: { authorization: undefined } }, free)).status).toBe(201)
      expect(rulesOfLast()).toEqual([])
      expect((await push({ headers: { authorization: `${authorization()}x` } }, free)).status).toBe(401)
    })

    it('warns of a second token within the hour, but not after a refusal and not after an hour', async () => {
      await push()
      await push({ headers: { authorization: authorization({ exp: nowMs / 1000 + 1000 }) } })
      expect(rulesOfLast()).toEqual(['vapid-renewal'])
      expect(simulator.warnings.at(-1)).toContain('vapid-renewal')
      simulator.inject({ is: 'row', row: 'forbidden' })
      await push()
      await push({ headers: { authorization: authorization({ exp: nowMs / 1000 + 2000 }) } })
      expect(rulesOfLast()).toEqual([])
      nowMs += HOUR
      await push()
      expect(rulesOfLast()).toEqual([])
    })

    it('answers for a subscription that has gone or expired, and warns of a push after that', async () => {
      const other = simulator.subscribe({ applicationServerKey: sender.point })
      other.become('expired')
      expect((await push({}, other)).status).toBe(404)
      expect(rulesOfLast()).toEqual(['subscription'])
      other.become('gone')
      expect((await push({}, other)).status).toBe(410)
      expect(rulesOfLast()).toEqual(['told-dead', 'subscription'])
      other.become('live')
      expect((await push({}, other)).status).toBe(201)
      expect(simulator.received(other)).toEqual([Buffer.from('hello')])
    })

    it('answers for an endpoint that it never gave out', async () => {
      const url = `${simulator.origin}/push/none`
      expect((await push({ url })).status).toBe(404)
      expect(simulator.journal.at(-1)).toMatchObject({ violations: [], findings: [{ rule: 'endpoint' }] })
    })

    it('shortens a TTL, and says so', async () => {
      expect((await push({ headers: { ttl: '99999999' } })).headers).toMatchObject({ ttl: String(28 * 86_400) })
      expect((await push({ headers: { ttl: '0' } })).headers).toMatchObject({ ttl: '0' })
    })

    it('gives no subscription for a key that is none', () => {
      expect(() => simulator.subscribe({ applicationServerKey: 'AAAA' })).toThrow('P-256')
    })
  })

  const otherKey = makeSender()
  const answers = {
    fcm: { gone: 'fcm gone', other: 'fcm other key', ttl: 'fcm bad TTL', none: 'fcm no authorization' },
    mozilla: {
      gone: 'mozilla 106 no subscription',
      other: 'mozilla 109 other key',
      ttl: 'mozilla 111 no TTL',
      none: 'mozilla 109 no authorization',
    },
    apple: {
      gone: 'apple Unregistered',
      other: 'apple VapidPkHashMismatch',
      ttl: 'apple BadTtl',
      none: 'apple BadJwtToken',
    },
    wns: { gone: 'wns gone', other: 'wns other key', ttl: 'wns bad request', none: 'wns bad JWT' },
  } as const

  describe.each(['fcm', 'mozilla', 'apple', 'wns'] as const)('as %s', (personality) => {
    beforeAll(() => start(personality))
    const expected = answers[personality]
    const row = (heard: Heard): unknown =>
      Object.entries(webPushRows).find(
        ([name, { status, ...rest }]) =>
          name.startsWith(personality) &&
          heard.status === status &&
          heard.body === (rest.body ?? '') &&
          Object.entries(rest.headers ?? {}).every(([field, value]) => heard.headers[field] === value),
      )?.[0]

    it('refuses in the vendor’s own words', async () => {
      expect((await push()).status).toBe(201)
      expect(row(await push({ headers: { ttl: undefined } }))).toBe(expected.ttl)
      expect(row(await push({ headers: { authorization: undefined } }))).toBe(expected.none)
      expect(row(await push({ headers: { authorization: otherKey.authorization(claims()) } }))).toBe(expected.other)
      const dead = simulator.subscribe({ applicationServerKey: sender.point })
      dead.become('gone')
      expect(row(await push({}, dead))).toBe(expected.gone)
    })
  })

  describe('as apple', () => {
    beforeAll(() => start('apple'))

    it('wants topics that base64url can spell', async () => {
      for (const length of [1, 5, 13, 29]) {
        const heard = await push({ headers: { topic: 'a'.repeat(length) } })
        expect([heard.status, heard.body]).toEqual([400, '{"reason":"BadWebPushTopic"}'])
        expect(rulesOfLast()).toEqual(['topic-length'])
      }
      for (const length of [2, 3, 4, 6, 32])
        expect((await push({ headers: { topic: 'a'.repeat(length) } })).status).toBe(201)
    })

    it('wants multiples of four when told', async () => {
      const strict = await startWebPushSimulator({
        personality: 'apple',
        topicLengths: 'multiple of 4',
        now: () => nowMs,
      })
      started.push(strict)
      const own = strict.subscribe({ applicationServerKey: sender.point })
      const statusOf = async (topic: string): Promise<number> => {
        const said = sender.authorization({ ...claims(), aud: strict.origin })
        return (await push({ headers: { topic, authorization: said } }, own)).status
      }
      expect([await statusOf('aaaaaa'), await statusOf('aaaaaaaa')]).toEqual([400, 201])
    })

    it.each(['mailto:push@localhost', 'https://localhost', undefined])('refuses the subject %s', async (sub) => {
      nowMs += HOUR
      const heard = await push({ headers: { authorization: authorization({ sub }) } })
      expect([heard.status, heard.body]).toEqual([403, '{"reason":"BadJwtToken"}'])
      expect(simulator.journal.at(-1)?.violations).toHaveLength(1)
    })

    it('objects to a second token within the hour', async () => {
      nowMs += HOUR
      await push()
      await push({ headers: { authorization: authorization({ exp: nowMs / 1000 + 500 }) } })
      expect(simulator.violations.at(-1)).toContain('vapid-renewal')
    })
  })

  describe('as wns', () => {
    beforeAll(() => start('wns'))

    it.each<readonly [string, string | undefined, number]>([
      ['0', undefined, 400],
      ['0', 'cache', 400],
      ['60', 'no-cache', 400],
      ['0', 'no-cache', 201],
      ['60', 'cache', 201],
      ['60', undefined, 201],
    ])('answers TTL %s with X-WNS-Cache-Policy %s by %i', async (ttl, policy, status) => {
      const heard = await push({ headers: { ttl, 'x-wns-cache-policy': policy } })
      expect(heard.status).toBe(status)
      expect(rulesOfLast()).toEqual(status === 400 ? ['wns-cache-policy'] : [])
    })
  })

  describe('as ntfy', () => {
    beforeAll(() => start('ntfy'))

    it('accepts with 200 and a message of its own', async () => {
      const heard = await push()
      expect(heard.status).toBe(200)
      expect(JSON.parse(heard.body)).toMatchObject({ event: 'message', time: nowMs / 1000 })
      expect(simulator.received(subscription)).toEqual([Buffer.from('hello')])
    })

    it('looks at no token, yet objects to a bad one', async () => {
      expect((await push({ headers: { authorization: 'vapid t=a, k=b' } })).status).toBe(200)
      expect(rulesOfLast()).toEqual(['vapid-jwt'])
    })

    it('answers 507 for a topic that nobody listens to', async () => {
      const lonely = simulator.subscribe()
      lonely.become('no subscriber')
      const heard = await push({}, lonely)
      expect([heard.status, JSON.parse(heard.body)]).toEqual([507, expect.objectContaining({ code: 50701, http: 507 })])
    })

    it('tells by GET that an endpoint is UnifiedPush’s, and of no other path', async () => {
      const { length } = simulator.journal
      const ask = (url: string) => pushOverOne({ url, ca: simulator.ca, method: 'GET', headers: {} })
      const heard = await ask(subscription.endpoint)
      expect([heard.status, JSON.parse(heard.body)]).toEqual([200, { unifiedpush: { version: 1 } }])
      expect(simulator.journal).toHaveLength(length)
      expect((await ask(`${simulator.origin}/other`)).status).toBe(404)
    })

    it('objects to a push without a message', async () => {
      await push({ body: Buffer.alloc(0), headers: { 'content-encoding': undefined } })
      expect(rulesOfLast()).toEqual(['unifiedpush-empty'])
    })
  })

  it.each(
    Object.entries(personalities)
      .filter(([, { needsVapid }]) => needsVapid)
      .map(([name]) => name),
  )('gives no subscription without a key as %s', async (name) => {
    await start(name as PersonalityName)
    expect(() => simulator.subscribe()).toThrow('applicationServerKey')
  })
})

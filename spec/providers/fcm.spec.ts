import { Credential, Opaque } from '../../lib/model/opaque'
import { type Outcome } from '../../lib/model/outcome'
import { fcm, type FcmOptions } from '../../lib/providers/fcm'
import { type Attempt, type Provider } from '../../lib/providers/provider'
import { startFcmSimulator, type FcmFault, type FcmSimulator } from '../../lib/sim/fcm'
import { fcmRows, type FcmRowName } from '../../lib/sim/fcm-rows'
import { startOauthSimulator, type OauthFault, type OauthSimulator } from '../../lib/sim/oauth'
import { oauthRows, type OauthRow } from '../../lib/sim/oauth-rows'
import { type ServiceAccount } from '../../lib/sim/service-account'
import { handClock, type HandClock } from '../support/hand-clock'

const DAY = 24 * 3600_000
const credential = (value: object | string): Credential =>
  new Credential(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), 'file key.json')

describe('lib/providers/fcm', () => {
  let clock: HandClock
  let chance = 0
  let oauth: OauthSimulator
  let simulator: FcmSimulator
  let account: ServiceAccount
  let provider: Provider
  let notices: string[] = []

  const now = () => clock.now()
  const options = (more: Partial<FcmOptions> = {}): FcmOptions => ({
    serviceAccount: credential(account),
    endpoint: simulator.endpoint,
    ca: credential(simulator.ca),
    ...more,
  })
  const open = (more: Partial<FcmOptions> = {}): Provider =>
    fcm.open(options(more), {
      app: 'org.example.android',
      clock,
      keep: { get: async () => undefined, put: async () => undefined },
      notice: (text) => notices.push(text),
    })
  const attempt = (more: Partial<Attempt> = {}): Promise<Outcome> =>
    provider.attempt({
      id: '6b9e3ad4-4b7e-4a35-8c2f-0f2f6d3b1a11',
      address: new Opaque('tok'),
      content: { speaks: 'fcm', data: { account: 'ec1649' }, priority: 'HIGH', collapseKey: 'ec1649' },
      expiresAt: now() + DAY,
      ...more,
    })
  const asked = () => oauth.journal.length
  const sent = () => simulator.journal.length

  beforeAll(async () => {
    clock = handClock()
    oauth = await startOauthSimulator({ now })
    simulator = await startFcmSimulator({ oauth, now, chance: (n) => chance % n })
    account = oauth.newServiceAccount({ projectId: 'demo' })
    simulator.newProject('demo', [account.client_email])
    simulator.setDevice('tok', 'live')
  })
  afterAll(async () => {
    await simulator.close()
    await oauth.close()
  })
  beforeEach(() => {
    notices = []
    chance = 0
    oauth.heal()
    simulator.heal()
  })
  afterEach(() => {
    expect([...oauth.violations, ...simulator.violations]).toEqual([])
  })
  /** One provider for a whole group of tests, or a new one, with no token yet, for each of them. */
  const shared = (): void => {
    beforeAll(() => {
      provider = open()
    })
    afterAll(() => provider.close())
  }
  const anew = (): void => {
    beforeEach(() => {
      provider = open()
    })
    afterEach(() => provider.close())
  }

  describe('what it sends', () => {
    shared()

    it('is exactly one message, with the seconds it has left', async () => {
      const from = sent()
      expect(await attempt()).toEqual({ is: 'delivered' })
      expect(sent() - from).toBe(1)
      const { method, path, protocol, headers, body } = simulator.journal[from] ?? {}
      expect({ method, path, protocol, body }).toEqual({
        method: 'POST',
        path: '/v1/projects/demo/messages:send',
        protocol: 'h2',
        body: '{"message":{"token":"tok","data":{"account":"ec1649"},"android":{"priority":"HIGH","ttl":"86400s","collapse_key":"ec1649"}}}',
      })
      expect(headers).toEqual({
        authorization: expect.stringMatching(/^Bearer ya29\.c\.[\w-]+$/) as unknown,
        'content-type': 'application/json',
        ...(headers?.['content-length'] === undefined ? {} : { 'content-length': expect.any(String) as unknown }),
      })
    })

    it.each([
      ['less than a second', 999, 0],
      ['half a minute', 30_000, 30],
      ['four weeks', 28 * DAY, 2_419_200],
      ['a year', 365 * DAY, 2_419_200],
    ])('lives as long as FCM allows with %s', async (_, left, ttl) => {
      await attempt({ expiresAt: now() + left })
      expect(simulator.journal.at(-1)?.message?.ttl).toBe(ttl)
    })

    it('is nothing with nothing left', async () => {
      const from = sent()
      expect(await attempt({ expiresAt: now() })).toMatchObject({ is: 'down', ambiguous: false })
      expect(sent()).toBe(from)
    })

    it('has no collapse key where the profile gives none, and the priority it gives', async () => {
      await attempt({ content: { speaks: 'fcm', data: {}, priority: 'NORMAL' } })
      expect(JSON.parse(simulator.journal.at(-1)?.body ?? '')).toEqual({
        message: { token: 'tok', data: {}, android: { priority: 'NORMAL', ttl: '86400s' } },
      })
    })

    it('is nothing for content that another push service speaks', async () => {
      const from = sent()
      const content = { speaks: 'apns', pushType: 'alert', priority: 10, payload: {} } as const
      expect(await attempt({ content })).toEqual({ is: 'refused', why: 'written for apns, not for FCM' })
      expect(sent()).toBe(from)
    })
  })

  describe('what FCM answers', () => {
    shared()
    beforeAll(() => attempt())

    const gone = { is: 'gone' }
    const suspect = { is: 'suspect' }
    const refused = { is: 'refused' }
    const down = { is: 'down', ambiguous: false }
    const mend = expect.any(String) as unknown
    const misconfigured = { is: 'misconfigured', mend }
    const rows: Readonly<Record<FcmRowName, object>> = {
      'not a token': gone,
      'not a token, message only': gone,
      'not a token, violation only': gone,
      'APNs token disabled': gone,
      'APNs BadDeviceToken': suspect,
      'APNs DeviceTokenNotForTopic': suspect,
      'bare invalid argument': refused,
      'invalid argument': refused,
      'bad field': refused,
      'reserved key': refused,
      'bad ttl': refused,
      'too big': refused,
      'no target': refused,
      'credential missing': misconfigured,
      'token expired': misconfigured,
      'token invalid': misconfigured,
      'APNs key invalid': misconfigured,
      'APNs key for the other environment': misconfigured,
      APNS_AUTH_ERROR: refused,
      'sender mismatch': suspect,
      'permission denied': {
        ...misconfigured,
        mend: expect.stringContaining('cloudmessaging.messages.create') as unknown,
      },
      'service disabled': { ...misconfigured, mend: expect.stringContaining('Enable') as unknown },
      unregistered: gone,
      'unregistered at APNs': gone,
      'not found': misconfigured,
      'not found, page': misconfigured,
      'project quota': { is: 'busy', whom: 'credential' },
      'device quota': { is: 'busy', whom: 'target' },
      'topic quota': { is: 'busy', whom: 'credential' },
      'bare quota': { is: 'busy', whom: 'credential' },
      internal: down,
      'bare internal': down,
      'bad gateway': down,
      'gateway timeout': down,
      unavailable: down,
      'unavailable, empty': down,
      'UNSPECIFIED_ERROR, 400': refused,
      'UNSPECIFIED_ERROR, 500': down,
      'unheard-of, 400': refused,
      'unheard-of, 500': down,
    }

    it.each(Object.keys(rows) as FcmRowName[])(
      '«%s» becomes its outcome, whatever the order of the details',
      async (row) => {
        for (const order of [0, 1]) {
          chance = order
          const [tokens, from] = [asked(), sent()]
          simulator.inject({ is: 'row', row }, { times: Infinity })
          const outcome = await attempt()
          expect(outcome).toMatchObject({
            ...rows[row],
            why: expect.stringContaining(`${fcmRows[row].status}`) as unknown,
          })
          const again = fcmRows[row].status === 401 && row !== 'APNS_AUTH_ERROR' && !row.startsWith('APNs')
          expect(sent() - from).toBe(again ? 2 : 1)
          expect(asked() - tokens).toBe(again ? 1 : 0)
          simulator.heal()
        }
      },
    )

    const wait: readonly [row: FcmRowName, retryAfter: string | undefined, seconds: number | undefined][] = [
      ['unavailable', undefined, undefined],
      ['unavailable', '120', 120],
      ['unavailable', 'Thu, 01 Jan 2026 01:00:00 GMT', undefined],
      ['unavailable', '0', undefined],
      ['unavailable', '999999999', 3600],
      ['unavailable', 'soon', undefined],
      ['unavailable, empty', '7', 7],
      ['bare internal', undefined, undefined],
      ['bad gateway', undefined, 30],
      ['gateway timeout', '45', 45],
      ['project quota', undefined, 60],
      ['project quota', '0', 60],
      ['device quota', '90', 90],
    ]
    it.each(wait)('«%s» with Retry-After %s waits %s seconds', async (row, retryAfter, seconds) => {
      const date = retryAfter?.endsWith('GMT') === true
      const header = date ? new Date(now() + 40_000).toUTCString() : retryAfter
      simulator.inject({ is: 'row', row, ...(header === undefined ? {} : { retryAfter: header }) })
      const outcome = await attempt()
      const notBefore = outcome.is === 'down' || outcome.is === 'busy' ? outcome.notBefore : NaN
      const delay = notBefore === undefined ? undefined : (notBefore - now()) / 1000
      expect(delay).toBe(date ? 40 : seconds)
    })

    it('hears RetryInfo where there is no header', async () => {
      const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '12.5s' }]
      const body = JSON.stringify({ error: { code: 503, status: 'UNAVAILABLE', message: 'x', details } })
      simulator.inject({ is: 'answer', status: 503, body })
      expect(await attempt()).toMatchObject({ is: 'down', notBefore: now() + 12_500 })
    })

    it.each<[string, FcmFault]>([
      ['a page in place of success', { is: 'answer', status: 200, body: '<html>sign in</html>' }],
      ['success without an id', { is: 'answer', status: 200, body: '{"name":5}' }],
      ['a body that ends too soon', { is: 'cut', at: 'in the body' }],
      ['no answer', { is: 'cut', at: 'before the answer' }],
    ])('%s may or may not have been heard', async (_, fault) => {
      simulator.inject(fault, { times: Infinity })
      expect(await attempt()).toMatchObject({ is: 'down', ambiguous: true })
    })

    it.each<[string, FcmFault, object]>([
      ['a redirect', { is: 'answer', status: 302, headers: { location: 'https://example.com' }, body: '' }, down],
      ['an empty 403', { is: 'answer', status: 403, body: '' }, misconfigured],
      ['a page with 429', { is: 'answer', status: 429, body: '<p>' }, { is: 'busy', whom: 'credential' }],
      ['a page with 400', { is: 'answer', status: 400, body: '<p>' }, refused],
      ['JSON that is no object', { is: 'answer', status: 500, body: '[1]' }, down],
      ['details that are no list', { is: 'answer', status: 404, body: '{"error":{"details":{"0":5}}}' }, misconfigured],
      [
        'details of no type',
        { is: 'answer', status: 400, body: '{"error":{"details":[null,{"errorCode":"UNREGISTERED"}]}}' },
        refused,
      ],
    ])('%s becomes an outcome that forgets nobody', async (_, fault, outcome) => {
      simulator.inject(fault)
      expect(await attempt()).toMatchObject(outcome)
    })

    it('is told without token and content, though FCM quotes them', async () => {
      simulator.setDevice('secret-token', 'live')
      const message = 'Invalid value at message.token, "secret-token", data {"body":"Meet me at nine","n":"1"}'
      simulator.inject({ is: 'answer', status: 400, body: JSON.stringify({ error: { message } }) })
      const content = { speaks: 'fcm', data: { body: 'Meet me at nine', n: '1' }, priority: 'HIGH' } as const
      expect(await attempt({ address: new Opaque('secret-token'), content })).toEqual({
        is: 'refused',
        why: 'FCM answered 400 Invalid value at message.token, "…", data {"body":"…","n":"1"}',
      })
    })

    it('a GOAWAY that refused the message costs no attempt', async () => {
      simulator.inject({ is: 'goaway', code: 0, processed: false })
      expect(await attempt()).toEqual({ is: 'delivered' })
    })

    it('silence is given up after 15 seconds', async () => {
      simulator.inject({ is: 'silence' })
      const from = sent()
      const outcome = attempt()
      await simulator.waitFor((one) => simulator.journal.indexOf(one) >= from)
      await clock.advance(15_000)
      expect(await outcome).toMatchObject({ is: 'down', ambiguous: true })
    })
  })

  describe('the access token', () => {
    anew()

    it('is asked for once, at the token_uri of the key file, and serves many attempts', async () => {
      const from = asked()
      for (let count = 0; count < 3; count++) expect(await attempt()).toEqual({ is: 'delivered' })
      expect(asked() - from).toBe(1)
      const iat = now() / 1000
      expect(oauth.journal[from]?.claims).toEqual({
        iss: account.client_email,
        scope: 'https://www.googleapis.com/auth/firebase.messaging',
        aud: oauth.tokenUri,
        iat,
        exp: iat + 3600,
      })
    })

    it('is asked for once by 50 attempts at the same time', async () => {
      const from = asked()
      const outcomes = await Promise.all(Array.from({ length: 50 }, () => attempt()))
      expect(outcomes.every(({ is }) => is === 'delivered')).toBe(true)
      expect(asked() - from).toBe(1)
    })

    it('is renewed five minutes before it dies, and nobody waits for it', async () => {
      await attempt()
      const from = asked()
      await clock.advance(3598_000 - 300_000)
      await attempt()
      expect(asked() - from).toBe(0)
      await clock.advance(1000)
      let release: () => void = () => undefined
      oauth.inject({ is: 'held', until: new Promise<void>((free) => (release = free)) })
      expect(await attempt()).toEqual({ is: 'delivered' })
      const old = simulator.journal.at(-1)?.headers['authorization']
      await oauth.waitFor((one) => oauth.journal.indexOf(one) >= from)
      expect(await attempt()).toEqual({ is: 'delivered' })
      expect(simulator.journal.at(-1)?.headers['authorization']).toBe(old)
      release()
      await until(
        async () => (await attempt()).is === 'delivered' && simulator.journal.at(-1)?.headers['authorization'] !== old,
      )
      expect(asked() - from).toBe(1)
    })

    it('serves while it lives though renewing fails, and the operator is told once', async () => {
      await attempt()
      const from = asked()
      oauth.inject({ is: 'row', row: 'internal failure' }, Infinity)
      await clock.advance(3400_000)
      await attempt()
      await until(async () => notices.length > 0)
      for (let minute = 0; minute < 3; minute++) {
        expect(await attempt()).toEqual({ is: 'delivered' })
        await until(async () => asked() - from > minute)
        await clock.advance(60_000)
      }
      expect(notices).toEqual([
        expect.stringMatching(/500 internal_failure Backend Error\. The old one is good for 199 s more$/),
      ])
      await clock.advance(60_000)
      expect(await attempt()).toMatchObject({ is: 'down', ambiguous: false })
      oauth.heal()
      await clock.advance(60_000)
      expect(await attempt()).toEqual({ is: 'delivered' })
    })

    it('is not asked for again at once by everyone whom a failure met', async () => {
      oauth.inject({ is: 'row', row: 'unavailable', retryAfter: '30' }, Infinity)
      const from = asked()
      for (let count = 0; count < 3; count++) {
        expect(await attempt()).toMatchObject({ is: 'down', notBefore: now() + 30_000 })
      }
      expect(asked() - from).toBe(1)
      oauth.heal()
      await clock.advance(30_000)
      expect(await attempt()).toEqual({ is: 'delivered' })
    })

    it('is renewed within the attempt when FCM refuses it, once for all who hold it', async () => {
      await attempt()
      oauth.revokeTokens()
      const from = asked()
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => attempt()))
      expect(outcomes.every(({ is }) => is === 'delivered')).toBe(true)
      expect(asked() - from).toBe(1)
    })

    it('that FCM refuses although it is fresh is our fault', async () => {
      simulator.inject({ is: 'row', row: 'token invalid' }, { times: 2 })
      expect(await attempt()).toMatchObject({ is: 'misconfigured', why: expect.stringContaining('fresh') as unknown })
      expect(await attempt()).toEqual({ is: 'delivered' })
    })

    it.each([
      ['1 second', 1, 1000, 1],
      ['a text', '3599', 3000_000, 0],
      ['nothing', undefined, 200_000, 0],
      ['nothing, for long', undefined, 601_000, 1],
    ])('with expires_in of %s is renewed in time', async (_, expiresIn, later, renewals) => {
      oauth.inject({ is: 'grant', expiresIn })
      await attempt()
      const from = asked()
      await clock.advance(later)
      expect(await attempt()).toEqual({ is: 'delivered' })
      expect(asked() - from).toBe(renewals)
    })

    it('is asked for with the time of our clock, so that a clock gone wrong is told as such', async () => {
      const elsewhere = await startOauthSimulator({ now: () => clock.now() + DAY })
      const other = elsewhere.newServiceAccount({ projectId: 'demo' })
      await provider.close()
      provider = open({ serviceAccount: credential(other) })
      expect(await attempt()).toMatchObject({ is: 'misconfigured', mend: expect.stringContaining('clock') as unknown })
      expect(elsewhere.violations).toHaveLength(1)
      await elsewhere.close()
    })
  })

  describe('asked live', () => {
    anew()
    /** Who speaks of whose clock, in the words of a finding. */
    const clocks = async (): Promise<readonly string[]> =>
      ((await provider.prove?.()) ?? [])
        .filter(({ text }) => text.startsWith('the clock'))
        .map(({ is, text }) => `${is}: ${text}`)

    it('says nothing of a clock that is right, and proves the account', async () => {
      expect(await provider.prove?.()).toMatchObject([
        { is: 'fact', text: expect.stringContaining('takes the credential') as unknown },
        { is: 'fact', text: expect.stringContaining('not proven: that the devices belong') as unknown },
      ])
      expect(simulator.journal.at(-1)?.body).toContain('"validate_only":true')
    })

    it.each([
      [-62_000, 'warning', 'behind'],
      [-59_000, undefined, ''],
      [59_000, undefined, ''],
      [62_000, 'warning', 'ahead of'],
    ])('says of a clock that is %d ms ahead of FCM’s: %s', async (off, is, way) => {
      const there = await startFcmSimulator({ oauth, now: () => clock.now() - off })
      there.newProject('demo', [account.client_email])
      await provider.close()
      provider = open({ endpoint: there.endpoint })
      const told = await clocks()
      await there.close()
      if (is === undefined) expect([told, notices]).toEqual([[], []])
      else {
        expect(told).toEqual([
          expect.stringMatching(`^${is}: the clock of this machine is 6\\d s ${way} that of FCM \\(project demo\\)$`),
        ])
        expect(notices).toEqual([expect.stringContaining('NTP')])
      }
    })

    it('says by how much it is wrong where Google grants no token because of it', async () => {
      const elsewhere = await startOauthSimulator({ now: () => clock.now() + 6 * 60_000 })
      const other = elsewhere.newServiceAccount({ projectId: 'demo' })
      await provider.close()
      elsewhere.inject({ is: 'row', row: 'unreasonable timeframe' })
      provider = open({ serviceAccount: credential(other) })
      expect(await provider.prove?.()).toMatchObject([
        { is: 'fault', text: expect.stringContaining('timeframe') as unknown },
        { is: 'fault', text: `the clock of this machine is 6 min behind that of Google (localhost:${elsewhere.port})` },
      ])
      await elsewhere.close()
    })

    it('says nothing where nobody answered', async () => {
      const there = await startFcmSimulator({ oauth, now })
      await there.close()
      await provider.close()
      provider = open({ endpoint: there.endpoint })
      expect(await provider.prove?.()).toMatchObject([
        { is: 'fault', text: expect.stringContaining('could not be asked') as unknown },
      ])
    })
  })

  describe('what the token endpoint answers', () => {
    anew()

    const rows: Readonly<Record<OauthRow, { readonly is: Outcome['is']; readonly mend?: RegExp }>> = {
      'invalid signature': { is: 'misconfigured', mend: /deleted or replaced/ },
      'unreasonable timeframe': { is: 'misconfigured', mend: /clock/ },
      'account not found': { is: 'misconfigured', mend: /deleted or disabled/ },
      'failed audience': { is: 'misconfigured', mend: /token_uri/ },
      'invalid scope': { is: 'misconfigured', mend: /API/ },
      'missing scope': { is: 'misconfigured', mend: /API/ },
      'invalid client': { is: 'misconfigured', mend: /new key/ },
      'invalid request': { is: 'misconfigured', mend: /new key/ },
      'unsupported grant': { is: 'misconfigured', mend: /new key/ },
      'too many requests': { is: 'down' },
      'internal failure': { is: 'down' },
      'bad gateway': { is: 'down' },
      unavailable: { is: 'down' },
      'not json': { is: 'down' },
    }
    it.each(Object.keys(rows) as OauthRow[])('«%s» becomes its outcome after one request', async (row) => {
      const [tokens, from] = [asked(), sent()]
      oauth.inject({ is: 'row', row })
      const { is, mend } = rows[row]
      expect(await attempt()).toMatchObject({
        is,
        why: expect.stringContaining(`Google answered ${oauthRows[row].status}`) as unknown,
        ...(mend === undefined ? { ambiguous: false } : { mend: expect.stringMatching(mend) as unknown }),
      })
      expect([asked() - tokens, sent() - from]).toEqual([1, 0])
    })

    it.each<[string, OauthFault]>([
      ['a connection lost before it', { is: 'cut', at: 'before the answer' }],
      ['a connection lost in it', { is: 'cut', at: 'in the body' }],
      ['JSON that is no object', { is: 'answer', status: 200, body: '"token"' }],
      ['a token that is none', { is: 'answer', status: 200, body: '{"access_token":"a\\nb","expires_in":9}' }],
      ['an endless body', { is: 'answer', status: 200, body: 'x'.repeat(200_000) }],
      ['a redirect', { is: 'answer', status: 307, body: '' }],
      ['nothing at all', { is: 'answer', status: 204, body: '' }],
    ])('%s is a trouble of the moment', async (_, fault) => {
      oauth.inject(fault)
      expect(await attempt()).toMatchObject({ is: 'down', ambiguous: false })
    })

    it('refuses connections: a trouble of the moment', async () => {
      await oauth.refuse()
      expect(await attempt()).toMatchObject({ is: 'down', why: expect.stringContaining('ECONNREFUSED') as unknown })
      await oauth.accept()
    })

    it('is silent: given up after 10 seconds', async () => {
      oauth.inject({ is: 'silence' })
      const from = asked()
      const outcome = attempt()
      await oauth.waitFor((one) => oauth.journal.indexOf(one) >= from)
      await clock.advance(10_000)
      expect(await outcome).toMatchObject({
        is: 'down',
        why: expect.stringContaining('no whole answer in 10 s') as unknown,
      })
    })

    it('is not trusted without its authority', async () => {
      await provider.close()
      provider = open({ ca: undefined })
      expect(await attempt()).toMatchObject({ is: 'down', why: expect.stringMatching(/certificate/) as unknown })
    })
  })

  describe('close', () => {
    it('lets attempts under way end, those that wait for a token too', async () => {
      provider = open()
      let release: () => void = () => undefined
      oauth.inject({ is: 'held', until: new Promise<void>((free) => (release = free)) })
      const from = asked()
      const outcome = attempt()
      await oauth.waitFor((one) => oauth.journal.indexOf(one) >= from)
      const closed = provider.close()
      release()
      expect(await outcome).toEqual({ is: 'delivered' })
      await closed
    })

    it('waits for 15 seconds and no longer', async () => {
      provider = open()
      await attempt()
      simulator.inject({ is: 'silence' })
      const from = sent()
      const outcome = attempt()
      await simulator.waitFor((one) => simulator.journal.indexOf(one) >= from)
      const closed = provider.close()
      await clock.advance(15_000)
      expect(await outcome).toMatchObject({ is: 'down' })
      await closed
    })
  })

  describe('an address', () => {
    it.each(['cAbC:APA91b_-x', 'x', 'x'.repeat(4096)])('is kept as it is', (raw) => {
      expect(fcm.address(raw)).toBe(raw)
    })
    it.each(['', ' ', 'a b', 'a\n', 'a\u0000', 'é', '\u007f', 'x'.repeat(4097)])('is none if it is %j', (raw) => {
      expect(fcm.address(raw)).toBeUndefined()
    })
  })

  describe('encrypted content', () => {
    shared()

    it('of the greatest size leaves room for an account of over a thousand bytes', async () => {
      const data = { account: 'x'.repeat(1046), encrypted: 'x'.repeat(fcm.maxEncryptedSize), iv: 'x'.repeat(16) }
      expect(await attempt({ content: { speaks: 'fcm', data, priority: 'HIGH' } })).toEqual({ is: 'delivered' })
    })
  })

  describe('check', () => {
    const check = (more: Partial<FcmOptions>) => fcm.check(options(more), now())
    const file = (more: object) => ({ serviceAccount: credential({ ...account, ...more }) })
    const google = { token_uri: 'https://oauth2.googleapis.com/token' }

    it('tells project, account, key and addresses', async () => {
      expect(await check({})).toEqual([
        { is: 'fact', text: 'Firebase project demo' },
        { is: 'fact', text: `service account ${account.client_email}, key ${account.private_key_id}` },
        { is: 'fact', text: `access tokens from ${oauth.tokenUri}` },
        { is: 'fact', text: `sends to ${simulator.endpoint}` },
      ])
      expect(await check({ ...file(google), endpoint: undefined, ca: undefined })).toHaveLength(3)
    })

    it.each<[string, () => Partial<FcmOptions>, RegExp]>([
      [
        'a legacy server key',
        () => ({ serviceAccount: credential(`AAAAabcdefg:${'x'.repeat(140)}\n`) }),
        /legacy server key/,
      ],
      ['an older server key', () => ({ serviceAccount: credential(`AIza${'x'.repeat(35)}`) }), /legacy server key/],
      [
        'google-services.json',
        () => ({ serviceAccount: credential({ project_info: {}, client: [] }) }),
        /google-services\.json/,
      ],
      ['an OAuth client', () => ({ serviceAccount: credential({ installed: {} }) }), /OAuth client/],
      ['a login', () => ({ serviceAccount: credential({ type: 'authorized_user', refresh_token: 'x' }) }), /login/],
      ['a bare key', () => ({ serviceAccount: credential(account.private_key) }), /bare private key/],
      ['what is no JSON', () => ({ serviceAccount: credential('hello') }), /is not the JSON key file/],
      ['a JSON list', () => ({ serviceAccount: credential('[]') }), /is not the JSON key file/],
      ['a file without fields', () => file({ project_id: undefined, client_email: '' }), /project_id, client_email$/],
      ['a cut key', () => file({ private_key: account.private_key.slice(0, 300) }), /no readable PEM/],
      [
        'a foreign token_uri',
        () => ({ endpoint: undefined, ...file({ token_uri: 'https://googleapis.com.example/t' }) }),
        /not Google's/,
      ],
      ['a token_uri on a port of its own', () => ({ endpoint: undefined }), /not Google's/],
      ['a plain token_uri', () => file({ token_uri: 'http://oauth2.googleapis.com/token' }), /no https address/],
      ['a broken authority', () => ({ ca: credential('pem') }), /no readable certificate/],
    ])('names %s and what to do, and so does open', async (_, more, text) => {
      const [fault, ...others] = await check(more())
      expect(others).toEqual([])
      expect(fault).toMatchObject({
        is: 'fault',
        text: expect.stringMatching(text) as unknown,
        mend: expect.any(String) as unknown,
      })
      expect(fault?.text).not.toContain('BEGIN')
      expect(() => open(more())).toThrow(fault?.text)
      expect(() => open(more())).toThrow(fault?.mend)
    })

    it.each(['oauth2.googleapis.com', 'accounts.google.com', 'www.googleapis.com'])(
      'takes %s for Google',
      async (host) => {
        const [fact] = await check({ endpoint: undefined, ...file({ token_uri: `https://${host}/token` }) })
        expect(fact?.is).toBe('fact')
      },
    )
  })
})

/** Looks again at each turn of the event loop, for at most ten seconds, until it is so. */
async function until(so: () => Promise<boolean>): Promise<void> {
  for (const begun = performance.now(); performance.now() - begun < 10_000;) {
    if (await so()) return
    await new Promise((next) => setImmediate(next))
  }
  throw new Error('it never became so')
}

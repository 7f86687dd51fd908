import { connect, constants, type ClientHttp2Session } from 'node:http2'
import { request } from 'node:https'
import { startFcmSimulator, type FcmSimulator } from '../../lib/sim/fcm'
import { fcmRows, type FcmRow, type FcmRowName } from '../../lib/sim/fcm-rows'
import { startOauthSimulator, type OauthSimulator } from '../../lib/sim/oauth'
import { type ServiceAccount } from '../../lib/sim/service-account'
import { certify } from '../support/certifier'

const PATH = '/v1/projects/demo/messages:send'
const EMAIL = 'sender@demo.example'

interface Heard {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}
interface Envelope {
  readonly error: {
    readonly code: number
    readonly message: string
    readonly status: string
    readonly details?: readonly Readonly<Record<string, unknown>>[]
  }
}

describe('lib/sim/fcm', () => {
  let simulator: FcmSimulator
  let session: ClientHttp2Session
  let chances: number[] = []
  let bearer: 'live' | 'expired' | 'unknown' = 'live'
  let email = EMAIL

  beforeAll(async () => {
    simulator = await startFcmSimulator({
      oauth: { bearer: () => (bearer === 'live' ? { is: bearer, email } : { is: bearer }) },
      chance: (n) => (chances.shift() ?? 0) % n,
    })
    simulator.newProject('demo', [EMAIL])
    simulator.setDevice('tok', 'live')
  })
  afterAll(() => simulator.close())
  beforeEach(() => {
    bearer = 'live'
    email = EMAIL
    chances = []
    simulator.heal()
    session = connect(simulator.endpoint, { ca: simulator.ca })
    session.on('error', () => undefined)
  })
  afterEach(() => session.destroy())

  const post = (body: string | object, headers: Readonly<Record<string, string>> = {}, path = PATH): Promise<Heard> =>
    new Promise((heard, failed) => {
      const stream = session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/json',
        authorization: 'Bearer ya29.x',
        ...headers,
      })
      let answer: Omit<Heard, 'body'> | undefined
      let text = ''
      let whole = false
      stream.on('response', (fields) => (answer = { status: fields[':status'] ?? 0, headers: fields }))
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
      stream.on('end', () => (whole = true))
      stream.on('error', failed)
      stream.on('close', () => {
        if (answer !== undefined && whole && stream.rstCode === 0) heard({ ...answer, body: text })
        else failed(new Error(`lost with code ${stream.rstCode}`))
      })
      stream.end(typeof body === 'string' ? body : JSON.stringify(body))
    })
  const send = (message: object = {}): Promise<Heard> => post({ message: { token: 'tok', ...message } })
  const envelope = (heard: Heard) => (JSON.parse(heard.body) as Envelope).error
  const violationOf = (heard: Heard): unknown =>
    envelope(heard).details?.find((one) => String(one['@type']).endsWith('BadRequest'))?.['fieldViolations']

  it('takes a correct message over HTTP/2 and keeps it for the device', async () => {
    simulator.setDevice('one', 'live')
    const android = { collapse_key: 'k', priority: 'HIGH', ttl: '86400s' }
    const heard = await post({ message: { token: 'one', data: { account: 'abc' }, android } })
    expect(heard.status).toBe(200)
    expect(JSON.parse(heard.body)).toEqual({ name: expect.stringMatching(/^projects\/demo\/messages\/.+/) as unknown })
    expect(simulator.inbox('one')).toEqual([
      {
        target: { kind: 'token', value: 'one' },
        data: { account: 'abc' },
        priority: 'HIGH',
        ttl: 86400,
        collapseKey: 'k',
        validateOnly: false,
      },
    ])
    expect(simulator.journal.at(-1)).toMatchObject({ protocol: 'h2', project: 'demo', path: PATH, violations: [] })
  })

  it('takes a correct message over HTTP/1.1', async () => {
    const status = await new Promise<number>((heard, failed) => {
      const { port, ca } = simulator
      const headers = { authorization: 'Bearer x', 'content-type': 'application/json' }
      const asked = request(
        { host: '127.0.0.1', port, path: PATH, method: 'POST', ca, agent: false, headers },
        (got) => {
          got.resume().on('end', () => heard(got.statusCode ?? 0))
        },
      )
      asked.on('error', failed)
      asked.end(JSON.stringify({ message: { token: 'tok' } }))
    })
    expect(status).toBe(200)
    expect(simulator.journal.at(-1)?.protocol).toBe('http/1.1')
  })

  it('only judges a message that is to be validated', async () => {
    const before = simulator.inbox('tok').length
    expect((await post({ validate_only: true, message: { token: 'tok' } })).body).toContain('messages/fake_message_id')
    expect(simulator.inbox('tok')).toHaveLength(before)
  })

  it('takes camelCase names and lower-case priorities, as protocol buffers do', async () => {
    expect(
      (await send({ android: { collapseKey: 'c', priority: 'high', directBootOk: true, data: null } })).status,
    ).toBe(200)
    expect(simulator.journal.at(-1)?.message).toMatchObject({ collapseKey: 'c', priority: 'HIGH' })
  })

  it.each([
    ['an unknown field', { message: { token: 'tok', badge: 1 } }, 'message', 'Unknown name "badge" at \'message\''],
    ['an unknown nested field', { message: { android: { color: 1 } } }, 'message.android', 'Unknown name "color"'],
    ['an unknown top field', { msg: {} }, undefined, 'Unknown name "msg"'],
    [
      'a field set twice',
      { message: { android: { ttl: '1s', collapseKey: 'a', collapse_key: 'b' } } },
      'message.android',
      'twice',
    ],
    ['a number in data', { message: { token: 'tok', data: { a: 5 } } }, 'message.data[0].value', 'TYPE_STRING'],
    [
      'an object in data',
      { message: { token: 'tok', data: { a: 'x', b: {} } } },
      'message.data[1].value',
      'TYPE_STRING',
    ],
    ['an unknown priority', { message: { android: { priority: 'URGENT' } } }, 'message.android.priority', 'TYPE_ENUM'],
    ['a ttl that is a number', { message: { android: { ttl: 60 } } }, 'message.android.ttl', 'Duration'],
    ['a ttl without its unit', { message: { android: { ttl: '60' } } }, 'message.android.ttl', 'Duration'],
    ['a negative ttl', { message: { token: 'tok', android: { ttl: '-1s' } } }, 'message.android.ttl', 'time to live'],
    [
      'a ttl over four weeks',
      { message: { token: 'tok', android: { ttl: '2419201s' } } },
      'message.android.ttl',
      'time to live',
    ],
    ['no message', {}, 'message', 'not set'],
    ['no target', { message: { data: {} } }, 'message.token', 'Recipient of the message is not set.'],
    ['an empty target', { message: { token: '' } }, 'message.token', 'Recipient of the message is not set.'],
    ['two targets', { message: { token: 'tok', topic: 'news' } }, 'message', 'already set'],
    [
      'the key from',
      { message: { token: 'tok', data: { from: 'x' } } },
      'message.data',
      'Invalid data payload key: from',
    ],
    ['a key of google', { message: { token: 'tok', data: { 'google.x': 'x' } } }, 'message.data', 'google.x'],
    ['a key of gcm', { message: { token: 'tok', android: { data: { gcm: 'x' } } } }, 'message.data', 'gcm'],
    ['4097 bytes of data', { message: { token: 'tok', data: { a: 'é'.repeat(2048) } } }, 'message', '4097 bytes'],
    ['2049 bytes for a topic', { message: { topic: 't', data: { a: 'x'.repeat(2048) } } }, 'message', '2049 bytes'],
  ])('refuses %s with the path of the field', async (_, body, field, description) => {
    const heard = await post(body)
    expect(heard.status).toBe(400)
    expect(envelope(heard)).toMatchObject({ code: 400, status: 'INVALID_ARGUMENT' })
    expect(violationOf(heard)).toEqual([
      { ...(field === undefined ? {} : { field }), description: expect.stringContaining(description) as unknown },
    ])
    expect(simulator.journal.at(-1)?.violations).toHaveLength(1)
  })

  it('takes what lies just inside those bounds', async () => {
    expect((await send({ data: { a: 'x'.repeat(4095) }, android: { ttl: '2419200s' } })).status).toBe(200)
    expect((await send({ data: { fromage: 'x', messages: 'y' }, android: { ttl: '0s' } })).status).toBe(200)
    expect((await post({ message: { topic: 't', data: { a: 'x'.repeat(2047) } } })).status).toBe(200)
  })

  it('refuses what is not JSON, another content type and compressed requests', async () => {
    expect((await post('{')).status).toBe(400)
    expect((await post({ message: { token: 'tok' } }, { 'content-type': 'text/plain' })).status).toBe(400)
    expect((await post({ message: { token: 'tok' } }, { 'content-encoding': 'gzip' })).status).toBe(400)
  })

  it('wants a bearer token that lives, and says what is wrong with another', async () => {
    expect(envelope(await post({}, { authorization: 'key=AAAA' })).message).toMatch(/^Request is missing/)
    bearer = 'unknown'
    expect(envelope(await send()).message).toMatch(/^Request had invalid/)
    expect(simulator.journal.at(-1)?.violations).toHaveLength(1)
    bearer = 'expired'
    expect(envelope(await send()).details).toMatchObject([{ reason: 'ACCESS_TOKEN_EXPIRED' }])
    expect(simulator.journal.at(-1)?.violations).toHaveLength(0)
  })

  it('wants a project it knows and an account that may send for it', async () => {
    expect((await post({}, {}, '/v1/projects/none/messages:send')).status).toBe(404)
    email = 'other@demo.example'
    expect(envelope(await send()).message).toMatch(/cloudmessaging\.messages\.create/)
    expect((await post({}, {}, '/fcm/send')).headers['content-type']).toMatch(/^text\/html/)
  })

  it.each([
    ['malformed', 'not a token'],
    ['unregistered', 'unregistered'],
    ['other sender', 'sender mismatch'],
    ['APNs token disabled', 'APNs token disabled'],
    ['APNs BadDeviceToken', 'APNs BadDeviceToken'],
    ['APNs DeviceTokenNotForTopic', 'APNs DeviceTokenNotForTopic'],
    ['APNs key invalid', 'APNs key invalid'],
  ] as const)('refuses a device that is %s', async (state, row) => {
    simulator.setDevice('sick', state)
    const heard = await post({ message: { token: 'sick' } })
    expect(envelope(heard)).toMatchObject({ code: fcmRows[row].status, message: fcmRows[row].error?.message })
    expect(simulator.inbox('sick')).toEqual([])
  })

  it('answers with any row it is told to, details in any order', async () => {
    for (const name of Object.keys(fcmRows) as FcmRowName[]) {
      const row: FcmRow = fcmRows[name]
      for (const turn of [0, 1]) {
        chances = [turn]
        simulator.inject({ is: 'row', row: name, retryAfter: '3' })
        const heard = await send()
        expect(heard.status).toBe(row.status)
        expect(heard.headers['retry-after']).toBe('3')
        const details = row.error?.details
        if (row.error === undefined) expect(heard.body).toBe(row.html ?? '')
        else expect(envelope(heard).details).toEqual(turn === 0 ? details : details?.toReversed())
      }
    }
  })

  it('does what it is told to one device only', async () => {
    simulator.setDevice('calm', 'live')
    simulator.inject({ is: 'row', row: 'internal' }, { token: 'tok', times: Infinity })
    expect((await post({ message: { token: 'calm' } })).status).toBe(200)
    expect((await send()).status).toBe(500)
    expect((await send()).status).toBe(500)
    simulator.heal()
    expect((await send()).status).toBe(200)
  })

  it('collapses by key, and complains of a fifth', async () => {
    simulator.setDevice('many', 'live')
    const to = (collapse_key: string) => post({ message: { token: 'many', android: { collapse_key } } })
    for (const key of ['a', 'b', 'a', 'c', 'd']) await to(key)
    expect(simulator.inbox('many').map((one) => one.collapseKey)).toEqual(['b', 'a', 'c', 'd'])
    expect(simulator.journal.at(-1)?.violations).toEqual([])
    await to('e')
    expect(simulator.inbox('many').map((one) => one.collapseKey)).toEqual(['a', 'c', 'd', 'e'])
    expect(simulator.journal.at(-1)?.violations).toHaveLength(1)
  })

  it('loses the connection before an answer and in its body', async () => {
    simulator.inject({ is: 'cut', at: 'before the answer' })
    await expect(send()).rejects.toThrow()
    session = connect(simulator.endpoint, { ca: simulator.ca })
    simulator.inject({ is: 'cut', at: 'in the body' })
    await expect(send()).rejects.toThrow()
  })

  it('goes away with or without processing what it was asked', async () => {
    const codes: number[] = []
    session.on('goaway', (code: number) => codes.push(code))
    simulator.inject({ is: 'goaway', code: constants.NGHTTP2_NO_ERROR, processed: true })
    expect((await send()).status).toBe(200)
    session = connect(simulator.endpoint, { ca: simulator.ca })
    session.on('goaway', (code: number) => codes.push(code)).on('error', () => undefined)
    const before = simulator.inbox('tok').length
    simulator.inject({ is: 'goaway', code: constants.NGHTTP2_NO_ERROR, processed: false })
    await expect(send()).rejects.toThrow(/REFUSED|code 7/)
    expect(codes).toEqual([0, 0])
    expect(simulator.inbox('tok')).toHaveLength(before)
  })
})

describe('lib/sim/fcm, certified by firebase-admin', () => {
  let oauth: OauthSimulator
  let simulator: FcmSimulator
  let account: ServiceAccount
  beforeAll(async () => {
    oauth = await startOauthSimulator()
    simulator = await startFcmSimulator({ oauth })
    account = oauth.newServiceAccount({ projectId: 'demo' })
    simulator.newProject('demo', [account.client_email])
    simulator.setDevice('good', 'live')
    simulator.setDevice('gone', 'unregistered')
    simulator.setDevice('foreign', 'other sender')
  })
  afterAll(async () => {
    await simulator.close()
    await oauth.close()
  })
  const hosts = () => ({
    'fcm.googleapis.com': simulator.port,
    'oauth2.googleapis.com': oauth.port,
    'accounts.google.com': oauth.port,
  })
  const data = { account: 'ec1649' }
  const messages = [
    { token: 'good', data, android: { priority: 'high', ttl: 60_000, collapseKey: 'k' } },
    { token: 'gone', data },
    { token: 'odd', data },
    { token: 'foreign', data },
    { token: 'good', data: { from: 'x' } },
  ]

  it.each([
    ['HTTP/2', false, 'h2'],
    ['HTTP/1.1', true, 'http/1.1'],
  ])('is understood over %s, successes and refusals alike', async (_, legacyTransport, protocol) => {
    const from = simulator.journal.length
    const told = await certify(
      'firebase-admin',
      { hosts: hosts(), ca: simulator.ca },
      { account, messages, legacyTransport },
    )
    expect(told).toMatchObject([
      { id: expect.stringMatching(/^projects\/demo\/messages\//) as unknown },
      { code: 'messaging/registration-token-not-registered', message: 'Requested entity was not found.' },
      { code: 'messaging/invalid-argument', message: 'The registration token is not a valid FCM registration token' },
      { code: 'messaging/mismatched-credential', message: 'SenderId mismatch' },
      { code: 'messaging/invalid-argument', message: 'Invalid data payload key: from' },
    ])
    const seen = simulator.journal.slice(from)
    expect(seen.map((one) => one.protocol)).toEqual(messages.map(() => protocol))
    expect(seen.find((one) => one.message?.collapseKey === 'k')?.message).toMatchObject({
      ttl: 60,
      priority: 'HIGH',
      data,
    })
    expect(seen.flatMap((one) => one.violations)).toEqual(['Invalid data payload key: from'])
    expect(oauth.violations).toEqual([])
  })
})

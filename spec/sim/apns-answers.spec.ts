import { answers, type ApnsAnswer } from '../../lib/sim/apns-answers'
import { REASONS, type Reason } from '../../lib/sim/apns-findings'
import { type ApnsClient } from '../support/apns-client'
import { PHONE, startScene, TOPIC, VOIP, type Scene } from '../support/apns-scene'

/** The rows of Apple's table, typed once more: a reason that is missing or has another status is found here. */
const rows: readonly (readonly [status: number, reasons: string])[] = [
  [400, 'BadDeviceToken DeviceTokenNotForTopic MissingDeviceToken BadMessageId BadPriority BadExpirationDate'],
  [
    400,
    'BadCollapseId DuplicateHeaders PayloadEmpty InvalidPushType BadTopic MissingTopic TopicDisallowed IdleTimeout',
  ],
  [403, 'ExpiredProviderToken InvalidProviderToken MissingProviderToken UnrelatedKeyIdInToken'],
  [403, 'BadEnvironmentKeyIdInToken BadEnvironmentKeyInToken BadCertificate BadCertificateEnvironment Forbidden'],
  [404, 'BadPath'],
  [405, 'MethodNotAllowed'],
  [410, 'Unregistered ExpiredToken'],
  [413, 'PayloadTooLarge'],
  [429, 'TooManyRequests TooManyProviderTokenUpdates'],
  [500, 'InternalServerError'],
  [503, 'ServiceUnavailable Shutdown'],
]
const reasons = rows.flatMap(([status, names]) => names.split(' ').map((reason) => [status, reason as Reason] as const))

describe('lib/sim/apns-answers', () => {
  let scene: Scene
  let client: ApnsClient

  beforeAll(async () => {
    scene = await startScene()
    client = await scene.open()
  })
  afterEach(() => {
    scene.apns.clearScripts()
  })
  afterAll(() => scene.close())

  const answered = async (answer: ApnsAnswer) => {
    scene.apns.script({ answer })
    return client.push()
  }

  it('has a script for each reason that Apple documents', () => {
    expect(reasons.map(([, reason]) => reason).sort()).toEqual(Object.keys(REASONS).sort())
  })

  it.each(reasons)('can say %i %s once, and no longer', async (status, reason) => {
    expect(await answered(answers.refuse(reason))).toMatchObject({ status, body: JSON.stringify({ reason }) })
    expect(await client.push()).toMatchObject({ status: 200 })
  })

  it.each([1_780_000_000_000, '2026-06-01', '1780000000000'])('can say 410 with timestamp %p', async (timestamp) => {
    const { status, body } = await answered(answers.refuse('Unregistered', { timestamp }))
    expect(status).toBe(410)
    expect(JSON.parse(body)).toEqual({ reason: 'Unregistered', timestamp })
  })

  it.each<[string, ApnsAnswer, object]>([
    ['a reason that nobody knows', answers.status(400, '{"reason":"NewFault"}'), { status: 400, reason: 'NewFault' }],
    ['an empty body', answers.status(503, ''), { status: 503, body: '' }],
    ['invalid JSON', answers.status(400, '{"reason":'), { status: 400, body: '{"reason":' }],
    ['HTML', answers.html(502), { status: 502, reason: undefined, headers: { 'content-type': 'text/html' } }],
    [
      'headers of its own',
      answers.refuse('TooManyRequests', { headers: { 'retry-after': '7' } }),
      { status: 429, headers: { 'retry-after': '7' } },
    ],
    ['many DATA frames', answers.refuse('BadTopic', { pieces: 7 }), { status: 400, body: '{"reason":"BadTopic"}' }],
    ['200 in spite of all', answers.accept(), { status: 200, body: '' }],
    ['a reset of REFUSED_STREAM', answers.reset('REFUSED_STREAM'), { status: undefined, rstCode: 7 }],
    ['a reset of INTERNAL_ERROR', answers.reset('INTERNAL_ERROR'), { status: undefined, rstCode: 2 }],
    ['a reset of CANCEL', answers.reset('CANCEL'), { status: undefined, rstCode: 8 }],
    ['a reset after headers', answers.reset('INTERNAL_ERROR', 'after-headers'), { status: 200, rstCode: 2 }],
  ])('can answer with %s', async (_what, answer, expected) => {
    expect(await answered(answer)).toMatchObject(expected)
    expect(await client.push()).toMatchObject({ status: 200 })
  })

  it('can leave out apns-id', async () => {
    expect((await answered(answers.accept({ hasApnsId: false }))).headers).not.toHaveProperty('apns-id')
    expect((await client.push()).headers).toHaveProperty('apns-id')
  })

  it('sends the pieces of a body in frames of their own', async () => {
    scene.apns.script({ answer: answers.html(503, { pieces: 4 }) })
    const stream = client.session.request({ ':method': 'POST', ':path': `/3/device/${PHONE}` })
    const sizes: number[] = []
    stream.on('data', (chunk: Buffer) => sizes.push(chunk.length))
    stream.end('{}')
    await new Promise((resolve) => stream.on('close', resolve))
    expect(sizes.length).toBeGreaterThan(1)
  })

  it.each<[ApnsAnswer['kind'], ApnsAnswer, number | undefined]>([
    ['silence', answers.silence, undefined],
    ['headers-only', answers.headersOnly(200), 200],
  ])('can leave a request hanging: %s', async (kind, answer, status) => {
    const { number = 0 } = scene.apns.journal.entries.at(-1) ?? {}
    scene.apns.script({ answer })
    const hanging = client.push({ headers: { 'x-who': 'hanging' } })
    const seen = await scene.apns.journal.waitFor((request) => request.number > number)
    expect(seen.answer).toEqual({ kind })
    expect(await client.push()).toMatchObject({ status: 200 })
    client.session.destroy()
    expect((await hanging).status).toBe(status)
    client = await scene.open()
  })

  it('judges and journals a request although its answer is scripted', async () => {
    scene.apns.script({ answer: answers.refuse('InternalServerError') })
    await client.push({ headers: { 'apns-priority': '2' } })
    expect(scene.apns.journal.entries.at(-1)).toMatchObject({
      findings: [{ rule: 'apns-priority' }],
      answer: { kind: 'status', status: 500, reason: 'InternalServerError' },
    })
  })
})

describe('lib/sim/apns-scripts', () => {
  let scene: Scene
  let client: ApnsClient
  beforeEach(async () => {
    scene = await startScene({ seed: 7 })
    client = await scene.open()
  })
  afterEach(() => scene.close())

  const outage = answers.refuse('ServiceUnavailable')
  const statuses = async (count: number) => {
    const all: (number | undefined)[] = []
    for (let sent = 0; sent < count; sent++) all.push((await client.push()).status)
    return all
  }

  it('obeys a script for the next requests', async () => {
    const given = scene.apns.script({ answer: outage, times: 2 })
    expect(await statuses(3)).toEqual([503, 503, 200])
    expect(given.left()).toBe(0)
  })

  it('obeys a script until it is taken back', async () => {
    const given = scene.apns.script({ answer: outage, times: 'always' })
    expect(await statuses(4)).toEqual([503, 503, 503, 503])
    given.cancel()
    expect(await statuses(1)).toEqual([200])
  })

  it('obeys a script from the nth request on', async () => {
    scene.apns.script({ answer: outage, skip: 2 })
    expect(await statuses(4)).toEqual([200, 200, 503, 200])
  })

  it('obeys the oldest of several scripts first', async () => {
    scene.apns.script({ answer: outage })
    scene.apns.script({ answer: answers.refuse('TooManyRequests') })
    expect(await statuses(3)).toEqual([503, 429, 200])
  })

  it('obeys a script for one token or one topic only', async () => {
    const voip = {
      path: `/3/device/${VOIP}`,
      headers: { 'apns-push-type': 'voip', 'apns-topic': `${TOPIC}.voip` },
    }
    scene.apns.script({ answer: outage, token: VOIP.toUpperCase() })
    scene.apns.script({ answer: outage, topic: `${TOPIC}.voip` })
    expect(await statuses(1)).toEqual([200])
    expect(await client.push(voip)).toMatchObject({ status: 503 })
    expect(await statuses(1)).toEqual([200])
    expect(await client.push(voip)).toMatchObject({ status: 503 })
    expect(await client.push(voip)).toMatchObject({ status: 200 })
  })

  it('obeys a script by chance, the same with the same seed', async () => {
    scene.apns.script({ answer: outage, times: 'always', chance: 0.3 })
    const first = await statuses(40)
    expect(new Set(first)).toEqual(new Set([200, 503]))
    await scene.close()
    scene = await startScene({ seed: 7 })
    client = await scene.open()
    scene.apns.script({ answer: outage, times: 'always', chance: 0.3 })
    expect(await statuses(40)).toEqual(first)
  })

  it.each([20, { from: 10, to: 20 }])('lets an answer wait for %j ms, while others pass it', async (afterMs) => {
    await client.push()
    scene.apns.script({ answer: answers.judged, token: PHONE, afterMs })
    scene.apns.script({ answer: answers.refuse('BadTopic'), token: PHONE })
    const order: (number | undefined)[] = []
    const both = [0, 1].map(async () => order.push((await client.push()).status))
    await Promise.all(both)
    expect(order).toEqual([400, 200])
  })
})

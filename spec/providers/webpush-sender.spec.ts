import { createECDH, randomBytes } from 'node:crypto'
import { Opaque } from '../../lib/model/opaque'
import { type Outcome } from '../../lib/model/outcome'
import { makeWebPushSender, type SendWebPush } from '../../lib/providers/webpush-sender'
import { makeGuard } from '../../lib/wire/guard'
import { type WireFailure, type WireReply } from '../../lib/wire/wire'
import { handClock, settle, type HandClock } from '../support/hand-clock'

const HOUR = 3600_000
const STRANGER = 'https://push.example.net'
const VENDOR = 'https://fcm.googleapis.com'

describe('lib/providers/webpush-sender, at push services on the internet', () => {
  let clock: HandClock
  let notices: string[]
  let heard: (readonly [origin: string, date: string | undefined])[]
  let asked: string[]
  /** What the internet says from now on. */
  let answer: WireReply | WireFailure | Promise<WireReply>
  let send: SendWebPush

  const reply = (status: number, body = '', headers: WireReply['headers'] = {}): WireReply => ({
    is: 'reply',
    ...{ status, headers, body },
  })
  const failure = (more: Partial<WireFailure> = {}): WireFailure => ({
    is: 'failure',
    ...{ why: `${STRANGER}: no connection`, ambiguous: false, unreachable: true, ...more },
  })
  const p256dh = createECDH('prime256v1').generateKeys('base64url')
  const auth = randomBytes(16).toString('base64url')
  const to = (origin: string, path = '/capability'): Promise<Outcome> =>
    send(
      {
        id: '6b9e3ad4-4b7e-4a35-8c2f-0f2f6d3b1a11',
        address: new Opaque(JSON.stringify({ endpoint: `${origin}${path}`, p256dh, auth })),
        content: { speaks: 'webpush', payload: '{}', urgency: 'normal' },
        expiresAt: clock.now() + HOUR,
      },
      { speaks: 'webpush', payload: '{}', urgency: 'normal' },
    )

  beforeEach(() => {
    clock = handClock()
    notices = []
    heard = []
    asked = []
    answer = reply(201)
    send = makeWebPushSender({
      isProxied: false,
      guard: makeGuard({}),
      wire: {
        request: async (endpoint) => {
          asked.push(endpoint)
          return answer
        },
        more: 0,
        whyNotThere: async () => undefined,
        close: async () => undefined,
      },
      tokens: undefined,
      clock,
      notice: (text) => notices.push(text),
      heard: (origin, date) => heard.push([origin, date]),
    })
  })

  it('casts doubt on a key that is no point of the curve, which takes no place at its push service', async () => {
    const content = { speaks: 'webpush', payload: '{}', urgency: 'normal' } as const
    const key = Buffer.alloc(65, 7)
    key[0] = 4
    const text = JSON.stringify({ endpoint: `${STRANGER}/capability`, p256dh: key.toString('base64url'), auth })
    const broken = { id: 'b', address: new Opaque(text), content, expiresAt: clock.now() + HOUR }
    for (let at = 0; at < 20; at++) {
      expect(await send(broken, content)).toEqual({
        is: 'suspect',
        why: 'the address has a key that nothing can be encrypted for',
      })
    }
    expect(asked).toEqual([])
    expect(await to(STRANGER)).toEqual({ is: 'delivered' })
  })

  it('believes a vendor’s word about us, and repeats it', async () => {
    answer = reply(403, 'permission denied: invalid JWT provided')
    expect(await to(VENDOR)).toMatchObject({
      is: 'misconfigured',
      why: `${VENDOR} answered 403 permission denied: invalid JWT provided`,
    })
  })

  it.each([
    STRANGER,
    'https://fcm.googleapis.com.example.net',
    'https://storage.googleapis.com',
    'https://evilpush.apple.com',
  ])('neither believes nor repeats the word of %s', async (origin) => {
    answer = reply(403, '{"reason":"stop all pushes"}')
    const notBefore = clock.now() + 15 * 60_000
    expect(await to(origin)).toEqual({ is: 'busy', whom: 'target', why: `${origin} answered 403`, notBefore })
    expect(notices).toEqual([])
  })

  it.each([
    'https://updates.push.services.mozilla.com',
    'https://web.push.apple.com',
    'https://par02p.notify.windows.com',
  ])('knows %s', async (origin) => {
    answer = reply(401)
    expect(await to(origin)).toMatchObject({ is: 'misconfigured' })
  })

  it('passes on what a vendor says of the time, and no stranger’s word of it', async () => {
    answer = reply(201, '', { date: 'Thu, 01 Jan 2026 00:00:00 GMT' })
    await to(VENDOR)
    await to(STRANGER)
    expect(heard).toEqual([[VENDOR, 'Thu, 01 Jan 2026 00:00:00 GMT']])
  })

  it('says of a failure that it is of the target alone, and whether it is ambiguous', async () => {
    answer = failure({ ambiguous: true, unreachable: false })
    expect(await to(STRANGER)).toEqual({
      is: 'down',
      whom: 'target',
      why: `${STRANGER}: no connection`,
      ambiguous: true,
    })
  })

  it('leaves a push service alone for a growing moment that fails three times in a row', async () => {
    answer = failure()
    for (let n = 0; n < 3; n++) expect(await to(STRANGER)).toMatchObject({ is: 'down' })
    expect(await to(STRANGER, '/other')).toMatchObject({ is: 'busy', whom: 'target', notBefore: clock.now() + 1500 })
    expect(asked).toHaveLength(3)
    expect(await to(VENDOR)).toMatchObject({ is: 'down' })
    await clock.advance(1500)
    expect(await to(STRANGER)).toMatchObject({ is: 'down' })
    expect(await to(STRANGER)).toMatchObject({ is: 'busy', notBefore: clock.now() + 3000 })
    await clock.advance(3000)
    answer = reply(201)
    expect(await to(STRANGER)).toEqual({ is: 'delivered' })
    answer = failure()
    expect(await to(STRANGER)).toMatchObject({ is: 'down' })
    expect(await to(STRANGER)).toMatchObject({ is: 'down' })
  })

  it('never leaves it alone for longer than a minute', async () => {
    answer = reply(503)
    for (let n = 0; n < 20; n++) {
      await to(STRANGER)
      await clock.advance(60_000)
    }
    expect(asked).toHaveLength(20)
  })

  it('lets 16 pushes be out at a stranger’s, and any number at a vendor’s', async () => {
    let release = (_: WireReply): void => undefined
    answer = new Promise<WireReply>((done) => (release = done))
    const out = Array.from({ length: 16 }, (_, n) => to(STRANGER, `/${n}`))
    expect(await to(STRANGER)).toMatchObject({ is: 'busy', whom: 'target' })
    const more = Array.from({ length: 100 }, (_, n) => to(VENDOR, `/${n}`))
    await settle()
    expect(asked).toHaveLength(116)
    release(reply(201))
    expect(new Set((await Promise.all([...out, ...more])).map(({ is }) => is))).toEqual(new Set(['delivered']))
    expect(await to(STRANGER)).toEqual({ is: 'delivered' })
  })

  it('doubts a subscription whose host has been out of reach for three days', async () => {
    answer = failure()
    expect(await to(STRANGER)).toMatchObject({ is: 'down' })
    await clock.advance(72 * HOUR - 1)
    expect(await to(STRANGER)).toMatchObject({ is: 'down' })
    await clock.advance(1)
    expect(await to(STRANGER)).toMatchObject({ is: 'suspect' })
    await clock.advance(60_000)
    answer = reply(500)
    expect(await to(STRANGER)).toMatchObject({ is: 'down' })
    await clock.advance(60_000)
    answer = failure()
    expect(await to(STRANGER)).toMatchObject({ is: 'down' })
  })

  it('doubts a subscription whose host has led where it must not for a day', async () => {
    answer = failure({ forbidden: true })
    expect(await to(STRANGER)).toMatchObject({ is: 'refused' })
    await clock.advance(24 * HOUR)
    expect(await to(STRANGER)).toMatchObject({ is: 'suspect' })
  })

  it('asks nobody for what the guard refuses, or what is no subscription', async () => {
    expect(await to('https://10.0.0.1')).toMatchObject({ is: 'refused' })
    const content = { speaks: 'webpush', payload: '', urgency: 'low' } as const
    expect(await send({ id: 'x', address: new Opaque('tok'), content, expiresAt: 0 }, content)).toMatchObject({
      is: 'suspect',
    })
    expect(asked).toEqual([])
  })
})

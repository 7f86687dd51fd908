/** Class × profile: what a service worker reads. */
import { type Content, type NotificationClass } from '../../lib/model/notification'
import { Opaque } from '../../lib/model/opaque'
import { type Registration } from '../../lib/model/registration'
import { webpush } from '../../lib/profiles/webpush'

type Options = Parameters<typeof webpush.reveals>[0]

const plain = webpush.options.parse({}) as Options
const registration: Registration = {
  id: 'r1',
  service: 'push.example.com',
  node: 'n1',
  owner: 'romeo@example.com',
  dialect: 'webpush',
  device: 'd1',
  app: 'org.example.web',
  address: new Opaque('{}'),
  hints: {},
  registeredAt: 0,
  seenAt: 0,
}
const encrypted = { iv: 'aXY=', data: 'ZGF0YQ==' }

function write(kind: NotificationClass, content: Content = {}, options: Partial<Options> = {}) {
  const fresh = { class: kind, urgency: kind === 'quiet' ? 'low' : 'high', expiresAt: 1, content } as const
  const collapseKey = webpush.collapseKey(fresh, plain)
  const notification = { ...fresh, ...(collapseKey === undefined ? {} : { collapseKey }) }
  return webpush.write.webpush?.({ id: 'x', registration, notification }, { ...plain, ...options })
}

function content(...said: Parameters<typeof write>) {
  const written = write(...said)
  if (written?.is !== 'content' || written.content.speaks !== 'webpush') throw new Error('nothing was written')
  const { payload, ...rest } = written.content
  return { ...rest, slot: written.slot, bytes: Buffer.byteLength(payload), json: JSON.parse(payload) as unknown }
}

describe('profiles/webpush', () => {
  it.each([
    ['message', 'high'],
    ['dismiss', 'low'],
    ['quiet', 'low'],
  ] as const)('sends %s as a wake-up of urgency %s that may replace the one before', (kind, urgency) => {
    expect(content(kind, { count: 3 })).toMatchObject({
      slot: 'address',
      urgency,
      json: { v: 1, class: kind, account: 'romeo@example.com', count: 3 },
      topic: kind,
    })
  })

  it('sends a call with high urgency, and lets nothing replace it', () => {
    expect(content('call', { encrypted })).not.toHaveProperty('topic')
    expect(content('call')).toMatchObject({ urgency: 'high' })
  })

  it('says nothing but the class where nothing else is known', () => {
    expect(content('message').json).toEqual({ v: 1, class: 'message', account: 'romeo@example.com' })
  })

  it('lets no content replace another', () => {
    expect(content('message', { encrypted })).not.toHaveProperty('topic')
    expect(content('message', { body: 'x' })).not.toHaveProperty('topic')
  })

  it('passes ciphertext on as it came', () => {
    expect(content('message', { encrypted }).json).toMatchObject({ encrypted: 'ZGF0YQ==', iv: 'aXY=' })
  })

  it('passes sender and text on where they were kept', () => {
    expect(content('message', { sender: 'juliet@example.com', body: 'Ay me!' }).json).toEqual({
      v: 1,
      class: 'message',
      account: 'romeo@example.com',
      sender: 'juliet@example.com',
      body: 'Ay me!',
    })
  })

  it('leaves out what is too long: the text first, then everything that the device can fetch', () => {
    const long = content('message', { sender: 'juliet@example.com', body: 'é'.repeat(2000) })
    expect(long.json).toEqual({ v: 1, class: 'message', account: 'romeo@example.com', sender: 'juliet@example.com' })
    const longer = content('message', { encrypted: { iv: 'aXY=', data: 'A'.repeat(4000) } })
    expect(longer.json).toEqual({ v: 1, class: 'message', account: 'romeo@example.com' })
    expect(longer.bytes).toBeLessThan(3993)
  })

  it('drops what shows nothing where the app says so, and nothing else', () => {
    expect(write('quiet', {}, { silent: 'drop' })?.is).toBe('silence')
    expect(write('dismiss', {}, { silent: 'drop' })?.is).toBe('silence')
    expect(write('message', {}, { silent: 'drop' })?.is).toBe('content')
  })

  it('keeps no sender and no text unless they are to be revealed', () => {
    expect(webpush.keeps(plain)).toEqual({ sender: false, body: false })
    expect(webpush.keeps({ ...plain, reveal: ['sender'] })).toEqual({ sender: true, body: false })
    expect(webpush.reveals(plain)).not.toContain('text')
    expect(webpush.reveals({ ...plain, reveal: ['body'] })).toContain('the text of unencrypted messages')
  })
})

/** Class × profile: what exactly each cell sends. */
import { conversations } from '../../lib/profiles/conversations'
import { generic } from '../../lib/profiles/generic'
import { siskin } from '../../lib/profiles/siskin'
import { stork } from '../../lib/profiles/stork'
import { type Content, type NotificationClass } from '../../lib/model/notification'
import { Opaque } from '../../lib/model/opaque'
import { type Registration } from '../../lib/model/registration'
import { type Written } from '../../lib/model/content'
import { type Subject } from '../../lib/profiles/profile'

const registration: Registration = {
  id: 'r1',
  service: 'push.example.com',
  node: 'n1',
  owner: 'romeo@example.com',
  dialect: 'tigase',
  device: 'd1',
  app: 'org.example.app',
  address: new Opaque('ab'.repeat(32)),
  hints: {},
  registeredAt: 0,
  seenAt: 0,
}

const encrypted = { iv: 'aXY=', data: 'ZGF0YQ==' }

function subject(kind: NotificationClass, content: Content = {}): Subject {
  return {
    id: 'd1',
    registration,
    notification: { class: kind, urgency: kind === 'quiet' ? 'low' : 'high', expiresAt: 1, content },
  }
}

const alert = { 'loc-key': 'New message!' }
const siskinOptions = siskin.options.parse({}) as Parameters<typeof siskin.reveals>[0]
const genericOptions = generic.options.parse({}) as Parameters<typeof generic.reveals>[0]
const content = (written: Written | undefined): unknown => (written?.is === 'content' ? written.content : written)

describe('profiles/siskin', () => {
  const write = (...said: Parameters<typeof subject>): Written | undefined =>
    siskin.write.apns?.(subject(...said), siskinOptions)

  it('sends a message as an alert that the extension may rewrite, and never content-available beside it', () => {
    expect(content(write('message', { count: 3 }))).toEqual({
      speaks: 'apns',
      pushType: 'alert',
      priority: 10,
      payload: {
        aps: { alert, sound: 'default', 'mutable-content': 1 },
        account: 'romeo@example.com',
        'unread-messages': 3,
      },
    })
  })

  it('passes ciphertext on as it came', () => {
    expect(content(write('message', { encrypted }))).toMatchObject({
      payload: { account: 'romeo@example.com', encrypted: 'ZGF0YQ==', iv: 'aXY=' },
    })
  })

  it('rings the second address for a call, with nothing in aps', () => {
    expect(write('call', { encrypted })).toEqual({
      is: 'content',
      slot: 'callAddress',
      content: {
        speaks: 'apns',
        pushType: 'voip',
        priority: 10,
        payload: { aps: {}, account: 'romeo@example.com', encrypted: 'ZGF0YQ==', iv: 'aXY=' },
      },
    })
  })

  it('dismisses in the background with a count of 0', () => {
    expect(content(write('dismiss', { count: 0 }))).toMatchObject({
      pushType: 'background',
      priority: 5,
      payload: { aps: { 'content-available': 1 }, account: 'romeo@example.com', 'unread-messages': 0 },
    })
  })

  it('sends what is quiet in the background, and never a count of 0 with it', () => {
    expect(content(write('quiet', { count: 0 }))).toEqual({
      speaks: 'apns',
      pushType: 'background',
      priority: 5,
      payload: { aps: { 'content-available': 1 }, account: 'romeo@example.com' },
    })
  })

  it('rings only where the caller can be named and there is a second address', () => {
    expect(siskin.rings({ encrypted }, true)).toBe(true)
    expect(siskin.rings({ encrypted }, false)).toBe(false)
    expect(siskin.rings({}, true)).toBe(false)
  })

  it('keeps no sender and no text unless they are to be revealed', () => {
    expect(siskin.keeps(siskinOptions)).toEqual({ sender: false, body: false })
    expect(siskin.keeps({ ...siskinOptions, reveal: ['body'] })).toEqual({ sender: false, body: true })
    expect(siskin.reveals({ ...siskinOptions, reveal: ['body'] })).toContain('the text of unencrypted messages')
  })

  it('lets wake-ups replace each other, never content and never calls', () => {
    const key = (kind: NotificationClass, said: Content) =>
      siskin.collapseKey({ class: kind, urgency: 'high', expiresAt: 1, content: said }, siskinOptions)
    expect(key('message', { count: 1 })).toBe('message')
    expect(key('message', { encrypted })).toBeUndefined()
    expect(key('message', { body: 'x' })).toBeUndefined()
    expect(key('call', {})).toBeUndefined()
    expect(key('dismiss', {})).toBe('dismiss')
  })
})

describe('profiles/conversations', () => {
  const write = (...said: Parameters<typeof subject>): Written | undefined =>
    conversations.write.fcm?.(subject(...said), {})
  // SHA-1 of "romeo@example.com", NUL, "d1", computed with sha1sum
  const account = '07666a8055f3881a0e4a7bf5406ae69d03afd91f'

  it('names the account by the hash that the app computes, and nothing else', () => {
    expect(content(write('message', { count: 2 }))).toEqual({
      speaks: 'fcm',
      data: { account },
      priority: 'HIGH',
      collapseKey: account.slice(0, 6),
    })
  })

  it.each([
    ['message', 'HIGH'],
    ['quiet', 'NORMAL'],
    ['dismiss', 'NORMAL'],
  ] as const)('sends %s with priority %s', (kind, priority) => {
    expect(content(write(kind))).toMatchObject({ speaks: 'fcm', priority })
  })
})

describe('profiles/stork', () => {
  it('names the account, and the count as a text', () => {
    expect(content(stork.write.fcm?.(subject('message', { count: 3 }), {}))).toMatchObject({
      speaks: 'fcm',
      data: { account: 'romeo@example.com', 'unread-messages': '3' },
      priority: 'HIGH',
    })
  })
})

describe('profiles/generic', () => {
  it('says on an iPhone that there is a message, nothing else', () => {
    expect(content(generic.write.apns?.(subject('message', { count: 3 }), genericOptions))).toMatchObject({
      pushType: 'alert',
      priority: 10,
      payload: { aps: { alert: { title: 'New message' }, sound: 'default', 'mutable-content': 1 } },
    })
  })

  it('wakes an iPhone silently for what is quiet', () => {
    expect(content(generic.write.apns?.(subject('quiet'), genericOptions))).toMatchObject({
      pushType: 'background',
      priority: 5,
      payload: { aps: { 'content-available': 1 } },
    })
  })

  it('wakes an Android phone with an empty data message', () => {
    expect(content(generic.write.fcm?.(subject('message'), genericOptions))).toMatchObject({
      data: {},
      priority: 'HIGH',
    })
  })
})

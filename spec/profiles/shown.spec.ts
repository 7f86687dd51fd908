/** What the settings of an app make of its alerts, down to the request. */
import { cells, profileWith, requestText } from '../support/golden'

const bodyOf = (name: string, speaks: 'apns' | 'fcm', cell: string, options: object): unknown => {
  const summary = cells[cell]
  if (summary === undefined) throw new Error(`there is no cell ${cell}`)
  const text = requestText(profileWith(name, speaks, options), speaks, summary)
  return JSON.parse(text.slice(text.indexOf('{')))
}
const aps = (name: string, cell: string, options: object): unknown =>
  (bodyOf(name, 'apns', cell, options) as { readonly aps: unknown }).aps

const all = {
  ...{
    title: 'Chat',
    body: 'Something is new',
    sound: 'ping.caf',
    category: 'chat',
    threadId: 'chats',
    badge: 'count',
  },
  channel: 'chats',
}

describe('show', () => {
  it.each(['generic', 'monal', 'appserver', 'openfire', 'mongoosepush'])(
    'of %s dresses the alert of a message',
    (name) => {
      expect(aps(name, 'message', { show: { message: all } })).toMatchObject({
        ...{ alert: { title: 'Chat', body: 'Something is new' }, sound: 'ping.caf', category: 'chat' },
        ...{ 'thread-id': 'chats', badge: 3 },
      })
    },
  )

  it('leaves what it does not name as all alerts of the app have it', () => {
    const options = { title: 'Neues', sound: 'all.caf', show: { message: { body: 'Öffne die App' } } }
    expect(aps('generic', 'message', options)).toMatchObject({
      ...{ alert: { title: 'Neues', body: 'Öffne die App' }, sound: 'all.caf' },
    })
  })

  it('dresses a call that cannot ring as a call, and not as the message that it is sent as', () => {
    const show = { message: { title: 'Message' }, call: { title: 'Call', sound: 'ring.caf' } }
    expect(aps('siskin', 'message', { show })).toMatchObject({ alert: { title: 'Message' } })
    expect(bodyOf('generic', 'apns', 'call', { show })).toMatchObject({
      aps: { alert: { title: 'Call' }, sound: 'ring.caf' },
    })
  })

  it('takes keys of translations, and puts a text of the class above the key of all', () => {
    const keyed = { show: { message: { titleLocKey: 'NEW', locKey: 'NEW_BODY' } } }
    expect(aps('generic', 'message', keyed)).toMatchObject({ alert: { 'title-loc-key': 'NEW', 'loc-key': 'NEW_BODY' } })
    const body = { show: { message: { body: 'Neue Nachricht' } } }
    expect(aps('siskin', 'message', body)).toMatchObject({ alert: { body: 'Neue Nachricht' } })
    expect(aps('siskin', 'message', body)).not.toMatchObject({ alert: { 'loc-key': expect.anything() as string } })
  })

  it('alerts what has no text only where the profile does', () => {
    const show = { quiet: { title: 'Something happened' } }
    expect(aps('monal', 'quiet', { show })).toMatchObject({ alert: { title: 'Something happened' } })
    expect(aps('generic', 'quiet', { show })).toEqual({ 'content-available': 1 })
  })

  it('sets a badge of its own, and tells the operator where the count is seen', () => {
    expect(aps('monal', 'message', { show: { message: { badge: 1 } } })).toMatchObject({ badge: 1 })
    expect(profileWith('monal', 'apns', { show: { message: { badge: 1 } } }).reveals).not.toContain('number of unread')
    expect(profileWith('monal', 'apns', { show: { message: { badge: 'count' } } }).reveals).toContain(
      'number of unread',
    )
  })

  it('lets Android show it by itself where the app wants that, and only then', () => {
    expect(bodyOf('generic', 'fcm', 'message', { android: 'notification', show: { message: all } })).toMatchObject({
      message: {
        android: {
          notification: {
            ...{ title: 'Chat', body: 'Something is new', sound: 'ping.caf', click_action: 'chat', tag: 'chats' },
            ...{ notification_count: 3, channel_id: 'chats' },
          },
        },
      },
    })
    const silent = JSON.stringify(bodyOf('generic', 'fcm', 'quiet', { android: 'notification', show: { quiet: all } }))
    expect(silent).not.toContain('notification')
    expect(JSON.stringify(bodyOf('generic', 'fcm', 'message', { show: { message: all } }))).not.toContain(
      'notification',
    )
  })
})

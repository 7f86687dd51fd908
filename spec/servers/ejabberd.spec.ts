/** ejabberd 23.01: what it publishes is understood, and one error too many costs a registration, so it gets none. */
import { type Personality } from '../../lib/sim/xmpp-server'
import { ejabberd } from '../../lib/sim/xmpp-server-ejabberd'
import { ALERT, BACKGROUND, type PublishCase, tellServer } from '../support/server-story'

/** With `include_body: false` and `include_sender: true`. */
const withoutBody: Personality = {
  ...ejabberd,
  name: 'ejabberd 23.01 with include_body: false',
  publish(occasion, registration, domain) {
    const plain = ejabberd.publish(occasion, registration, domain)
    const sender = "<field var='last-message-sender' type='text-single'><value>juliet@example.com</value></field></x>"
    const notification = plain?.notification.replace(/<field var='last-message-body'.*?<\/field><\/x>/, sender)
    return plain === undefined || notification === undefined ? undefined : { ...plain, notification }
  },
}

const message: PublishCase = {
  says: 'a message is an alert',
  writes: [/ id='rr-[^']{62,}'/, /=-\d+'/, "<x xmlns='jabber:x:data' type='submit'>", '<value>New message</value>'],
  arrives: ALERT,
}
const empty = "<item><notification xmlns='urn:xmpp:push:0'/></item>"

describe('servers/ejabberd', () => {
  tellServer(
    {
      personality: 'ejabberd',
      publishes: [
        message,
        { ...message, says: 'an encrypted message is an alert', happens: { encrypted: true } },
        {
          says: 'a call, which is no more than an empty notification, wakes in the background',
          happens: { call: true },
          writes: [empty],
          arrives: BACKGROUND,
        },
        { says: 'what is not stored is not published to a phone that is offline', happens: {}, writes: [] },
        {
          says: 'anything is published to a suspended session, and wakes in the background',
          happens(scene, phone) {
            phone.client.suspend()
            return scene.message(phone, {})
          },
          writes: [empty],
          arrives: BACKGROUND,
        },
      ],
      variants: [
        {
          personality: withoutBody,
          publishes: [
            {
              says: 'a form that has no place for a text is a message, too',
              writes: [/^(?!.*last-message-body)/, 'urn:xmpp:push:summary'],
              arrives: ALERT,
            },
          ],
        },
      ],
      deadAfter: 1,
      away: { unresolved: 'lost', resolved: 'kept' },
    },
    (scene) => {
      it('sends a burst to a suspended session one by one: each is answered, and the last of them arrives', async () => {
        const phone = await scene().phone()
        phone.client.suspend()
        const burst = Array.from({ length: 50 }, (_each, nth) =>
          scene().message(phone, nth % 2 === 0 ? {} : { body: 'x' }),
        )
        expect(await scene().answers(burst.flat())).toEqual(burst.map(() => 'result'))
        const ids = burst.flat().map(({ stanza }) => stanza.attrs['id'] ?? '')
        expect(ids.filter((id) => id.length > 64 && /[/+].*=/.test(id))).not.toEqual([])
        const arrived = await scene().arrived(phone)
        expect(arrived.length).toBeLessThanOrEqual(50)
        expect(new Set(arrived.map(({ type }) => type))).toEqual(new Set(['alert', 'background']))
      })
    },
  )
})

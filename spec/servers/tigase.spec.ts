/** Tigase 8.4: publishes from a resource, with extensions of its own, and takes the condition of an error, not its type. */
import { type Personality } from '../../lib/sim/xmpp-server'
import { tigase } from '../../lib/sim/xmpp-server-tigase'
import {
  ALERT,
  BACKGROUND,
  CALL,
  ENCRYPT,
  JINGLE,
  PRIORITY,
  type PublishCase,
  tellServer,
} from '../support/server-story'

/** With `with-body` and `with-sender` false. */
const wordless: Personality = {
  ...tigase,
  name: 'Tigase 8.4 without bodies',
  publish(occasion, registration, domain) {
    const plain = tigase.publish(occasion, registration, domain)
    const notification = plain?.notification.replace(/<field var='last-message-.*?<\/field>/g, '')
    return plain === undefined || notification === undefined ? undefined : { ...plain, notification }
  },
}

const message: PublishCase = {
  says: 'a message is an alert, and its text and sender stay here',
  writes: [
    / from='example.com\/[0-9a-f]{64}'/,
    "<x xmlns='jabber:x:data'><field var='FORM_TYPE'><value>urn:xmpp:push:summary</value></field>",
    "<field var='last-message-sender'><value>juliet@example.com/balcony</value></field>",
  ],
  arrives: ALERT,
}

describe('servers/tigase', () => {
  tellServer(
    {
      personality: 'tigase',
      publishes: [
        message,
        {
          ...message,
          says: 'a message of a room is an alert',
          happens: { body: 'Art thou?', nickname: 'juliet' },
          writes: ["<groupchat xmlns='http://tigase.org/protocol/muc#offline'><nickname>juliet</nickname></groupchat>"],
        },
        { ...message, says: 'an OMEMO message is an alert', happens: { body: 'x', encrypted: true } },
        {
          ...message,
          says: 'a high priority is an alert',
          enabling: { wishes: PRIORITY },
          writes: ['>high</priority>'],
        },
        {
          says: 'ciphertext reaches the phone that has the key',
          enabling: { wishes: ENCRYPT + PRIORITY },
          writes: [/<encrypted xmlns='tigase:push:encrypt:0' iv='[^']{16}'>/, /^(?!.*urn:xmpp:push:summary)/],
          arrives: {
            ...ALERT,
            decrypted: { message: 'Art thou not Romeo, and a Montague?', sender: 'juliet@example.com' },
          },
        },
        {
          says: 'a call rings',
          enabling: { wishes: ENCRYPT + PRIORITY + JINGLE },
          happens: { call: true },
          writes: [" type='voip'", "<jingle xmlns='tigase:push:jingle:0' action='propose' sid='c1'>"],
          arrives: { ...CALL, decrypted: { type: 'call', media: ['audio', 'video'] } },
        },
        {
          says: 'a call in the clear is an alert, for nothing names the caller to the phone',
          enabling: { wishes: JINGLE },
          happens: { call: true },
          writes: ["action='propose'"],
          arrives: ALERT,
        },
        {
          says: 'a call that was taken elsewhere does not ring, though it is marked voip',
          enabling: { wishes: ENCRYPT + JINGLE },
          happens: { callTaken: true },
          writes: [" type='voip'", "action='accept'"],
          arrives: BACKGROUND,
        },
        {
          says: 'a call in the clear that was taken elsewhere wakes in the background',
          enabling: { wishes: JINGLE },
          happens: { callTaken: true },
          writes: ["action='accept'", "<field var='last-message-body'><value/></field>"],
          arrives: BACKGROUND,
        },
        { says: 'calls are not published unless the client asked for them', happens: { call: true }, writes: [] },
      ],
      variants: [
        {
          personality: wordless,
          publishes: [
            {
              says: 'a form that has no place for a text is a message, too',
              writes: [/^(?!.*last-message)/, 'urn:xmpp:push:summary'],
              arrives: ALERT,
            },
          ],
        },
      ],
      deadAfter: 1,
      away: { unresolved: 'lost', resolved: 'kept' },
    },
    (scene) => {
      it('counts nothing any more when the messages are fetched: the badge is cleared', async () => {
        const phone = await scene().phone()
        await scene().answers(scene().message(phone))
        phone.client.goOnline()
        const { stanza } = await scene().house.server.waitFor(({ xml }) => xml.includes("'message-count'><value>0<"))
        await scene().house.server.waitFor(
          (each) => each.by === 'component' && each.stanza.attrs['id'] === stanza.attrs['id'],
        )
        const arrived = await scene().arrived(phone)
        expect(arrived).toMatchObject([ALERT, { ...BACKGROUND, payload: { 'unread-messages': 0 } }])
      })

      it('forgets the node of an account that was removed, without a push', async () => {
        const phone = await scene().phone()
        const { house } = scene()
        expect(await scene().answers(house.server.removeAccount(phone.user))).toEqual(['result'])
        expect(await scene().arrived(phone)).toEqual([])
        scene().enable(phone)
        expect(await scene().answers(scene().message(phone))).toEqual(['cancel item-not-found'])
      })

      it('gets a space of ours well before anybody takes the connection for dead, and sends some itself', async () => {
        const { house } = scene()
        const before = house.server.connections()
        for (let minute = 0; minute < 30; minute++) await house.pass(60_000)
        expect(house.server.connections()).toBe(before)
      })
    },
  )
})

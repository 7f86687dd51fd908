/** MongooseIM 6: it publishes the very text, which goes no further, and forgets nobody but for `cancel`. */
import { ALERT, BACKGROUND, type PublishCase, tellServer } from '../support/server-story'

const message: PublishCase = {
  says: 'a message is an alert, and its text and sender stay here',
  writes: [
    "<x xmlns='jabber:x:data' type='submit'>",
    "<field var='last-message-sender'><value>juliet@example.com</value></field>",
    "<field var='last-message-body'><value>Art thou not Romeo, and a Montague?</value></field>",
  ],
  arrives: ALERT,
}

describe('servers/mongooseim', () => {
  tellServer(
    {
      personality: 'mongooseim',
      publishes: [
        message,
        {
          says: 'a message of a room is an alert',
          happens: { from: 'rooms.example.com/juliet', body: 'Art thou?', nickname: 'juliet' },
          writes: ['<value>rooms.example.com/juliet</value>'],
          arrives: ALERT,
        },
        {
          says: 'the options come back as a map: names and values only',
          enabling: { options: { service: 'apns', device_id: 'x', silent: 'false' } },
          writes: [
            /<publish-options><x xmlns='jabber:x:data' type='submit'>(<field var='[^']*'><value>[^<]*<\/value><\/field>){4}<\/x>/,
          ],
          arrives: ALERT,
        },
        { says: 'what has no text is not published', happens: { encrypted: true }, writes: [] },
        {
          says: 'a call that the hints plugin tells of is an alert, for nothing names the caller to the phone',
          happens: { call: true },
          writes: ["<field var='jingle-message'><value>propose</value></field>", /^(?!.*last-message)/],
          arrives: ALERT,
        },
        {
          says: 'a call that was taken elsewhere wakes in the background',
          happens: { callTaken: true },
          writes: ["<field var='jingle-message'><value>accept</value></field>"],
          arrives: BACKGROUND,
        },
      ],
      deadAfter: 1,
      away: 'lost',
    },
    (scene) => {
      it('counts what waits', async () => {
        const phone = await scene().phone()
        const published = [1, 2, 3].flatMap(() => scene().message(phone))
        expect(published[2]?.stanza.toString()).toContain("<field var='message-count'><value>3</value></field>")
        await scene().answers(published)
        expect((await scene().arrived(phone)).at(-1)?.payload).toMatchObject({ 'unread-messages': 3 })
      })
    },
  )
})

/** Prosody 0.12.3 and its variants: what they publish is understood, and how they take answers costs nobody a push. */
import { prosodyOf2021, prosodyRooms, prosodyWithExtensions } from '../../lib/sim/xmpp-server-prosody-variants'
import { DOMAIN } from '../support/house'
import { ALERT, BACKGROUND, CALL, ENCRYPT, type PublishCase, tellServer } from '../support/server-story'

const message: PublishCase = {
  says: 'a message is an alert',
  writes: [/ id='[0-9a-f]{64}'/, "<x xmlns='jabber:x:data' type='form'>", '<value>New Message!</value>'],
  arrives: ALERT,
}

describe('servers/prosody', () => {
  tellServer(
    {
      personality: 'prosody',
      publishes: [
        message,
        {
          says: 'what is no message has a field without a value, and wakes in the background',
          happens: {},
          writes: ["<field var='last-message-body' type='text-single'/>"],
          arrives: BACKGROUND,
        },
        { ...message, says: 'an encrypted message is an alert', happens: { encrypted: true } },
        { ...message, says: 'a call, which looks like a message, is an alert', happens: { call: true } },
        {
          says: 'without options there are none in the publish, and it is understood',
          happens(scene, phone) {
            phone.client.enable({ jid: DOMAIN, node: phone.node })
            return scene.message(phone)
          },
          writes: [/^(?!.*publish-options)/],
          arrives: ALERT,
        },
      ],
      variants: [
        {
          personality: prosodyWithExtensions,
          publishes: [
            { ...message, says: 'an important message says so', writes: [/>high<\/priority>/, /New Message!/] },
            {
              says: 'ciphertext reaches the phone that has the key',
              enabling: { wishes: ENCRYPT },
              writes: [/<encrypted xmlns='tigase:push:encrypt:0' iv='[^']{16}'>/, /^(?!.*New Message!)/],
              arrives: { ...ALERT, decrypted: { message: 'Art thou not Romeo, and a Montague?', unread: 1 } },
            },
            {
              says: 'a call rings',
              enabling: { wishes: ENCRYPT },
              happens: { call: true },
              writes: [" type='voip'"],
              arrives: { ...CALL, decrypted: { type: 'call', sid: 'c1' } },
            },
          ],
        },
        {
          personality: prosodyRooms('rooms.example.com'),
          publishes: [
            {
              ...message,
              says: 'a room publishes twice with one id, and each is answered',
              writes: ["from='rooms.example.com'", message.writes[0] ?? ''],
              happens(scene, phone) {
                const [first, second] = [scene.message(phone), scene.message(phone)]
                expect(first[0]?.stanza.attrs['id']).toBe(second[0]?.stanza.attrs['id'])
                return [...first, ...second]
              },
            },
          ],
        },
        {
          personality: prosodyOf2021,
          publishes: [
            {
              ...message,
              says: 'a form beside the notification is read',
              writes: ["<item><notification xmlns='urn:xmpp:push:0'/><x "],
            },
          ],
        },
      ],
      deadAfter: 16,
      away: 'kept',
    },
    (scene) => {
      it('publishes without a node where the client named none, and is told so until it stops', async () => {
        const phone = await scene().phone()
        phone.client.disable({ jid: DOMAIN })
        phone.client.enable({ jid: DOMAIN })
        const [published] = scene().message(phone)
        expect(published?.stanza.toString()).toContain('<publish><item>')
        expect(await scene().answers(published === undefined ? [] : [published])).toEqual(['cancel item-not-found'])
      })

      it('gathers what comes to a suspended session: one publish of each kind', async () => {
        const phone = await scene().phone()
        phone.client.suspend()
        const burst = [{ body: '1' }, {}, { body: '2' }, {}, { body: '3' }].flatMap((each) =>
          scene().message(phone, each),
        )
        expect(await scene().answers(burst)).toEqual(['result', 'result'])
        expect((await scene().arrived(phone)).map(({ type }) => type).sort()).toEqual(['alert', 'background'])
      })

      it('forgives at a result what it has counted', async () => {
        const phone = await scene().phone()
        const lost = await scene().secondPhone(phone)
        scene().house.apns.changeDevice(lost.token, { kind: 'unregistered', since: scene().house.clock.now() + 1 })
        for (let nth = 0; nth < 17; nth++) {
          await scene().answers(scene().message(phone))
          await scene().arrived(lost)
        }
        expect([scene().isEnabled(phone), scene().isEnabled(lost)]).toEqual([true, false])
      })
    },
  )
})

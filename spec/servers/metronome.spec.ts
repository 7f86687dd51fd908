/** Metronome 4: no form around the fields, never a text, and one secret for all of an account's nodes. */
import { formValues } from '../../lib/sim/xmpp-server'
import { ANDROID, DOMAIN } from '../support/house'
import { ALERT, tellServer } from '../support/server-story'

describe('servers/metronome', () => {
  tellServer(
    {
      personality: 'metronome',
      publishes: [
        {
          says: 'a message, of which it tells the count and the sender only, is an alert',
          writes: [
            "<notification xmlns='urn:xmpp:push:0'><field var='FORM_TYPE'><value>urn:xmpp:push:summary</value></field>",
            "<field var='message-count'><value>1</value></field>",
            /^(?!.*last-message-body)/,
          ],
          arrives: ALERT,
        },
        {
          says: 'of the options only the secret comes back',
          enabling: { options: { secret: 's3cret', other: 'x' } },
          writes: [
            /<publish-options><x xmlns='jabber:x:data'><field var='FORM_TYPE'><value>[^<]*<\/value><\/field><field var='secret'><value>s3cret<\/value><\/field><\/x>/,
          ],
          arrives: ALERT,
        },
        { says: 'what has no text is not published', happens: { encrypted: true }, writes: [] },
      ],
      deadAfter: 1,
      away: 'kept',
    },
    (scene) => {
      it('publishes to both phones of an account with the secret that was enabled last, and both are woken', async () => {
        const first = await scene().phone({ options: { secret: 'of the first' } })
        const second = await scene().secondPhone(first, { options: { secret: 'of the second' } })
        const published = scene().message(first)
        expect(published.map(({ stanza }) => /<value>(of [^<]*)</.exec(stanza.toString())?.[1])).toEqual([
          'of the second',
          'of the second',
        ])
        expect(await scene().answers(published)).toEqual(['result', 'result'])
        expect(await scene().arrived(first)).toMatchObject([ALERT])
        expect(await scene().arrived(second)).toMatchObject([ALERT])
      })

      it('publishes to both phones with the secret of one, where each was given its own, and both are woken', async () => {
        const { server, fcm } = scene().house
        const client = server.client('romeo@example.com/both')
        for (const [token, device] of [
          ['fcm-token:of-the-first-phone', 'a1'],
          ['fcm-token:of-the-second-phone', 'b2'],
        ] as const) {
          fcm.setDevice(token, 'live')
          const answer = await client.iq(
            `<iq type='set' to='${DOMAIN}'><command xmlns='http://jabber.org/protocol/commands' node='register-push-fcm'>` +
              `<x xmlns='jabber:x:data' type='submit'><field var='token'><value>${token}</value></field>` +
              `<field var='android-id'><value>${device}</value></field></x></command></iq>`,
          )
          const form = answer.child('command')?.child('x')
          const value = (name: string): string => (form && formValues(form, name)?.[0]) ?? ''
          client.enable({ jid: DOMAIN, node: value('node'), options: { secret: value('secret') } })
        }
        client.goOffline()
        const published = server.deliverMessage({ from: 'juliet@example.com', to: 'romeo@example.com', body: 'x' })
        const secrets = published.map(({ registration }) => registration.options?.toString())
        expect(new Set(secrets).size).toBe(1)
        expect(await scene().answers(published)).toEqual(['result', 'result'])
        await scene().house.rest()
        expect(fcm.journal.filter(({ body }) => /of-the-(first|second)-phone/.test(body))).toHaveLength(2)
        expect((await scene().house.service().accounts()).get(ANDROID)?.delivered).toBe(2)
      })

      it('fails to enable where there is no form', async () => {
        const phone = await scene().phone()
        expect(() => phone.client.enable({ jid: DOMAIN, node: 'n' })).toThrow('internal-server-error')
      })
    },
  )
})

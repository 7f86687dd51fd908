/** Openfire 4.8 with its push plugin: it hears no answer, publishes for whom it likes, and closes a silent connection. */
import { DOMAIN } from '../support/house'
import { ALERT, type PublishCase, tellServer } from '../support/server-story'

const message: PublishCase = {
  says: 'a message is an alert',
  writes: [
    "<x xmlns='jabber:x:data' type='form'>",
    "<field var='last-message-sender' type='text-single'/>",
    '<value>New Message</value>',
  ],
  arrives: ALERT,
}

describe('servers/openfire', () => {
  tellServer(
    {
      personality: 'openfire',
      publishes: [
        message,
        {
          ...message,
          says: 'a message to a phone that is online is published as well',
          happens(scene, phone) {
            phone.client.goOnline()
            return scene.message(phone)
          },
        },
        { says: 'what has no text is not published', happens: { encrypted: true }, writes: [] },
        {
          ...message,
          says: 'options of another kind are left out, and the publish is understood',
          enabling: {
            options:
              "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>urn:example:other</value></field></x>",
          },
          writes: [/^(?!.*publish-options)/],
        },
        {
          ...message,
          says: 'a second row for a node is one publish, whatever options it carries',
          happens(scene, phone) {
            scene.enable(phone, { options: { secret: 'a newer one' } })
            expect(scene.house.server.registrations(phone.user)).toHaveLength(2)
            return scene.message(phone)
          },
        },
      ],
      deadAfter: 'never',
      away: 'kept',
    },
    (scene) => {
      it('asks who we are when we attach, and can list us', async () => {
        const { server } = scene().house
        const answer = async (id: string) =>
          (await server.waitFor((each) => each.by === 'component' && each.stanza.attrs['id'] === id)).stanza
        const identities = (await answer('probe-1')).child('query')?.elements('identity') ?? []
        expect(identities[0]?.attrs).toMatchObject({ category: 'pubsub', type: 'push' })
        expect((await answer('probe-2')).child('query')?.child('name')?.text()).toBe('xmpp-push')
      })

      it('does not close the connection of a component that has nothing to say for an hour', async () => {
        const { house } = scene()
        expect(house.log.join('')).toContain('"is":"online"')
        const attached = house.log.filter((line) => line.includes('"is":"online"')).length
        for (let halfMinute = 0; halfMinute < 120; halfMinute++) {
          await house.clock.advance(30_000)
          // What was written gets there: the server's own clock must not run ahead of the wire.
          await new Promise((done) => setTimeout(done, 2))
        }
        expect(house.server.connections(DOMAIN)).toBe(1)
        expect(house.log.filter((line) => line.includes('"is":"online"'))).toHaveLength(attached)
      })
    },
  )
})

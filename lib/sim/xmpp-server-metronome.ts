/** Metronome 4 with mod_component and mod_push, as read in its source. */
import { randomUUID } from 'node:crypto'
import { field, type Personality } from './xmpp-server-personality'
import { parseXml } from './xmpp-server-reader'
import { formValues, type XmlElement } from './xmpp-server-xml'

const AWAY = { type: 'wait', condition: 'service-unavailable' } as const

/** Of the options only the secret is kept, of a form of type `submit`. The module fails where there is no form at all. */
function secretOf(form: XmlElement | undefined): XmlElement | undefined | string {
  if (form === undefined) return 'internal-server-error'
  const secret = form.attrs['type'] === 'submit' ? formValues(form, 'secret')?.[0] : undefined
  if (secret === undefined) return undefined
  const type = field('FORM_TYPE', undefined, 'http://jabber.org/protocol/pubsub#publish-options')
  return parseXml(`<x xmlns='jabber:x:data'>${type}${field('secret', undefined, secret)}</x>`)
}

export const metronome: Personality = Object.freeze({
  name: 'Metronome 4',
  connection: {
    second: 'refused',
    unknownDomain: 'at the header',
    ownDomain: 'host-unknown',
    withoutFrom: 'taken as from the component',
    withoutTo: 'bad-request',
    foreignFrom: 'invalid-from',
    beforeHandshake: 'service-unavailable',
    oversized: 'not-well-formed',
    wrongSecret: 'not-authorized',
  },
  enabling: { withoutNode: 'bad-request', options: secretOf, sharesOptions: true },
  bounce: { unresolved: AWAY, resolved: AWAY },
  answers: { exactSender: false, second: false },
  honoursRemoteDisable: false,
  publish(occasion, _registration, domain) {
    if (occasion.is !== 'message' || occasion.online || occasion.message.body === undefined) return undefined
    // The fields stand in the notification itself: there is no form around them, and never a field for the body.
    const fields = [
      field('FORM_TYPE', undefined, 'urn:xmpp:push:summary'),
      field('message-count', undefined, '1'),
      field('last-message-sender', undefined, occasion.message.from),
    ]
    return {
      id: randomUUID(),
      from: domain,
      notification: `<notification xmlns='urn:xmpp:push:0'>${fields.join('')}</notification>`,
    }
  },
  judge(answer, errors) {
    return answer.is === 'result' || answer.type === 'wait' ? errors : 'removed'
  },
} satisfies Personality)

/** Openfire 4.8 with its push notification plugin 1.0, as read in their source. */
import { randomInt } from 'node:crypto'
import { field, type Personality } from './xmpp-server-personality'
import { formValues, type XmlElement } from './xmpp-server-xml'

const UNAVAILABLE = { type: 'cancel', condition: 'service-unavailable' } as const

/** Any form is stored; only one of this type is ever published. */
function fitting(form: XmlElement | undefined): XmlElement | undefined {
  if (form === undefined) return undefined
  return formValues(form, 'FORM_TYPE')?.[0] === 'http://jabber.org/protocol/pubsub#publish-options' ? form : undefined
}

export const openfire: Personality = Object.freeze({
  name: 'Openfire 4.8',
  connection: {
    second: 'refused',
    unknownDomain: 'at the header',
    ownDomain: 'conflict',
    withoutFrom: 'taken as from the component',
    withoutTo: 'bad-request',
    foreignFrom: 'invalid-from',
    beforeHandshake: 'not-authorized',
    oversized: 'policy-violation',
    wrongSecret: 'not-authorized',
    closesIdleAfter: 360_000,
    probes: true,
  },
  // Other options are another row of the table; of several rows for a node the last one read is published.
  enabling: { withoutNode: 'bad-request', options: fitting, addsRows: true },
  bounce: { unresolved: UNAVAILABLE, resolved: UNAVAILABLE },
  answers: { exactSender: false, second: false },
  honoursRemoteDisable: false,
  publish(occasion, _registration, domain) {
    // For every message with a body that is written to a session, also to one that is alive; nothing without a body.
    if (occasion.is !== 'message' || occasion.message.body === undefined) return undefined
    const form = [
      field('FORM_TYPE', 'hidden', 'urn:xmpp:push:summary'),
      field('message-count', 'text-single', '1'),
      field('last-message-sender', 'text-single'),
      field('last-message-body', 'text-single', 'New Message'),
    ]
    return {
      id: `${randomInt(100, 1000)}-${randomInt(1, 100_000)}`,
      from: domain,
      notification: `<notification xmlns='urn:xmpp:push:0'><x xmlns='jabber:x:data' type='form'>${form.join('')}</x></notification>`,
    }
  },
  /** Whatever the answer: nobody looks at it. */
  judge: (_answer, errors) => errors,
} satisfies Personality)

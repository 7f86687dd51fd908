/** Prosody 0.12.3 with mod_component and mod_cloud_notify, as measured and read in its source. */
import { randomBytes } from 'node:crypto'
import { field, type Message, type Personality } from './xmpp-server-personality'

const MOST_ERRORS = 16
const AWAY = { type: 'wait', condition: 'remote-server-timeout' } as const

/** `is_important` of mod_cloud_notify. */
export const isImportant = (message: Message): boolean =>
  message.body !== undefined || message.encrypted === true || message.call === true

export const prosody: Personality = Object.freeze({
  name: 'Prosody 0.12.3',
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
  clientLang: 'en',
  enabling: { withoutNode: 'taken', most: 5 },
  // mod_component answers for its domain, whether it resolves or not.
  bounce: { unresolved: AWAY, resolved: AWAY },
  gathers: { ms: 1000, kindOf: (message) => (isImportant(message) ? 'important' : 'not important') },
  answers: { exactSender: true, second: true },
  honoursRemoteDisable: false,
  publish(occasion, _registration, domain) {
    if (occasion.is !== 'message' || occasion.online) return undefined
    // All five fields always; those without a value are empty elements (util/dataforms.lua).
    const form = [
      field('FORM_TYPE', 'hidden', 'urn:xmpp:push:summary'),
      field('message-count', 'text-single', '1'),
      field('pending-subscription-count', 'text-single'),
      field('last-message-sender', 'jid-single'),
      field('last-message-body', 'text-single', isImportant(occasion.message) ? 'New Message!' : undefined),
    ].join('')
    return {
      id: randomBytes(32).toString('hex'),
      from: domain,
      notification: `<notification xmlns='urn:xmpp:push:0'><x xmlns='jabber:x:data' type='form'>${form}</x></notification>`,
    }
  },
  judge(answer, errors) {
    if (answer.is === 'result') return 0
    if (answer.type === 'wait') return errors
    return errors + 1 >= MOST_ERRORS ? 'removed' : errors + 1
  },
} satisfies Personality)

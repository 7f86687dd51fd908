/** MongooseIM 6 with mod_event_pusher_push, its enhanced and its hints plugin, as read in its source. */
import { randomBytes } from 'node:crypto'
import { bareJid } from './xmpp-server-conduct'
import { field, type Personality } from './xmpp-server-personality'
import { parseXml } from './xmpp-server-reader'
import { formValues, type XmlElement } from './xmpp-server-xml'

const PUBLISH_OPTIONS = 'http://jabber.org/protocol/pubsub#publish-options'

/** `parse_form_fields`: a submitted form, one value for every field; kept as a map, so order and types are lost. */
function rebuilt(form: XmlElement | undefined): XmlElement | undefined | string {
  if (form === undefined) return undefined
  const fields = form.elements('field')
  const isProper =
    form.attrs['type'] === 'submit' &&
    formValues(form, 'FORM_TYPE')?.[0] === PUBLISH_OPTIONS &&
    fields.every((each) => each.attrs['var'] !== undefined && each.elements('value').length === 1)
  if (!isProper) return 'bad-request'
  const written = fields
    .map((each) => field(each.attrs['var'] ?? '', undefined, each.child('value')?.text() ?? ''))
    .sort()
    .join('')
  return parseXml(`<x xmlns='jabber:x:data' type='submit'>${written}</x>`)
}

export const mongooseim: Personality = Object.freeze({
  name: 'MongooseIM 6',
  connection: {
    second: 'refused',
    unknownDomain: 'at the handshake',
    ownDomain: 'conflict',
    withoutFrom: 'bad-request',
    withoutTo: 'bad-request',
    foreignFrom: 'bad-request',
    beforeHandshake: 'not-authorized',
    oversized: 'policy-violation',
    wrongSecret: 'not-authorized',
  },
  enabling: { withoutNode: 'bad-request', options: rebuilt },
  // The routes end in s2s, which finds nobody; an address alone does not help, for whatever fails there is `cancel`.
  bounce: {
    unresolved: { type: 'cancel', condition: 'remote-server-not-found' },
    resolved: { type: 'cancel', condition: 'remote-server-not-found' },
  },
  answers: { exactSender: false, second: false, within: 32_000 },
  honoursRemoteDisable: false,
  publish(occasion, { node = '' }, domain) {
    if (occasion.is !== 'message' || occasion.online) return undefined
    const { message, stored } = occasion
    const isCall = message.call === true || message.callTaken === true
    if (message.body === undefined && !isCall) return undefined
    const fields =
      message.body === undefined
        ? {
            'message-sender': bareJid(message.from),
            'jingle-message': message.call === true ? 'propose' : 'accept',
            'jingle-session-id': 'c1',
          }
        : {
            'message-count': String(stored),
            // Of a room's message the whole address; text and sender always.
            'last-message-sender': message.nickname === undefined ? bareJid(message.from) : message.from,
            'last-message-body': message.body,
          }
    const form = [
      field('FORM_TYPE', 'hidden', 'urn:xmpp:push:summary'),
      ...Object.entries(fields).map(([name, value]) => field(name, undefined, value)),
    ]
    return {
      id: `${node}${randomBytes(8).toString('hex')}`,
      from: domain,
      notification: `<notification xmlns='urn:xmpp:push:0'><x xmlns='jabber:x:data' type='submit'>${form.join('')}</x></notification>`,
    }
  },
  judge(answer, errors) {
    return answer.is === 'error' && answer.type === 'cancel' ? 'removed' : errors
  },
} satisfies Personality)

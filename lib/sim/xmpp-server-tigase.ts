/** Tigase 8.4 with its external component manager and push notifications, as read in its source. */
import { createHash, randomUUID } from 'node:crypto'
import { field, type Message, type Personality } from './xmpp-server-personality'
import { contentOf, encrypted, groupchat, jingle, priority, wishesOf } from './xmpp-server-tigase-extensions'

/** `shouldDisablePush`: the condition alone counts, not the type; whatever it does not know is forgiven, too. */
const FORGIVEN = new Set([
  'bad-request',
  'internal-server-error',
  'remote-server-timeout',
  'service-unavailable',
  'undefined-condition',
])

/** Its answers find their way back to the cluster node by this resource. */
const senderOf = (domain: string): string =>
  `${domain}/${createHash('sha256').update(`sess-man.${domain}`).digest('hex')}`

const notification = (inside: string): string => `<notification xmlns='urn:xmpp:push:0'>${inside}</notification>`

/** Neither the form nor its fields have a type. */
function summary(fields: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries({ FORM_TYPE: 'urn:xmpp:push:summary', ...fields })
  const written = given.map(([name, value]) => (value === undefined ? '' : field(name, undefined, value)))
  return `<x xmlns='jabber:x:data'>${written.join('')}</x>`
}

/** OMEMO's own body is replaced. */
const bodyOf = (message: Message): string | undefined =>
  message.encrypted === true ? 'New secure message. Open to see the message' : message.body

export const tigase: Personality = Object.freeze({
  name: 'Tigase 8.4',
  connection: {
    second: 'shares the load',
    unknownDomain: 'at the handshake',
    ownDomain: 'conflict',
    withoutFrom: 'improper-addressing',
    withoutTo: 'improper-addressing',
    foreignFrom: 'invalid-from',
    beforeHandshake: 'not-authorized',
    oversized: 'policy-violation',
    wrongSecret: 'not a word',
    spaceEvery: 600_000,
  },
  enabling: { withoutNode: 'bad-request' },
  bounce: {
    unresolved: { type: 'cancel', condition: 'remote-server-not-found' },
    resolved: { type: 'wait', condition: 'remote-server-timeout' },
  },
  answers: { exactSender: false, second: false, within: 360_000 },
  honoursRemoteDisable: true,
  publish(occasion, registration, domain) {
    const wishes = wishesOf(registration)
    const head = { id: randomUUID(), from: senderOf(domain) }
    switch (occasion.is) {
      case 'account removed': {
        const event = "<event xmlns='http://tigase.org/protocol/account#event' name='account-removed'/>"
        return { ...head, notification: notification(event) }
      }
      case 'fetched':
        return { ...head, notification: notification(summary({ 'message-count': '0' })) }
      case 'message': {
        const { message, online, stored } = occasion
        const isCall = message.call === true || message.callTaken === true
        const body = bodyOf(message)
        if (online || (isCall ? !wishes.jingle : body === undefined)) return undefined
        const told = {
          'message-count': String(stored),
          'last-message-sender': message.from,
          'last-message-body': body ?? '',
        }
        const inside = [
          // COMPAT of its own making: every call message is marked `voip`, also the one that ends a call.
          wishes.encrypt === undefined ? summary(told) : encrypted(wishes.encrypt, contentOf(message, stored), isCall),
          groupchat(message),
          wishes.priority ? priority(message.callTaken === true ? 'low' : 'high') : '',
          jingle(message),
        ]
        return { ...head, notification: notification(inside.join('')) }
      }
    }
  },
  judge(answer, errors) {
    if (answer.is === 'result' || answer.condition === undefined) return errors
    return FORGIVEN.has(answer.condition) ? errors : 'removed'
  },
} satisfies Personality)

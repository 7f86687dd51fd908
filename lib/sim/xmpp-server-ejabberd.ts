/** ejabberd 23.01 with ejabberd_service and mod_push, as measured and read in its source. */
import { randomBytes, randomInt } from 'node:crypto'
import { systemNow } from './time'
import { field, type Personality } from './xmpp-server-personality'

const EMPTY = "<notification xmlns='urn:xmpp:push:0'/>"

/** Some 75 characters with `+ / =` among them: `rr-<ms>-<number>-<base64>-<number>`. */
const publishId = (): string =>
  `rr-${systemNow()}-${randomInt(2 ** 47)}${randomInt(10_000)}-${randomBytes(20).toString('base64')}-${randomInt(2 ** 27)}`

export const ejabberd: Personality = Object.freeze({
  name: 'ejabberd 23.01',
  connection: {
    second: 'shares the load',
    unknownDomain: 'at the handshake',
    ownDomain: 'conflict',
    withoutFrom: 'improper-addressing',
    withoutTo: 'improper-addressing',
    foreignFrom: 'invalid-from',
    beforeHandshake: 'not-authorized',
    oversized: 'policy-violation',
    wrongSecret: 'not-authorized',
  },
  enabling: { withoutNode: 'feature-not-implemented' },
  // It falls back to s2s, and the domain of a component seldom resolves.
  bounce: {
    unresolved: { type: 'cancel', condition: 'remote-server-not-found' },
    resolved: { type: 'wait', condition: 'remote-server-timeout' },
  },
  answers: { exactSender: false, second: false, within: 32_000 },
  honoursRemoteDisable: false,
  publish(occasion, _registration, domain) {
    if (occasion.is !== 'message' || occasion.online) return undefined
    const { body, encrypted, call } = occasion.message
    // Every stanza to a suspended session is one publish; what is not stored otherwise (a chat state) is none.
    const isStored = body !== undefined || encrypted === true || call === true
    if (!isStored && !occasion.suspended) return undefined
    const form =
      field('FORM_TYPE', 'hidden', 'urn:xmpp:push:summary') +
      "<field var='last-message-body' type='text-single' label='The body text of the last received message'>" +
      '<value>New message</value></field>'
    return {
      id: publishId(),
      from: domain,
      // Whatever is no message with a body or an OMEMO payload, a call too, is published without a form.
      notification:
        body === undefined && encrypted !== true
          ? EMPTY
          : `<notification xmlns='urn:xmpp:push:0'><x xmlns='jabber:x:data' type='submit'>${form}</x></notification>`,
    }
  },
  judge(answer, errors) {
    return answer.is === 'result' || answer.type === 'wait' ? errors : 'removed'
  },
} satisfies Personality)

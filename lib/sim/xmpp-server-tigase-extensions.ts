/**
 * Tigase's additions to XEP-0357 as its server and Prosody's community modules write them: `tigase:push:encrypt:0`,
 * `tigase:push:priority:0`, `tigase:push:jingle:0`. The ciphertext is real: what a device gets can be decrypted.
 */
import { createCipheriv, randomBytes } from 'node:crypto'
import { type Message, type PushRegistration } from './xmpp-server-personality'
import { escapeXml, type XmlElement } from './xmpp-server-xml'

const ENCRYPT = 'tigase:push:encrypt:0'
const PRIORITY = 'tigase:push:priority:0'
const JINGLE = 'tigase:push:jingle:0'

/** What the client asked for in `<enable/>`. */
export interface Wishes {
  readonly encrypt: XmlElement | undefined
  readonly priority: boolean
  readonly jingle: boolean
}

/** Reads the extensions in `<enable/>`. */
export function wishesOf({ wishes }: PushRegistration): Wishes {
  const named = (name: string, ns: string): XmlElement | undefined =>
    wishes.find((each) => each.name === name && each.ns === ns)
  return {
    encrypt: named('encrypt', ENCRYPT),
    priority: named('priority', PRIORITY) !== undefined,
    jingle: named('jingle', JINGLE) !== undefined,
  }
}

/** `<encrypted/>`: AES-128-GCM with the key of `<encrypt/>`, the tag behind the ciphertext. */
export function encrypted(wish: XmlElement, content: Readonly<Record<string, unknown>>, isVoip: boolean): string {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-128-gcm', Buffer.from(wish.text().trim(), 'base64'), iv)
  const data = Buffer.concat([cipher.update(JSON.stringify(content), 'utf8'), cipher.final(), cipher.getAuthTag()])
  const type = isVoip ? " type='voip'" : ''
  return `<encrypted xmlns='${ENCRYPT}' iv='${iv.toString('base64')}'${type}>${data.toString('base64')}</encrypted>`
}

/** `<priority/>`. */
export function priority(level: 'high' | 'low'): string {
  return `<priority xmlns='${PRIORITY}'>${level}</priority>`
}

/** `<jingle/>` for a call that is proposed, or that another device took; nothing for any other message. */
export function jingle({ call, callTaken }: Message): string {
  if (call !== true && callTaken !== true) return ''
  const action = call === true ? 'propose' : 'accept'
  return `<jingle xmlns='${JINGLE}' action='${action}' sid='c1'><media>audio</media><media>video</media></jingle>`
}

/** What the ciphertext tells of a message. */
export function contentOf(message: Message, unread: number): Readonly<Record<string, unknown>> {
  const isCall = message.call === true || message.callTaken === true
  return {
    unread,
    sender: message.from.replace(/\/.*$/, ''),
    type: isCall ? 'call' : message.nickname === undefined ? 'chat' : 'groupchat',
    ...(message.body === undefined ? {} : { message: message.body }),
    ...(message.nickname === undefined ? {} : { nickname: message.nickname }),
    ...(isCall ? { sid: 'c1', media: ['audio', 'video'] } : {}),
  }
}

/** The room's name for the sender, as Tigase adds it. */
export function groupchat({ nickname }: Message): string {
  if (nickname === undefined) return ''
  return `<groupchat xmlns='http://tigase.org/protocol/muc#offline'><nickname>${escapeXml(nickname)}</nickname></groupchat>`
}

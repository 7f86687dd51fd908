/** Prosodys that publish otherwise than the plain one: with community modules, for a room, and an old build. To be handed in as a personality. */
import { createHash } from 'node:crypto'
import { type Personality, type Publish } from './xmpp-server-personality'
import { isImportant, prosody } from './xmpp-server-prosody'
import { contentOf, encrypted, priority, wishesOf } from './xmpp-server-tigase-extensions'

const within = (publish: Publish, inside: string): Publish => ({
  ...publish,
  notification: `<notification xmlns='urn:xmpp:push:0'>${inside}</notification>`,
})

const insideOf = ({ notification }: Publish): string =>
  notification.replace(/^<notification [^>]*>/, '').replace(/<\/notification>$/, '')

/** mod_cloud_notify_encrypted and mod_cloud_notify_priority_tag: ciphertext instead of the form, `high` where important, never `low`. */
export const prosodyWithExtensions: Personality = Object.freeze({
  ...prosody,
  name: 'Prosody 0.12.3 with mod_cloud_notify_extensions',
  publish(occasion, registration, domain) {
    const plain = prosody.publish(occasion, registration, domain)
    if (plain === undefined || occasion.is !== 'message') return plain
    const { message, stored } = occasion
    const { encrypt } = wishesOf(registration)
    const told =
      encrypt === undefined ? insideOf(plain) : encrypted(encrypt, contentOf(message, stored), message.call === true)
    return within(plain, told + (isImportant(message) ? priority('high') : ''))
  },
} satisfies Personality)

/** mod_muc_cloud_notify: the room's domain publishes, with one and the same id for each publish of a registration. */
export function prosodyRooms(rooms: string): Personality {
  return Object.freeze({
    ...prosody,
    name: 'Prosody 0.12.3 with mod_muc_cloud_notify',
    publish(occasion, registration, domain) {
      const plain = prosody.publish(occasion, registration, domain)
      const { user, jid, node = '' } = registration
      const id = createHash('sha256').update(`${user}\n${jid}\n${node}`).digest('hex')
      return plain === undefined ? undefined : { ...plain, id, from: rooms }
    },
  } satisfies Personality)
}

/** The builds between 2021-01-13 and 2021-02-05: the form stands beside the notification. */
export const prosodyOf2021: Personality = Object.freeze({
  ...prosody,
  name: 'Prosody with mod_cloud_notify of January 2021',
  publish(occasion, registration, domain) {
    const plain = prosody.publish(occasion, registration, domain)
    if (plain === undefined) return undefined
    return { ...plain, notification: `<notification xmlns='urn:xmpp:push:0'/>${insideOf(plain)}` }
  },
} satisfies Personality)

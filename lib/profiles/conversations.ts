/** Conversations and its family (Quicksy, Snikket Android, Cheogram, …): an FCM data message that names the account by a hash. */
import { hash } from 'node:crypto'
import { z } from 'zod'
import { type FcmContent, type Written } from '../model/content'
import { type Profile, type Subject } from './profile'
import { collapseByClass } from './wake-up'

const options = z.strictObject({})

type Options = z.output<typeof options>

/** SHA-1 of the bare JID, NUL and the device's own id, as the app computes it: lower-case hex, compared exactly. */
function accountHash(owner: string, device: string): string {
  return hash('sha1', `${owner}\0${device}`)
}

/** What the app finds in the push: the account, and the room where the registration is for one. */
function dataOf({ registration }: Subject): Readonly<Record<string, string>> {
  if (registration === undefined) return {}
  const { owner, device, hints } = registration
  const channel = hints['channel']
  // Of a device that was taken over from p2 only the hash is known.
  const account = hints['account'] ?? accountHash(owner, hints['androidId'] ?? device)
  return channel === undefined ? { account } : { account, channel }
}

function writeFcm(subject: Subject): Written {
  const data = dataOf(subject)
  // As p2 names it: a push of a room replaces one of that room only.
  const collapseKey = (data['channel'] ?? data['account'])?.slice(0, 6)
  const { class: of } = subject.notification
  const priority = of === 'quiet' || of === 'dismiss' ? 'NORMAL' : 'HIGH'
  // Field by field: V8 gives each object that is spread from another one and added to a hidden class of its own.
  const content: FcmContent =
    collapseKey === undefined ? { speaks: 'fcm', data, priority } : { speaks: 'fcm', data, priority, collapseKey }
  return { is: 'content', slot: 'address', content }
}

export const conversations: Profile<Options> = Object.freeze({
  name: 'conversations',
  options,
  reveals: () => 'a hash of account and device, and of room and device where a room pushes; nothing of the message',
  passesEncrypted: false,
  keeps: () => ({ sender: false, body: false }),
  rings: () => false,
  collapseKey: collapseByClass,
  write: { fcm: writeFcm },
})

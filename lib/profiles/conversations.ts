/** Conversations and its family (Quicksy, Snikket Android, Cheogram, …): an FCM data message that names the account by a hash. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { type Written } from '../model/content'
import { type Profile, type Subject } from './profile'
import { collapseByClass } from './wake-up'

const options = z.strictObject({})

type Options = z.output<typeof options>

/** SHA-1 of the bare JID, NUL and the device's own id, as the app computes it: lower-case hex, compared exactly. */
function accountHash(owner: string, device: string): string {
  return createHash('sha1').update(`${owner}\0${device}`).digest('hex')
}

function writeFcm(subject: Subject): Written {
  const { notification, registration } = subject
  const account =
    registration === undefined
      ? undefined
      : accountHash(registration.owner, registration.hints['androidId'] ?? registration.device)
  return {
    is: 'content',
    slot: 'address',
    content: {
      speaks: 'fcm',
      data: account === undefined ? {} : { account },
      priority: notification.class === 'quiet' || notification.class === 'dismiss' ? 'NORMAL' : 'HIGH',
      ...(account === undefined ? {} : { collapseKey: account.slice(0, 6) }),
    },
  }
}

export const conversations: Profile<Options> = Object.freeze({
  name: 'conversations',
  options,
  reveals: () => 'a hash of the account and the device, nothing of the message',
  passesEncrypted: false,
  keeps: () => ({ sender: false, body: false }),
  rings: () => false,
  collapseKey: collapseByClass,
  write: { fcm: writeFcm },
})

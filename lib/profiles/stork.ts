/** Tigase Stork (Android): an FCM data message with the account's bare JID. */
import { z } from 'zod'
import { type Written } from '../model/content'
import { type Profile, type Subject } from './profile'
import { collapseByClass, opaqueName } from './wake-up'

const options = z.strictObject({})

type Options = z.output<typeof options>

function writeFcm(subject: Subject): Written {
  const { notification, registration } = subject
  const { count } = notification.content
  return {
    is: 'content',
    slot: 'address',
    content: {
      speaks: 'fcm',
      data: {
        ...(registration === undefined ? {} : { account: registration.owner }),
        ...(count === undefined ? {} : { 'unread-messages': String(count) }),
      },
      priority: notification.class === 'quiet' || notification.class === 'dismiss' ? 'NORMAL' : 'HIGH',
      collapseKey: opaqueName(registration?.id ?? subject.id, notification.class),
    },
  }
}

export const stork: Profile<Options> = Object.freeze({
  name: 'stork',
  options,
  reveals: () => "the account's bare JID and the number of unread messages, nothing of the message",
  passesEncrypted: false,
  keeps: () => ({ sender: false, body: false }),
  rings: () => false,
  collapseKey: collapseByClass,
  write: { fcm: writeFcm },
})

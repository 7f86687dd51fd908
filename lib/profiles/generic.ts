/** An app that is only to be woken and fetches for itself: an alert with a fallback text on APNs, an empty data message on FCM. */
import { z } from 'zod'
import { type Written } from '../model/content'
import { type Profile, type Subject } from './profile'
import { collapseByClass, opaqueName } from './wake-up'

const options = z.strictObject({
  title: z.string().min(1).default('New message').meta({ description: 'title of the alert' }),
  body: z.string().min(1).optional().meta({ description: 'second line of the alert' }),
  sound: z.string().min(1).default('default').meta({ description: 'sound of an alert' }),
})

type Options = z.output<typeof options>

function isSilent(subject: Subject): boolean {
  return subject.notification.class === 'quiet' || subject.notification.class === 'dismiss'
}

function writeApns(subject: Subject, { title, body, sound }: Options): Written {
  const collapseId = opaqueName(subject.registration?.id ?? subject.id, subject.notification.class)
  return {
    is: 'content',
    slot: 'address',
    content: isSilent(subject)
      ? {
          speaks: 'apns',
          pushType: 'background',
          priority: 5,
          payload: { aps: { 'content-available': 1 } },
          collapseId,
        }
      : {
          speaks: 'apns',
          pushType: 'alert',
          priority: 10,
          payload: { aps: { alert: { title, ...(body === undefined ? {} : { body }) }, sound, 'mutable-content': 1 } },
          collapseId,
        },
  }
}

function writeFcm(subject: Subject): Written {
  return {
    is: 'content',
    slot: 'address',
    content: {
      speaks: 'fcm',
      data: {},
      priority: isSilent(subject) ? 'NORMAL' : 'HIGH',
      collapseKey: opaqueName(subject.registration?.id ?? subject.id, subject.notification.class),
    },
  }
}

export const generic: Profile<Options> = Object.freeze({
  name: 'generic',
  options,
  reveals: () => 'that something happened, nothing else',
  passesEncrypted: false,
  keeps: () => ({ sender: false, body: false }),
  rings: () => false,
  collapseKey: collapseByClass,
  write: { apns: writeApns, fcm: writeFcm },
})

/** Apps that were made for Openfire's pushserver plugin: an alert of category `message` that an extension may rewrite, a data message on FCM. */
import { z } from 'zod'
import { type Written } from '../model/content'
import { type Profile, type Subject } from './profile'
import { collapseByClass, opaqueName } from './wake-up'

const options = z.strictObject({
  // The plugin's own title is the bare word `message`, which reads badly where no extension rewrites it.
  title: z.string().min(1).default('New message').meta({ description: 'title of the alert' }),
  body: z.string().min(1).optional().meta({ description: 'second line of the alert' }),
  category: z.string().min(1).default('message').meta({ description: 'category of the alert' }),
  sound: z.string().min(1).default('default').meta({ description: 'sound of an alert' }),
})

type Options = z.output<typeof options>

function isSilent(subject: Subject): boolean {
  return subject.notification.class === 'quiet' || subject.notification.class === 'dismiss'
}

function writeApns(subject: Subject, { title, body, category, sound }: Options): Written {
  const alert = { title, ...(body === undefined ? {} : { body }) }
  return {
    is: 'content',
    slot: 'address',
    content: isSilent(subject)
      ? { speaks: 'apns', pushType: 'background', priority: 5, payload: { aps: { 'content-available': 1 } } }
      : {
          speaks: 'apns',
          pushType: 'alert',
          priority: 10,
          payload: { aps: { alert, category, sound, 'mutable-content': 1 } },
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

export const openfire: Profile<Options> = Object.freeze({
  name: 'openfire',
  options,
  reveals: () => 'that something happened, and whether it is urgent; nothing else',
  passesEncrypted: false,
  keeps: () => ({ sender: false, body: false }),
  rings: () => false,
  collapseKey: collapseByClass,
  write: { apns: writeApns, fcm: writeFcm },
})

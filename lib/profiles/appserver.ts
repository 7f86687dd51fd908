/** yaxim, and other apps that were made for mod_push_appserver: an empty data message on FCM; on APNs an alert where there is a text, else a silent push. */
import { z } from 'zod'
import { type Written } from '../model/content'
import { type Profile, type Subject } from './profile'
import { collapseByClass, opaqueName } from './wake-up'

const options = z.strictObject({
  title: z.string().min(1).default('New Message').meta({ description: 'title of the alert' }),
  body: z.string().min(1).optional().meta({ description: 'second line of the alert' }),
  sound: z.string().min(1).default('default').meta({ description: 'sound of an alert' }),
  collapse: z.boolean().default(false).meta({
    description: 'whether a newer push replaces the older one on an iPhone, of whichever account it is',
  }),
})

type Options = z.output<typeof options>

function isSilent(subject: Subject): boolean {
  return subject.notification.class === 'quiet' || subject.notification.class === 'dismiss'
}

function writeApns(subject: Subject, { title, body, sound, collapse }: Options): Written {
  const silent = isSilent(subject)
  const alert = { title, ...(body === undefined ? {} : { body }) }
  return {
    is: 'content',
    slot: 'address',
    content: {
      speaks: 'apns',
      pushType: silent ? 'background' : 'alert',
      priority: silent ? 5 : 10,
      payload: { aps: silent ? { 'content-available': 1 } : { alert, sound, 'mutable-content': 1 } },
      ...(collapse ? { collapseId: silent ? 'xmpp-nobody-push' : 'xmpp-body-push' } : {}),
    },
  }
}

function writeFcm(subject: Subject): Written {
  return {
    is: 'content',
    slot: 'address',
    content: {
      speaks: 'fcm',
      // yaxim wakes for any data message and reads nothing of it.
      data: {},
      priority: isSilent(subject) ? 'NORMAL' : 'HIGH',
      collapseKey: opaqueName(subject.registration?.id ?? subject.id, subject.notification.class),
    },
  }
}

export const appserver: Profile<Options> = Object.freeze({
  name: 'appserver',
  options,
  reveals: () => 'that something happened, and whether it is urgent; nothing else',
  passesEncrypted: false,
  keeps: () => ({ sender: false, body: false }),
  rings: () => false,
  collapseKey: collapseByClass,
  write: { apns: writeApns, fcm: writeFcm },
})

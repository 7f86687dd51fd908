/** An app that is only to be woken and fetches for itself: an alert with a fallback text on APNs, an empty data message on FCM. */
import { z } from 'zod'
import { type Written } from '../model/content'
import { type Profile, type Subject } from './profile'
import { apnsAlert, apnsSilence, contentFree, fcmWakeUp, isSilent, ownName } from './content-free'
import { androidOf, apsOf, looksOf, show, showsCount } from './shown'

const options = z.strictObject({
  title: z.string().min(1).default('New message').meta({ description: 'title of the alert' }),
  body: z.string().min(1).exactOptional().meta({ description: 'second line of the alert' }),
  sound: z.string().min(1).default('default').meta({ description: 'sound of an alert' }),
  show,
  android: z.enum(['data', 'notification']).default('data').meta({
    description: 'on FCM: wake the app with `data`, or let Android show a `notification` by itself',
  }),
})

type Options = z.output<typeof options>

function writeApns(subject: Subject, { show, android: _android, ...usual }: Options): Written {
  const { notification } = subject
  return isSilent(subject)
    ? apnsSilence(ownName(subject))
    : apnsAlert(apsOf(looksOf(notification, usual, show), notification), ownName(subject))
}

function writeFcm(subject: Subject, { show, android, ...usual }: Options): Written {
  const written = fcmWakeUp(subject)
  if (android === 'data' || isSilent(subject) || written.is === 'silence' || written.content.speaks !== 'fcm')
    return written
  const notification = androidOf(looksOf(subject.notification, usual, show), subject.notification)
  return { ...written, content: { ...written.content, notification } }
}

export const generic: Profile<Options> = Object.freeze({
  name: 'generic',
  options,
  reveals: ({ show }: Options) =>
    `that something happened, and whether it is urgent${showsCount(show) ? ', and the number of unread messages' : ''}; nothing else`,
  ...contentFree,
  write: { apns: writeApns, fcm: writeFcm },
})

/** yaxim, and other apps that were made for mod_push_appserver: an empty data message on FCM; on APNs an alert where there is a text, else a silent push. */
import { z } from 'zod'
import { type Written } from '../model/content'
import { type Profile, type Subject } from './profile'
import { apnsAlert, apnsSilence, contentFree, fcmWakeUp, isSilent } from './content-free'
import { apsOf, looksOf, show, showsCount } from './shown'

const options = z.strictObject({
  title: z.string().min(1).default('New Message').meta({ description: 'title of the alert' }),
  body: z.string().min(1).exactOptional().meta({ description: 'second line of the alert' }),
  sound: z.string().min(1).default('default').meta({ description: 'sound of an alert' }),
  show,
  collapse: z.boolean().default(false).meta({
    description: 'whether a newer push replaces the older one on an iPhone, of whichever account it is',
  }),
})

type Options = z.output<typeof options>

function writeApns(subject: Subject, { collapse, show, ...usual }: Options): Written {
  const { notification } = subject
  return isSilent(subject)
    ? apnsSilence(collapse ? 'xmpp-nobody-push' : undefined)
    : apnsAlert(apsOf(looksOf(notification, usual, show), notification), collapse ? 'xmpp-body-push' : undefined)
}

export const appserver: Profile<Options> = Object.freeze({
  name: 'appserver',
  options,
  reveals: ({ show }: Options) =>
    `that something happened, and whether it is urgent${showsCount(show) ? ', and the number of unread messages' : ''}; nothing else`,
  ...contentFree,
  // yaxim wakes for any data message and reads nothing of it.
  write: { apns: writeApns, fcm: fcmWakeUp },
})

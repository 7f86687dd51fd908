/** Apps that were made for Openfire's pushserver plugin: an alert of category `message` that an extension may rewrite, a data message on FCM. */
import { z } from 'zod'
import { type Written } from '../model/content'
import { type Profile, type Subject } from './profile'
import { apnsAlert, apnsSilence, contentFree, fcmWakeUp, isSilent } from './content-free'
import { apsOf, looksOf, show, showsCount } from './shown'

const options = z.strictObject({
  // The plugin's own title is the bare word `message`, which reads badly where no extension rewrites it.
  title: z.string().min(1).default('New message').meta({ description: 'title of the alert' }),
  body: z.string().min(1).exactOptional().meta({ description: 'second line of the alert' }),
  category: z.string().min(1).default('message').meta({ description: 'category of the alert' }),
  sound: z.string().min(1).default('default').meta({ description: 'sound of an alert' }),
  show,
})

type Options = z.output<typeof options>

function writeApns(subject: Subject, { show, ...usual }: Options): Written {
  const { notification } = subject
  return isSilent(subject) ? apnsSilence() : apnsAlert(apsOf(looksOf(notification, usual, show), notification))
}

export const openfire: Profile<Options> = Object.freeze({
  name: 'openfire',
  options,
  reveals: ({ show }: Options) =>
    `that something happened, and whether it is urgent${showsCount(show) ? ', and the number of unread messages' : ''}; nothing else`,
  ...contentFree,
  write: { apns: writeApns, fcm: fcmWakeUp },
})

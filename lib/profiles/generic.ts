/** An app that is only to be woken and fetches for itself: an alert with a fallback text on APNs, an empty data message on FCM. */
import { z } from 'zod'
import { type Written } from '../model/content'
import { type Profile, type Subject } from './profile'
import { alertOf, apnsAlert, apnsSilence, contentFree, fcmWakeUp, isSilent, ownName } from './content-free'

const options = z.strictObject({
  title: z.string().min(1).default('New message').meta({ description: 'title of the alert' }),
  body: z.string().min(1).optional().meta({ description: 'second line of the alert' }),
  sound: z.string().min(1).default('default').meta({ description: 'sound of an alert' }),
})

type Options = z.output<typeof options>

function writeApns(subject: Subject, options: Options): Written {
  return isSilent(subject)
    ? apnsSilence(ownName(subject))
    : apnsAlert({ alert: alertOf(options), sound: options.sound }, ownName(subject))
}

export const generic: Profile<Options> = Object.freeze({
  name: 'generic',
  options,
  reveals: () => 'that something happened, and whether it is urgent; nothing else',
  ...contentFree,
  write: { apns: writeApns, fcm: fcmWakeUp },
})

/** Apps that were made for Openfire's pushserver plugin: an alert of category `message` that an extension may rewrite, a data message on FCM. */
import { z } from 'zod'
import { type Written } from '../model/content'
import { type Profile, type Subject } from './profile'
import { alertOf, apnsAlert, apnsSilence, contentFree, fcmWakeUp, isSilent } from './content-free'

const options = z.strictObject({
  // The plugin's own title is the bare word `message`, which reads badly where no extension rewrites it.
  title: z.string().min(1).default('New message').meta({ description: 'title of the alert' }),
  body: z.string().min(1).optional().meta({ description: 'second line of the alert' }),
  category: z.string().min(1).default('message').meta({ description: 'category of the alert' }),
  sound: z.string().min(1).default('default').meta({ description: 'sound of an alert' }),
})

type Options = z.output<typeof options>

function writeApns(subject: Subject, options: Options): Written {
  const { category, sound } = options
  return isSilent(subject) ? apnsSilence() : apnsAlert({ alert: alertOf(options), category, sound })
}

export const openfire: Profile<Options> = Object.freeze({
  name: 'openfire',
  options,
  reveals: () => 'that something happened, and whether it is urgent; nothing else',
  ...contentFree,
  write: { apns: writeApns, fcm: fcmWakeUp },
})

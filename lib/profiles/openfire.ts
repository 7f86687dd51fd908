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
  reveal: z
    .array(z.enum(['extras']))
    .default([])
    .meta({
      description: '`extras`: the texts that stand beside the summary of a publish are passed on as keys of their own',
    }),
})

type Options = z.output<typeof options>

function writeApns(subject: Subject, { show, reveal: _reveal, ...usual }: Options): Written {
  const { notification } = subject
  const written = isSilent(subject) ? apnsSilence() : apnsAlert(apsOf(looksOf(notification, usual, show), notification))
  const { extras } = notification.content
  if (extras === undefined || written.is === 'silence' || written.content.speaks !== 'apns') return written
  const payload = { ...extras, ...written.content.payload }
  return { ...written, content: { ...written.content, payload } }
}

/** Google refuses names of its own in `data`. */
const RESERVED = /^(?:from|notification|message_type|google|gcm)/

function writeFcm(subject: Subject): Written {
  const written = fcmWakeUp(subject)
  const { extras } = subject.notification.content
  if (extras === undefined || written.is === 'silence' || written.content.speaks !== 'fcm') return written
  const data = Object.fromEntries(Object.entries(extras).filter(([name]) => !RESERVED.test(name)))
  return { ...written, content: { ...written.content, data } }
}

export const openfire: Profile<Options> = Object.freeze({
  name: 'openfire',
  options,
  reveals: ({ show, reveal }: Options) =>
    `that something happened, and whether it is urgent${showsCount(show) ? ', and the number of unread messages' : ''}` +
    `${reveal.includes('extras') ? ', and the texts that stand beside the summary' : ''}; nothing else`,
  ...contentFree,
  keeps: ({ reveal }: Options) => ({ sender: false, body: false, extras: reveal.includes('extras') }),
  write: { apns: writeApns, fcm: writeFcm },
})

/**
 * A page's service worker or a UnifiedPush app: small JSON that says what to do, nothing of the message unless it is
 * asked for (docs/webpush.md). The push service sees none of it: the provider encrypts it for the device (RFC 8291).
 */
import { z } from 'zod'
import { type WebPushContent, type Written } from '../model/content'
import { type Notification, type NotificationClass } from '../model/notification'
import { type Profile, type Subject } from './profile'
import { collapseByClass } from './wake-up'

const options = z.strictObject({
  reveal: z
    .array(z.enum(['sender', 'body']))
    .default([])
    .meta({ description: 'what of a plain publish is passed on to the device; nothing by default' }),
  silent: z.enum(['send', 'drop']).default('send').meta({
    description:
      'what becomes of pushes that show nothing (quiet, dismiss); `drop` for browsers that want to see a notification for each push',
  }),
})

type Options = z.output<typeof options>

/** Version of the JSON: what a worker does not know of it, it leaves alone; a change of meaning is a new version. */
const VERSION = 1

/** RFC 8291 §4: what fits into a push service's 4096 bytes, less some room for padding. */
const MOST_BYTES = 3900

const urgencyOf: Readonly<Record<NotificationClass, WebPushContent['urgency']>> = {
  message: 'high',
  call: 'high',
  dismiss: 'low',
  quiet: 'low',
}

/** How much is said: all that is known, all but the text, or what is enough to wake the device. */
type Told = 'all' | 'named' | 'bare'

/** The JSON; what is undefined is left out of it. */
function payload({ notification, registration }: Subject, told: Told): string {
  const { count, encrypted, sender, nickname, body } = notification.content
  const { class: of } = notification
  const account = registration?.owner
  if (told === 'bare') return JSON.stringify({ v: VERSION, class: of, account, count })
  const [data, iv, text] = [encrypted?.data, encrypted?.iv, told === 'all' ? body : undefined]
  return JSON.stringify({ v: VERSION, class: of, account, count, encrypted: data, iv, sender, nickname, body: text })
}

/** Whatever is too long, the device can fetch. */
function payloadOf(subject: Subject): string {
  const all = payload(subject, 'all')
  if (Buffer.byteLength(all) <= MOST_BYTES) return all
  const named = payload(subject, 'named')
  return Buffer.byteLength(named) <= MOST_BYTES ? named : payload(subject, 'bare')
}

function writeWebPush(subject: Subject, { silent }: Options): Written {
  const { notification } = subject
  const isSilent = notification.class === 'quiet' || notification.class === 'dismiss'
  if (isSilent && silent === 'drop') return { is: 'silence', why: `the app's setting drops what shows nothing` }
  const { collapseKey: topic } = notification
  const urgency = urgencyOf[notification.class]
  // Field by field: V8 gives each object that is spread from another one and added to a hidden class of its own.
  const content: WebPushContent =
    topic === undefined
      ? { speaks: 'webpush', payload: payloadOf(subject), urgency }
      : { speaks: 'webpush', payload: payloadOf(subject), urgency, topic }
  return { is: 'content', slot: 'address', content }
}

export const webpush: Profile<Options> = Object.freeze({
  name: 'webpush',
  options,
  reveals: ({ reveal }: Options) =>
    `an endpoint, a time, an urgency and a size; the rest is encrypted for the device, which learns the account's bare JID ` +
    `and the number of unread messages${reveal.includes('sender') ? ', the sender' : ''}` +
    `${reveal.includes('body') ? ', the text of unencrypted messages' : ''}`,
  passesEncrypted: true,
  keeps: ({ reveal }: Options) => ({ sender: reveal.includes('sender'), body: reveal.includes('body') }),
  // There is no second address that rings; what can be said of a call is in its ciphertext.
  rings: () => false,
  collapseKey: (notification: Omit<Notification, 'collapseKey'>) => collapseByClass(notification),
  write: { webpush: writeWebPush },
})

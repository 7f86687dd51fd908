/** Siskin IM and Snikket iOS: a notification service extension that reads `account` and either ciphertext or a summary. */
import { z } from 'zod'
import { type Written } from '../model/content'
import { type Content, type Notification } from '../model/notification'
import { type Profile, type Subject } from './profile'
import { apsOf, looksOf, show } from './shown'
import { collapseByClass, opaqueName } from './wake-up'

const options = z.strictObject({
  locKey: z
    .string()
    .min(1)
    .default('New message!')
    .meta({ description: 'loc-key of the alert that is shown where the extension can say no more' }),
  sound: z.string().min(1).default('default').meta({ description: 'sound of an alert' }),
  show,
  reveal: z
    .array(z.enum(['sender', 'body']))
    .default([])
    .meta({ description: 'what of a plain publish is passed on to Apple; nothing by default' }),
})

type Options = z.output<typeof options>

/** The payload around `aps`, with the keys that extension and app read. */
function payloadOf(aps: object, { registration, notification: { content } }: Subject): Record<string, unknown> {
  const payload: Record<string, unknown> = { aps }
  if (registration !== undefined) payload['account'] = registration.owner
  if (content.encrypted !== undefined) {
    payload['encrypted'] = content.encrypted.data
    payload['iv'] = content.encrypted.iv
  }
  if (content.sender !== undefined) payload['sender'] = content.sender
  if (content.body !== undefined) payload['body'] = content.body
  if (content.nickname !== undefined) payload['nickname'] = content.nickname
  return payload
}

/** COMPAT(Siskin ≤ 8): a count of 0 makes the app clear its notifications, so it is only sent to do that. */
function counted(payload: Record<string, unknown>, notification: Notification): Record<string, unknown> {
  const { count } = notification.content
  if (notification.class === 'dismiss') payload['unread-messages'] = 0
  else if (count !== undefined && count !== 0) payload['unread-messages'] = count
  return payload
}

function writeApns(subject: Subject, { locKey, sound, show }: Options): Written {
  const { notification } = subject
  switch (notification.class) {
    case 'message': {
      const aps = apsOf(looksOf(notification, { locKey, sound }, show), notification)
      // Never `content-available` beside an alert: the app would show the message a second time.
      aps['mutable-content'] = 1
      const payload = counted(payloadOf(aps, subject), notification)
      return { is: 'content', slot: 'address', content: { speaks: 'apns', pushType: 'alert', priority: 10, payload } }
    }
    case 'call': {
      const payload = payloadOf({}, subject)
      return {
        is: 'content',
        slot: 'callAddress',
        content: { speaks: 'apns', pushType: 'voip', priority: 10, payload },
      }
    }
    case 'dismiss':
    case 'quiet':
      return {
        is: 'content',
        slot: 'address',
        content: {
          speaks: 'apns',
          pushType: 'background',
          priority: 5,
          payload: counted(payloadOf({ 'content-available': 1 }, subject), notification),
          ...(notification.class === 'dismiss'
            ? { collapseId: opaqueName(subject.registration?.id ?? subject.id, 'dismiss') }
            : {}),
        },
      }
  }
}

export const siskin: Profile<Options> = Object.freeze({
  name: 'siskin',
  options,
  reveals: ({ reveal }: Options) =>
    `the account's bare JID, the number of unread messages${reveal.includes('sender') ? ', the sender' : ''}` +
    `${reveal.includes('body') ? ', the text of unencrypted messages' : ''}; no text of encrypted ones`,
  passesEncrypted: true,
  keeps: ({ reveal }: Options) => ({ sender: reveal.includes('sender'), body: reveal.includes('body') }),
  // Without ciphertext the app cannot name the caller, and iOS shows a call from «Unknown».
  rings: (content: Content, hasCallAddress: boolean) => content.encrypted !== undefined && hasCallAddress,
  collapseKey: collapseByClass,
  write: { apns: writeApns },
})

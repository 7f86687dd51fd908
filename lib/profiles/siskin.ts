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

/** Top-level keys that the extension and the app read. */
function facts(subject: Subject): Record<string, unknown> {
  const { content } = subject.notification
  return {
    ...(subject.registration === undefined ? {} : { account: subject.registration.owner }),
    ...(content.encrypted === undefined ? {} : { encrypted: content.encrypted.data, iv: content.encrypted.iv }),
    ...(content.sender === undefined ? {} : { sender: content.sender }),
    ...(content.body === undefined ? {} : { body: content.body }),
    ...(content.nickname === undefined ? {} : { nickname: content.nickname }),
  }
}

/** COMPAT(Siskin ≤ 8): a count of 0 makes the app clear its notifications, so it is only sent to do that. */
function unread(notification: Notification): Record<string, unknown> {
  const { count } = notification.content
  if (notification.class === 'dismiss') return { 'unread-messages': 0 }
  return count === undefined || count === 0 ? {} : { 'unread-messages': count }
}

function writeApns(subject: Subject, { locKey, sound, show }: Options): Written {
  const { notification } = subject
  switch (notification.class) {
    case 'message':
      // Never `content-available` beside an alert: the app would show the message a second time.
      return {
        is: 'content',
        slot: 'address',
        content: {
          speaks: 'apns',
          pushType: 'alert',
          priority: 10,
          payload: {
            aps: { ...apsOf(looksOf(notification, { locKey, sound }, show), notification), 'mutable-content': 1 },
            ...facts(subject),
            ...unread(notification),
          },
        },
      }
    case 'call':
      return {
        is: 'content',
        slot: 'callAddress',
        content: { speaks: 'apns', pushType: 'voip', priority: 10, payload: { aps: {}, ...facts(subject) } },
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
          payload: { aps: { 'content-available': 1 }, ...facts(subject), ...unread(notification) },
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

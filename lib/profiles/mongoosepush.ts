/**
 * Apps that were written for MongooseIM and MongoosePush: what is shown, or the data that is not, by the words of MongoosePush's interface
 * (`alert`, `data`, `silent`, …). A publish says how to show it and, unless opted in, nothing of the text.
 */
import { z } from 'zod'
import { type Written } from '../model/content'
import { type Content, type Given, type Notification } from '../model/notification'
import { type Profile, type Subject } from './profile'
import { androidOf, apsOf, looksOf, show, type Looks } from './shown'
import { isWakeUp, opaqueName } from './wake-up'

const options = z.strictObject({
  title: z.string().min(1).default('New message').meta({ description: 'title of an alert that brings none along' }),
  body: z.string().min(1).exactOptional().meta({ description: 'text of an alert that brings none along' }),
  sound: z.string().min(1).exactOptional().meta({ description: 'sound of an alert that names none' }),
  show,
  reveal: z
    .array(z.enum(['sender', 'body']))
    .default([])
    .meta({
      description: 'what of an XMPP publish is passed on; nothing by default. HTTP callers decide for themselves',
    }),
})

type Options = z.output<typeof options>

/** What a caller brought along, parsed at the door; every word may be missing. */
interface Words {
  readonly alert?: {
    readonly title?: string
    readonly body?: string
    readonly badge?: number
    readonly click_action?: string
    readonly sound?: string
    readonly tag?: string
  }
  readonly data?: Given
  readonly priority?: 'normal' | 'high'
  readonly topic?: string
  readonly mutable_content?: boolean
  readonly silent?: boolean
}

const wordsOf = ({ given }: Content): Words => given ?? {}

/** A call, in the words of MongooseIM ≥ 6.10. */
function callIn(data: Given | undefined): { readonly sid: string } | undefined {
  if (data?.['type'] !== 'jmi') return undefined
  const sid = data['jmi-sid']
  return { sid: typeof sid === 'string' ? sid : '' }
}

/** The data of what is not shown: a caller's own, or the summary of a publish. */
function dataOf({ data }: Words, { count, sender, body }: Content): Given {
  return (
    data ?? {
      ...(count === undefined ? {} : { 'message-count': count }),
      ...(sender === undefined ? {} : { 'last-message-sender': sender }),
      ...(body === undefined ? {} : { 'last-message-body': body }),
    }
  )
}

function isShown(words: Words, { class: kind }: Pick<Notification, 'class'>): boolean {
  if (words.alert?.body !== undefined) return true
  return words.silent !== true && words.data === undefined && kind !== 'quiet' && kind !== 'dismiss'
}

/** What an alert shows: brought along, else passed on, else the app's own. */
function looksIn(
  { alert = {} }: Words,
  notification: Notification,
  { show, reveal: _reveal, ...usual }: Options,
): Looks {
  const { content } = notification
  const own = looksOf(notification, usual, show)
  const { locKey: _locKey, titleLocKey: _titleLocKey, ...plain } = own
  const body = alert.body ?? content.body
  const title = alert.title ?? content.sender
  const badge = alert.badge ?? content.count
  return {
    ...(body === undefined && title === undefined ? own : plain),
    ...(title === undefined ? {} : { title }),
    ...(body === undefined ? {} : { body }),
    ...(alert.sound === undefined ? {} : { sound: alert.sound }),
    ...(alert.click_action === undefined ? {} : { category: alert.click_action }),
    ...(badge === undefined ? {} : { badge }),
  }
}

function apnsPriority(words: Words, urgency: Notification['urgency']): 10 | 5 {
  return (words.priority ?? (urgency === 'high' ? 'high' : 'normal')) === 'high' ? 10 : 5
}

function writeApns({ id, registration, notification }: Subject, options: Options): Written {
  const { content, urgency } = notification
  const words = wordsOf(content)
  const topic = words.topic === undefined ? {} : { topic: words.topic }
  const common = { speaks: 'apns', ...topic } as const
  if (callIn(words.data) !== undefined) {
    const { topic: named } = words
    // PushKit's topic is the app's own and a suffix, which the caller must have written: another would never ring.
    const voip = named === undefined || named.endsWith('.voip') ? topic : { topic: `${named}.voip` }
    const call = { speaks: 'apns', pushType: 'voip', priority: 10, payload: { ...words.data }, ...voip } as const
    return { is: 'content', slot: 'address', content: call }
  }
  if (!isShown(words, notification)) {
    const payload = { ...dataOf(words, content), aps: { 'content-available': 1 } }
    const collapse =
      notification.class === 'dismiss' ? { collapseId: opaqueName(registration?.id ?? id, 'dismiss') } : {}
    return {
      is: 'content',
      slot: 'address',
      content: { ...common, pushType: 'background', priority: 5, payload, ...collapse },
    }
  }
  const aps = {
    ...apsOf(looksIn(words, notification, options), notification),
    ...(words.mutable_content === true ? { 'mutable-content': 1 } : {}),
  }
  const payload = { ...words.data, aps }
  const priority = apnsPriority(words, urgency)
  return { is: 'content', slot: 'address', content: { ...common, pushType: 'alert', priority, payload } }
}

/** FCM takes texts only. */
function textual(data: Given): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  )
}

function writeFcm({ id, registration, notification }: Subject, options: Options): Written {
  const { content, urgency } = notification
  const words = wordsOf(content)
  const priority = (words.priority ?? (urgency === 'high' ? 'high' : 'normal')) === 'high' ? 'HIGH' : 'NORMAL'
  const data = textual(isShown(words, notification) ? (words.data ?? {}) : dataOf(words, content))
  const common = { speaks: 'fcm', data, priority } as const
  const call = callIn(words.data)
  if (call !== undefined) {
    const collapse = call.sid === '' ? {} : { collapseKey: `jmi-${call.sid}` }
    const ringing = words.priority === undefined ? ({ ...common, priority: 'HIGH' } as const) : common
    return { is: 'content', slot: 'address', content: { ...ringing, ...collapse } }
  }
  if (!isShown(words, notification)) {
    const collapse =
      notification.class === 'dismiss' ? { collapseKey: opaqueName(registration?.id ?? id, 'dismiss') } : {}
    return { is: 'content', slot: 'address', content: { ...common, ...collapse } }
  }
  const { badge: _badge, ...looks } = looksIn(words, notification, options)
  const tag = words.alert?.tag
  const shown = { ...androidOf(looks, notification), ...(tag === undefined ? {} : { tag }) }
  return { is: 'content', slot: 'address', content: { ...common, notification: shown } }
}

export const mongoosepush: Profile<Options> = Object.freeze({
  name: 'mongoosepush',
  options,
  reveals: ({ reveal }: Options) =>
    `of XMPP publishes the number of unread messages${reveal.includes('sender') ? ', the sender' : ''}` +
    `${reveal.includes('body') ? ', the text of unencrypted messages' : ''}; of HTTP requests all that the caller wrote`,
  passesEncrypted: false,
  keeps: ({ reveal }: Options) => ({ sender: reveal.includes('sender'), body: reveal.includes('body') }),
  rings: ({ given }: Content) => callIn(wordsOf({ ...(given === undefined ? {} : { given }) }).data) !== undefined,
  collapseKey({ class: kind, content }: Omit<Notification, 'collapseKey'>) {
    const { alert, data } = wordsOf(content)
    const bringsContent = alert?.body !== undefined || data !== undefined
    return kind === 'call' || bringsContent || !isWakeUp(content) ? undefined : kind
  },
  write: { apns: writeApns, fcm: writeFcm },
})

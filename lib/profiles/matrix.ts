/** Apps of Matrix (Push Gateway API v1): what the homeserver wrote, with the app's own `default_payload`, as Sygnal's apps expect it. */
import { z } from 'zod'
import { type Written } from '../model/content'
import { type Given, type Notification } from '../model/notification'
import { type Profile, type Subject } from './profile'

const options = z.strictObject({
  title: z
    .string()
    .min(1)
    .default('New message')
    .meta({ description: 'title of an alert of which nothing more is told' }),
  sound: z.string().min(1).default('default').meta({ description: 'sound of an alert that names none' }),
})

type Options = z.output<typeof options>

interface Told {
  readonly event: Given
  readonly default_payload: Given
  readonly tweaks: Given
}

function toldIn({ content: { given } }: Notification): Told {
  const { event, default_payload, tweaks } = (given ?? {}) as Partial<Told>
  return { event: event ?? {}, default_payload: default_payload ?? {}, tweaks: tweaks ?? {} }
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
const objectOf = (value: unknown): Given => (typeof value === 'object' && value !== null ? (value as Given) : {})

/** What apps read at the top: ids, and the counts as Sygnal names them. */
function factsOf(event: Given): Given {
  const { unread, missed_calls: missed } = objectOf(event['counts']) as { unread?: unknown; missed_calls?: unknown }
  return {
    ...Object.fromEntries(
      ['event_id', 'room_id'].flatMap((name) => (textOf(event[name]) === undefined ? [] : [[name, event[name]]])),
    ),
    ...(typeof unread === 'number' ? { unread_count: unread } : {}),
    ...(typeof missed === 'number' ? { missed_calls: missed } : {}),
  }
}

function writeApns({ notification }: Subject, { title, sound }: Options): Written {
  const { event, default_payload, tweaks } = toldIn(notification)
  const facts = factsOf(event)
  const unread = facts['unread_count']
  const badge = typeof unread === 'number' ? { badge: unread } : {}
  if (notification.class === 'dismiss') {
    const payload = { ...default_payload, ...facts, aps: { 'content-available': 1, ...badge } }
    return { is: 'content', slot: 'address', content: { speaks: 'apns', pushType: 'background', priority: 5, payload } }
  }
  const body = textOf(objectOf(event['content'])['body'])
  const alert = {
    title: textOf(event['sender_display_name']) ?? textOf(event['room_name']) ?? textOf(event['sender']) ?? title,
    ...(body === undefined ? {} : { body }),
  }
  const own = { alert, sound: textOf(tweaks['sound']) ?? sound, 'mutable-content': 1 }
  const aps = { ...own, ...badge, ...objectOf(default_payload['aps']) }
  const priority = notification.urgency === 'high' ? 10 : 5
  const payload = { ...default_payload, ...facts, aps }
  return { is: 'content', slot: 'address', content: { speaks: 'apns', pushType: 'alert', priority, payload } }
}

/** FCM takes texts only. */
function writeFcm({ notification }: Subject): Written {
  const { event, default_payload } = toldIn(notification)
  const { content: _content, counts: _counts, devices: _devices, ...plain } = event
  const facts = factsOf(event)
  const told = { ...default_payload, ...plain, ...objectOf(event['content']), ...facts }
  const data = Object.fromEntries(
    Object.entries(told).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  )
  const priority = notification.urgency === 'high' && notification.class !== 'dismiss' ? 'HIGH' : 'NORMAL'
  return { is: 'content', slot: 'address', content: { speaks: 'fcm', data, priority } }
}

export const matrix: Profile<Options> = Object.freeze({
  name: 'matrix',
  options,
  reveals: () => 'what the homeserver wrote into its request; of XMPP publishes nothing',
  passesEncrypted: false,
  keeps: () => ({ sender: false, body: false }),
  rings: () => false,
  collapseKey: (notification: Omit<Notification, 'collapseKey'>) =>
    notification.content.given === undefined ? notification.class : undefined,
  write: { apns: writeApns, fcm: writeFcm },
})

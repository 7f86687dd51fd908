/** Apps of Rocket.Chat: title, text and badge as the server wrote them, and its payload as the text `ejson`, which the apps read. */
import { z } from 'zod'
import { type Written } from '../model/content'
import { type Given, type Notification } from '../model/notification'
import { type Profile, type Subject } from './profile'

const options = z.strictObject({
  title: z.string().min(1).default('New message').meta({ description: 'title of an alert that brings none along' }),
  sound: z.string().min(1).default('default').meta({ description: 'sound of an alert that names none' }),
})

type Options = z.output<typeof options>

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
const objectOf = (value: unknown): Given => (typeof value === 'object' && value !== null ? (value as Given) : {})

function ejsonOf(given: Given): { readonly ejson?: string } {
  return given['payload'] === undefined ? {} : { ejson: JSON.stringify(given['payload']) }
}

function writeApns({ notification }: Subject, { title, sound }: Options): Written {
  const given = notification.content.given ?? {}
  const text = textOf(given['text'])
  const category = textOf(objectOf(given['apn'])['category'])
  const badge = given['badge']
  const aps = {
    alert: { title: textOf(given['title']) ?? title, ...(text === undefined ? {} : { body: text }) },
    ...(typeof badge === 'number' ? { badge } : {}),
    sound: textOf(given['sound']) ?? sound,
    ...(category === undefined ? {} : { category }),
    'mutable-content': 1,
  }
  const topic = textOf(given['topic'])
  const payload = { ...ejsonOf(given), aps }
  const content = {
    speaks: 'apns',
    pushType: 'alert',
    priority: 10,
    payload,
    ...(topic === undefined ? {} : { topic }),
  } as const
  return { is: 'content', slot: 'address', content }
}

function writeFcm({ notification }: Subject, { title }: Options): Written {
  const given = notification.content.given ?? {}
  const { image, style } = objectOf(given['gcm']) as { image?: unknown; style?: unknown }
  const told = { image, style, soundname: given['sound'], notId: given['notId'], msgcnt: given['badge'] }
  const data = {
    ...ejsonOf(given),
    ...{ title: textOf(given['title']) ?? title, message: textOf(given['text']) ?? '' },
    ...Object.fromEntries(
      Object.entries(told).flatMap(([name, value]) =>
        typeof value === 'string' || typeof value === 'number' ? [[name, String(value)]] : [],
      ),
    ),
  }
  return { is: 'content', slot: 'address', content: { speaks: 'fcm', data, priority: 'HIGH' } }
}

export const rocketchat: Profile<Options> = Object.freeze({
  name: 'rocketchat',
  options,
  reveals: () => 'what the server wrote into its request; of XMPP publishes nothing',
  passesEncrypted: false,
  keeps: () => ({ sender: false, body: false }),
  rings: () => false,
  collapseKey: (notification: Omit<Notification, 'collapseKey'>) =>
    notification.content.given === undefined ? notification.class : undefined,
  write: { apns: writeApns, fcm: writeFcm },
})

/**
 * Apps of Push 2.0 (Snikket's SDK): what the server encrypted for the device (RFC 8291) is passed on as it is, to APNs under the key
 * `rfc8291`, to Web Push as the body with the server's own VAPID token. What is too long for APNs is left out: the app then fetches.
 */
import { z } from 'zod'
import { type Written } from '../model/content'
import { type Content, type Notification } from '../model/notification'
import { type Profile, type Subject } from './profile'
import { apsOf, looksOf, show } from './shown'
import { collapseByClass } from './wake-up'

const options = z.strictObject({
  title: z.string().min(1).default('New message').meta({ description: 'title of the alert' }),
  body: z.string().min(1).exactOptional().meta({ description: 'second line of the alert' }),
  sound: z.string().min(1).default('default').meta({ description: 'sound of an alert' }),
  show,
})

type Options = z.output<typeof options>

interface Sealed {
  readonly payload?: string
  readonly voip?: true
  readonly jwt?: string
  readonly key?: string
}

const sealedIn = ({ given }: Content): Sealed => given ?? {}

/** Apple's limits of a payload, in bytes. */
const LONGEST = { alert: 4096, voip: 5120 }

function writeApns({ notification }: Subject, { show, ...usual }: Options): Written {
  const { payload, voip } = sealedIn(notification.content)
  const kind = voip === true ? 'voip' : 'alert'
  const aps = voip === true ? {} : { ...apsOf(looksOf(notification, usual, show), notification), 'mutable-content': 1 }
  const whole = { aps, ...(payload === undefined || payload === '' ? {} : { rfc8291: payload }) }
  const fits = Buffer.byteLength(JSON.stringify(whole)) <= LONGEST[kind]
  const content = { speaks: 'apns', pushType: kind, priority: 10, payload: fits ? whole : { aps } } as const
  return { is: 'content', slot: 'address', content }
}

function writeWebPush({ notification }: Subject): Written {
  const { payload, jwt, key } = sealedIn(notification.content)
  const authorization = jwt === undefined || key === undefined ? {} : { authorization: `vapid t=${jwt}, k=${key}` }
  const urgency = notification.urgency === 'high' ? 'high' : 'low'
  return {
    is: 'content',
    slot: 'address',
    content:
      payload === undefined
        ? { speaks: 'webpush', payload: '{}', urgency }
        : { speaks: 'webpush', payload: '', urgency, sealed: { body: payload, ...authorization } },
  }
}

export const push2: Profile<Options> = Object.freeze({
  name: 'push2',
  options,
  reveals: () => 'that something happened, and content that is encrypted for the device; nothing else',
  passesEncrypted: false,
  keeps: () => ({ sender: false, body: false }),
  rings: (content: Content) => sealedIn(content).voip === true,
  collapseKey: (notification: Omit<Notification, 'collapseKey'>) =>
    notification.content.given === undefined ? collapseByClass(notification) : undefined,
  write: { apns: writeApns, webpush: writeWebPush },
})

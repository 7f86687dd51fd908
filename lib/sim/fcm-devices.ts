// The devices FCM knows, what it thinks of each, and what each would receive: collapse keys as FCM keeps them.
// https://firebase.google.com/docs/cloud-messaging/customize-messages/collapsible-message-types
import { type FcmMessage } from './fcm-message'
import { type FcmRowName } from './fcm-rows'

const MOST_COLLAPSE_KEYS = 4

/** What FCM thinks of a token. One it was never told of is `malformed`, unless the simulator welcomes any. */
export type DeviceState =
  | 'live'
  | 'malformed'
  | 'unregistered'
  | 'other sender'
  | 'APNs token disabled'
  | 'APNs BadDeviceToken'
  | 'APNs DeviceTokenNotForTopic'
  | 'APNs key invalid'

const answerOf: Readonly<Record<Exclude<DeviceState, 'live'>, FcmRowName>> = {
  malformed: 'not a token',
  unregistered: 'unregistered',
  'other sender': 'sender mismatch',
  'APNs token disabled': 'APNs token disabled',
  'APNs BadDeviceToken': 'APNs BadDeviceToken',
  'APNs DeviceTokenNotForTopic': 'APNs DeviceTokenNotForTopic',
  'APNs key invalid': 'APNs key invalid',
}

/** All devices of one simulator. */
export interface Devices {
  readonly set: (token: string, state: DeviceState) => void
  /** The answer to a message for it, or undefined if it is taken. */
  readonly refusal: (token: string) => FcmRowName | undefined
  /** Keeps the message for it. Answers with a complaint if a fifth collapse key makes FCM drop one of the four it keeps. */
  readonly take: (token: string, message: FcmMessage) => string | undefined
  /** What it would get if it came online now. */
  readonly inbox: (token: string) => readonly FcmMessage[]
}

/** No devices yet. `unknown`: what FCM thinks of a token that it was never told of. */
export const makeDevices = (unknown: DeviceState = 'malformed'): Devices => {
  const states = new Map<string, DeviceState>()
  const inboxes = new Map<string, FcmMessage[]>()
  return Object.freeze({
    set: (token: string, state: DeviceState) => {
      states.set(token, state)
    },
    refusal: (token: string) => {
      const state = states.get(token) ?? unknown
      return state === 'live' ? undefined : answerOf[state]
    },
    take: (token: string, message: FcmMessage) => {
      const key = message.collapseKey
      const kept = (inboxes.get(token) ?? []).filter((one) => key === undefined || one.collapseKey !== key)
      inboxes.set(token, [...kept, message])
      if (key === undefined) return undefined
      const keys = [...new Set(kept.flatMap((one) => one.collapseKey ?? []))]
      if (keys.length < MOST_COLLAPSE_KEYS) return undefined
      inboxes.set(token, [...kept.filter((one) => one.collapseKey !== keys[0]), message])
      return `a fifth collapse key ('${key}') for one device: FCM keeps any ${MOST_COLLAPSE_KEYS}`
    },
    inbox: (token: string) => inboxes.get(token) ?? [],
  })
}

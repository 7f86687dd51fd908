/** A notification as one family of push services wants it: written by a profile, sent by a provider. */
import { type AddressSlot } from './registration'

/** https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns */
export interface ApnsContent {
  readonly speaks: 'apns'
  readonly pushType: 'alert' | 'background' | 'voip'
  readonly priority: 10 | 5 | 1
  readonly payload: Readonly<Record<string, unknown>>
  /** At most 64 bytes. */
  readonly collapseId?: string
  /** In place of the app's topic, PushKit's suffix included: a caller's own. */
  readonly topic?: string
}

/** https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages */
export interface FcmContent {
  readonly speaks: 'fcm'
  readonly data: Readonly<Record<string, string>>
  readonly priority: 'HIGH' | 'NORMAL'
  readonly collapseKey?: string
  /** Shown by the system itself, without the app (`AndroidNotification`); texts of the device's user, so nothing by default. */
  readonly notification?: FcmNotification
}

/** https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages#AndroidNotification, by its own names. */
export interface FcmNotification {
  readonly title?: string
  readonly body?: string
  readonly icon?: string
  readonly sound?: string
  readonly tag?: string
  readonly click_action?: string
  readonly channel_id?: string
  readonly title_loc_key?: string
  readonly title_loc_args?: readonly string[]
  readonly body_loc_key?: string
  readonly body_loc_args?: readonly string[]
  readonly notification_count?: number
}

/** RFC 8030 §5: the payload is encrypted by the provider. */
export interface WebPushContent {
  readonly speaks: 'webpush'
  readonly payload: string
  readonly urgency: 'very-low' | 'low' | 'normal' | 'high'
  readonly topic?: string
  /** Encrypted by the publisher itself, in place of `payload`: the body in base64, and its own `authorization`. */
  readonly sealed?: { readonly body: string; readonly authorization?: string }
}

/** A request that is handed on to another push gateway as its caller wrote it, but for the address. */
export interface RelayContent {
  readonly speaks: 'relay'
  readonly body: Readonly<Record<string, unknown>>
}

export type VendorContent = ApnsContent | FcmContent | WebPushContent | RelayContent
export type Speech = VendorContent['speaks']

/** What a profile made of a notification: content and the address it goes to, or a deliberate silence. */
export type Written =
  | { readonly is: 'content'; readonly content: VendorContent; readonly slot: AddressSlot }
  | { readonly is: 'silence'; readonly why: string }

/** Contract: what a push must contain for one family of apps to understand it. */
import { type z } from 'zod'
import { type Speech, type Written } from '../model/content'
import { type Content, type Notification } from '../model/notification'
import { type Registration } from '../model/registration'

export interface Subject {
  readonly id: string
  readonly notification: Notification
  /** Absent where the caller brought the address along. */
  readonly registration?: Registration
}

export interface Profile<Options = never> {
  readonly name: string
  /** The app's keys that belong to this profile; a closed object, every key with a default. */
  readonly options: z.ZodObject & z.ZodType<Options>
  /** What the push service gets to see, one sentence for the operator. */
  reveals(options: Options): string
  /** Whether content that was encrypted for the device reaches it. */
  readonly passesEncrypted: boolean
  /** What of a publish may be kept: everything else is dropped at the door. */
  keeps(options: Options): { readonly sender: boolean; readonly body: boolean; readonly extras?: boolean }
  /** Whether a call can be sent as one: the caller can be named on the device, and there is an address that rings. */
  rings(content: Content, hasCallAddress: boolean): boolean
  /** Wake-ups of the same key replace each other while they wait; undefined: each is sent. */
  collapseKey(notification: Omit<Notification, 'collapseKey'>, options: Options): string | undefined
  /** Only the families of push services that this profile can write for. */
  readonly write: {
    readonly [S in Speech]?: (subject: Subject, options: Options) => Written
  }
}

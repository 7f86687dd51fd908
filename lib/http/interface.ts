/** Contract of this folder: an interface that can be served over HTTP, as the routes it claims. */
import { type Context } from 'hono'
import { type DoorApps } from '../intake/app'
import { type Deliver } from '../intake/deliver'
import { type RegisterAnswer } from '../intake/register'
import { type Jid } from '../model/jid'
import { type Fields } from '../dialects/dialect'
import { type Clock } from '../clock'
import { type Observe } from '../observe'
import { type Live } from '../admin/live'
import { type Caller } from './caller'

export interface HttpRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** The path, without parameters of the query; `:name` and `:name{.+}` as hono has them. */
  readonly path: string
  /** Throwing or rejecting is a bug or a broken floor: the server answers by `refuse`, or 500. */
  readonly answer: (context: Context, caller: Caller) => Response | Promise<Response>
}

/** Why the server answers in place of the route. `broken`: it threw. */
export type Refusal = 'unauthorized' | 'too-many' | 'too-large' | 'broken'

export interface HttpInterface {
  /** Its name in the configuration. */
  readonly name: string
  /** `anyone`: made to be asked by strangers, who need neither token nor certificate. */
  readonly for: 'anyone' | 'callers'
  readonly routes: readonly HttpRoute[]
  /** Bytes of a body; 64 KiB if it is left out. */
  readonly mostBody?: number
  /** The interface's own words for what the server answers in its place; plain text if it is left out. */
  readonly refuse?: (context: Context, why: Refusal) => Response | undefined
}

/** A command of a dialect, called over HTTP. */
export interface CommandCall {
  readonly dialect: string
  /** Its node (XEP-0050). */
  readonly command: string
  /** The JID of ours at which the device is registered. */
  readonly service: string
  readonly requester: Jid
  readonly fields: Fields
}

/** What interfaces may ask the service. */
export interface HttpSurroundings {
  /** What clients must know of each app before they can register, by app: its VAPID public key. */
  readonly offers: () => ReadonlyMap<string, Readonly<Record<string, string>>>
  /** Every app, by its name. */
  readonly apps: () => DoorApps
  /** Takes a notification whose address the caller brought along. */
  readonly deliver: Deliver
  /** Does for an account what one of a dialect's commands would do. Rejects only where the store is broken. */
  readonly command: (call: CommandCall) => Promise<RegisterAnswer>
  /** The JIDs at which devices register, the first one first. */
  readonly domains: readonly string[]
  /** The state of links and apps. */
  readonly live: Live
  readonly clock: Clock
  readonly observe: Observe
}

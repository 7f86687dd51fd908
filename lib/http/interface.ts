/** Contract of this folder: an interface that can be served over HTTP, as the routes it claims. */
import { type Context } from 'hono'
import { type DoorApps } from '../intake/app'
import { type Deliver } from '../intake/deliver'

export interface HttpRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** The path, whole and without parameters of the query. */
  readonly path: string
  /** Throwing or rejecting is a bug or a broken floor: the server answers 500. */
  readonly answer: (context: Context) => Response | Promise<Response>
}

export interface HttpInterface {
  /** Its name in the configuration. */
  readonly name: string
  readonly routes: readonly HttpRoute[]
}

/** What interfaces may ask the service. */
export interface HttpSurroundings {
  /** What clients must know of each app before they can register, by app: its VAPID public key. */
  readonly offers: () => ReadonlyMap<string, Readonly<Record<string, string>>>
  /** Every app, by its name. */
  readonly apps: () => DoorApps
  /** Takes a notification whose address the caller brought along. */
  readonly deliver: Deliver
}

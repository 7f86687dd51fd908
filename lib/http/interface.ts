/** Contract of this folder: an interface that can be served over HTTP, with the routes it claims and the settings it has. */
import { type Context } from 'hono'
import { z } from 'zod'
import { type DoorApps } from '../intake/app'
import { type ByNode } from '../intake/by-node'
import { type Deliver } from '../intake/deliver'
import { type RegisterAnswer } from '../intake/register'
import { type Jid } from '../model/jid'
import { type Fields } from '../dialects/dialect'
import { type OptionWords, pace } from '../model/options'
import { type Clock } from '../clock'
import { type Pace } from '../gate'
import { type Observe } from '../observe'
import { type Figure } from '../observe/figures'
import { type Glance } from '../admin/glance'
import { type Live } from '../admin/live'
import { type Ask } from '../admin/questions'
import { type Readiness } from '../admin/readiness'
import { type Caller } from './caller'

/** Bytes of a body that an operator may allow at most. */
const MOST_BODY = 16 * 1024 * 1024

/** What `/openapi.json` tells of a route. Nothing is checked by it: what a wrong body is answered with is the interface's own. */
export interface Told {
  /** One sentence. */
  readonly summary: string
  /** What a body must be. */
  readonly body?: z.ZodType
  /** Its media type; JSON if it is left out. */
  readonly bodyType?: string
  /** By status: when it is answered, and what with. */
  readonly answers: Readonly<Record<number, { readonly when: string; readonly body?: z.ZodType }>>
}

export interface HttpRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** The path, without parameters of the query; `:name`, `:name{.+}` and `*` as hono has them. */
  readonly path: string
  /** Who may ask, where that is not as for the rest of the interface. */
  readonly for?: HttpInterface['for']
  readonly tells?: Told
  /** Throwing or rejecting is a bug or a broken floor: the server answers by `refuse`, or 500. */
  readonly answer: (context: Context, caller: Caller) => Response | Promise<Response>
}

/** Why the server answers in place of the route. `broken`: it threw. `unavailable`: so it did, for the store takes nothing for the time being. */
export type Refusal = 'unauthorized' | 'too-many' | 'too-large' | 'broken' | 'unavailable'

/** What an interface serves. */
export interface Served {
  readonly routes: readonly HttpRoute[]
  /** Bytes of a body; 64 KiB if it is left out. */
  readonly mostBody?: number
  /** What it counts of itself, for `/metrics`. */
  readonly figures?: readonly Figure[]
  /** How it stands, one line for `xmpp-push status`; of nobody's names and texts. */
  readonly status?: () => string
  /** The interface's own words for what the server answers in its place; plain text if it is left out. */
  readonly refuse?: (context: Context, why: Refusal) => Response | undefined
}

/** An interface as a listener serves it. */
export interface HttpInterface extends Served {
  /** Its name in the configuration. */
  readonly name: string
  /** `anyone`: made to be asked by strangers, who need neither token nor certificate. */
  readonly for: 'anyone' | 'callers'
  /** What one caller may ask of it, besides what the listener allows. */
  readonly pace?: Pace
}

/** An interface that can be configured. One file, and one line in `interfaces.ts`. */
export interface InterfaceKind {
  readonly name: string
  readonly for: HttpInterface['for']
  /** What it is, for the configuration's reader: «The interface of MongoosePush.» */
  readonly about: string
  /** The closed schema of `http.interfaces.<name>`; what it reads opens the interface. `{}` must be right. */
  readonly settings: (words: OptionWords) => z.ZodType<OpenInterface>
}

export type OpenInterface = (surroundings: HttpSurroundings) => HttpInterface

/**
 * Declares an interface. `options`: keys of its own at `http.interfaces.<name>`, each with a default or optional; `limit` and
 * `maxBody` every interface has.
 */
export function httpInterface<S extends z.ZodRawShape = Record<never, never>>(kind: {
  readonly name: string
  readonly for: HttpInterface['for']
  readonly about: string
  readonly options?: (words: OptionWords) => S
  readonly open: (surroundings: HttpSurroundings, settings: z.output<z.ZodObject<S>>) => Served
}): InterfaceKind {
  const { name, about } = kind
  const common = {
    limit: pace.exactOptional().describe('What one caller may ask of it, besides what the listener allows.'),
    maxBody: z.number().int().min(1024).max(MOST_BODY).exactOptional().describe('Most bytes of a body.'),
  }
  return Object.freeze({
    ...{ name, about, for: kind.for },
    settings(words: OptionWords) {
      const own = z.strictObject(kind.options?.(words) ?? ({} as S))
      const shared = z.object(common)
      return z.strictObject({ ...own.shape, ...common }).transform((read): OpenInterface => {
        const { limit, maxBody } = shared.parse(read)
        const { limit: _limit, maxBody: _maxBody, ...rest } = read as Record<string, unknown>
        return (surroundings) => ({
          ...{ name, for: kind.for },
          // What is left of it once the common keys are taken out is what its own keys made.
          ...kind.open(surroundings, rest as z.output<z.ZodObject<S>>),
          ...(limit === undefined ? {} : { pace: limit }),
          ...(maxBody === undefined ? {} : { mostBody: maxBody }),
        })
      })
    },
  })
}

/** A command of a dialect, called over HTTP. */
export interface CommandCall {
  readonly dialect: string
  /** Its node (XEP-0050). */
  readonly command: string
  /** The JID of ours at which the device is registered. */
  readonly service: string
  readonly requester: Jid
  /** The owner, where whoever asks is nobody's account (`model/stand-in`). */
  readonly standIn?: string
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
  /** Devices that are known by their node alone. */
  readonly byNode: ByNode
  /** The JIDs at which devices register, the first one first. */
  readonly domains: readonly string[]
  /** What the same listener serves, this interface included; to be asked once it listens. */
  readonly beside: () => readonly HttpInterface[]
  /** Every figure, as Prometheus reads it, and the type that the text is to be served as. */
  readonly metrics: () => Promise<{ readonly text: string; readonly type: string }>
  /** Whether the service may be given work. Never rejects. */
  readonly readiness: () => Promise<Readiness>
  /** The service at a glance. Never rejects. */
  readonly glance: () => Promise<Glance>
  /** What an operator may ask. Rejects only where the store is broken. */
  readonly ask: Ask
  /** The state of links and apps. */
  readonly live: Live
  readonly clock: Clock
  readonly observe: Observe
}

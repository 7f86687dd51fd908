/** The part `http` of the configuration: where which interfaces are served. Knows their names, not what they do. */
import { z } from 'zod'
import { type Fault, type Path } from './fault'
import { either, readPart } from './faults'
import { unbuiltKey } from './unbuilt'
import { refuse } from './words'
import { type OptionWords } from '../model/options'

/** Interfaces that can be served. */
export const builtInterfaces = ['webpush-example'] as const
/** Interfaces that are known and not built yet. */
const unbuiltInterfaces: readonly string[] = ['health', 'metrics']

export type InterfaceName = (typeof builtInterfaces)[number]

/** One place where HTTP is served. */
export interface Listener {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  readonly serve: readonly InterfaceName[]
}

export interface Http {
  readonly listeners: readonly Listener[]
}

interface Place {
  readonly host: string
  readonly port: number
}

function readListen(text: string, ctx: z.RefinementCtx): Place {
  const found = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(text)
  const place = { host: found?.[1] ?? found?.[2] ?? '', port: Number(found?.[3]) }
  if (found === null || place.port > 65535) {
    refuse(ctx, `"${text}" is no address and port`, 'Write address:port, as 127.0.0.1:8086 or [::1]:8086')
  }
  return place
}

function isBuilt(name: string): name is InterfaceName {
  return (builtInterfaces as readonly string[]).includes(name)
}

function readName(name: string, ctx: z.RefinementCtx): InterfaceName {
  if (isBuilt(name)) return name
  const text = unbuiltInterfaces.includes(name)
    ? `the interface "${name}" is not built yet`
    : `there is no interface "${name}"`
  refuse(ctx, text, `Write ${either(builtInterfaces)}`)
  return z.NEVER
}

/** The shape of `http`, what is not built yet included. */
export function makeHttp(words: OptionWords) {
  const name = z
    .string()
    .meta({ enum: [...builtInterfaces, ...unbuiltInterfaces] })
    .transform(readName)
  const listener = z.strictObject({
    listen: z.string().transform(readListen).describe('Address and port: `127.0.0.1:8086`.'),
    tls: z
      .strictObject({ certificate: words.credential, key: words.credential })
      .optional()
      .describe('Not built yet. Let a reverse proxy speak TLS.'),
    auth: z.strictObject({ token: words.credential }).optional().describe('Not built yet. Who may ask.'),
    serve: z.array(name).min(1).describe('Names of the interfaces served here.'),
  })
  return z
    .strictObject({
      listeners: z.array(listener).default([]).describe('Where HTTP is served, and what.'),
      trustedProxies: z
        .array(z.string())
        .optional()
        .describe('Not built yet. Proxies whose X-Forwarded-For is believed.'),
    })
    .describe('Where HTTP interfaces are served; nowhere if it is left out.')
}

function present(raw: unknown, key: string): boolean {
  return typeof raw === 'object' && raw !== null && (raw as Record<string, unknown>)[key] !== undefined
}

/** Keys that have a shape and no effect yet, where they stand. */
function unbuiltIn(raw: unknown): readonly Path[] {
  const listeners: unknown = present(raw, 'listeners') ? (raw as { readonly listeners: unknown }).listeners : []
  const own = present(raw, 'trustedProxies') ? [['http', 'trustedProxies']] : []
  const places = (Array.isArray(listeners) ? listeners : []).flatMap((listener: unknown, at) =>
    ['tls', 'auth'].flatMap((key) => (present(listener, key) ? [['http', 'listeners', at, key]] : [])),
  )
  return [...own, ...places]
}

/** Reads `http`; undefined with its faults added where it is not right. */
export function readHttp(raw: unknown, words: OptionWords, faults: Fault[]): Http | undefined {
  const unbuilt = unbuiltIn(raw)
  faults.push(...unbuilt.map(unbuiltKey))
  const read = readPart(makeHttp(words), raw === undefined ? {} : raw, ['http'], faults)
  if (read === undefined || unbuilt.length > 0) return undefined
  return { listeners: read.listeners.map(({ listen, serve }) => ({ ...listen, serve })) }
}

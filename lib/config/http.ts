/** The part `http` of the configuration: where which interfaces are served, and to whom. Knows their names, not what they do. */
import { isIP } from 'node:net'
import { z } from 'zod'
import { type OpenInterface } from '../http/interface'
import { Opaque } from '../model/opaque'
import { type OptionWords, pace } from '../model/options'
import { type Fault, spell } from './fault'
import { either, readPart } from './faults'
import { builtInterfaces, interfaceNames, makeInterfaces } from './interfaces'
import { type ListenerTls, makeTls } from './tls'
import { refuse } from './words'

/** One place where HTTP is served. */
export interface Listener {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  /** Names of interfaces that there are. */
  readonly serve: readonly string[]
  readonly tls?: ListenerTls
  /** Bearer tokens by the name of who has them; empty where certificates alone do. Absent: whoever reaches it may ask. */
  readonly tokens?: ReadonlyMap<string, Opaque>
  readonly limit?: { readonly burst: number; readonly perSecond: number }
}

export interface Http {
  readonly listeners: readonly Listener[]
  readonly trustedProxies: readonly string[]
  /** What opens each interface, by its name. */
  readonly interfaces: Readonly<Record<string, OpenInterface>>
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

function readName(name: string, ctx: z.RefinementCtx): string {
  if (!interfaceNames.includes(name)) refuse(ctx, `there is no interface "${name}"`, `Write ${either(interfaceNames)}`)
  return name
}

function readProxy(text: string, ctx: z.RefinementCtx): string {
  const [address = '', bits, ...more] = text.split('/')
  const most = isIP(address) === 6 ? 128 : 32
  const isRight = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most)
  if (isIP(address) === 0 || !isRight || more.length > 0) {
    refuse(
      ctx,
      `"${text}" is neither an address nor a network`,
      'Write an address, as 127.0.0.1, or a network, as 10.0.0.0/8',
    )
  }
  return text
}

/** The shape of `http`. */
export function makeHttp(words: OptionWords) {
  const name = z
    .string()
    .meta({ enum: [...interfaceNames] })
    .transform(readName)
  const listener = z.strictObject({
    listen: z.string().transform(readListen).describe('Address and port: `127.0.0.1:8086`.'),
    tls: makeTls(words)
      .exactOptional()
      .describe('Speak TLS. A certificate that was replaced is used within a minute, or with the credentials at once.'),
    auth: z
      .union([
        z.literal('open'),
        z.strictObject({
          tokens: z
            .record(z.string().regex(/^[\w.@-]{1,64}$/), words.credential)
            .describe('Bearer tokens, by the name of who has them.'),
        }),
      ])
      .exactOptional()
      .describe(
        'Who may ask: bearer `tokens`, or `open` for whoever reaches the address. Left out: whoever reaches a loopback address, nobody else but those with a client certificate.',
      ),
    limit: pace.exactOptional().describe('What one caller may ask. Default: 2000 at once, 200 a second.'),
    serve: z.array(name).min(1).describe('Names of the interfaces served here.'),
  })
  return z
    .strictObject({
      listeners: z.array(listener).default([]).describe('Where HTTP is served, and what.'),
      trustedProxies: z
        .array(z.string().transform(readProxy))
        .default([])
        .describe('Addresses and networks of proxies whose `X-Forwarded-For` is believed.'),
      interfaces: makeInterfaces(words),
    })
    .describe('Where HTTP interfaces are served; nowhere if it is left out.')
}

type Read = z.output<ReturnType<typeof makeHttp>>['listeners'][number]

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host)
}

function listenerOf({ listen, tls, auth, limit, serve }: Read, at: number, faults: Fault[]): Listener {
  const tokens = auth === undefined || auth === 'open' ? undefined : auth.tokens
  const guarded = serve.filter((each) => builtInterfaces.get(each) === 'callers')
  const isUnguarded = auth === undefined && tls?.clients === undefined && !isLoopback(listen.host)
  if (isUnguarded && guarded.length > 0) {
    faults.push({
      path: spell(['http', 'listeners', at, 'auth']),
      text: `is missing: anyone who reaches ${listen.host} could use ${guarded.join(', ')}`,
      mend: 'Write { "tokens": { "name": "…" } }, or "open" where only callers that you trust can reach it',
    })
  }
  const known = tokens ?? (tls?.clients === undefined || auth === 'open' ? undefined : {})
  return {
    ...{ ...listen, serve },
    ...(tls === undefined ? {} : { tls }),
    ...(known === undefined
      ? {}
      : { tokens: new Map(Object.entries(known).map(([name, token]) => [name, new Opaque(token.text())])) }),
    ...(limit === undefined ? {} : { limit }),
  }
}

/** Reads `http`; undefined with its faults added where it is not right. */
export function readHttp(raw: unknown, words: OptionWords, faults: Fault[]): Http | undefined {
  const read = readPart(makeHttp(words), raw === undefined ? {} : raw, ['http'], faults)
  if (read === undefined) return undefined
  const { trustedProxies, interfaces } = read
  const listeners = read.listeners.map((listener, at) => listenerOf(listener, at, faults))
  return { listeners, trustedProxies, interfaces }
}

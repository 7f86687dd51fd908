/** The part `telemetry` of the configuration: where traces are sent. */
import { z } from 'zod'
import { Opaque } from '../model/opaque'
import { type OptionWords } from '../model/options'
import { refuse } from './words'

export interface Telemetry {
  /** Where spans are posted. */
  readonly url: string
  readonly headers: ReadonlyMap<string, Opaque>
  /** Of the traces that begin here, from 0 to 1. */
  readonly share: number
}

/** A base takes the usual path, as other exporters have it. */
function readEndpoint(text: string, ctx: z.RefinementCtx): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || `${url.username}${url.password}` !== '') {
    refuse(ctx, `"${text}" is no address of a collector`, 'Write http://127.0.0.1:4318, or https://host/v1/traces')
    return z.NEVER
  }
  if (url.pathname === '/') url.pathname = '/v1/traces'
  return url.href
}

export function makeTelemetry(words: OptionWords) {
  return z
    .strictObject({
      endpoint: z
        .string()
        .transform(readEndpoint)
        .describe('Where spans go: OTLP over HTTP, as JSON. Without a path, `/v1/traces` of it.'),
      headers: z
        .record(z.string().regex(/^[\w-]{1,64}$/), words.credential)
        .exactOptional()
        .describe('Headers that it asks for: `{ "authorization": { "env": "OTLP_TOKEN" } }`.'),
      share: z.number().min(0).max(1).default(1).describe('Which share of the traces that begin here is sent.'),
    })
    .transform(({ endpoint, headers = {}, share }): Telemetry => ({
      ...{ url: endpoint, share },
      headers: new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), new Opaque(value.text())])),
    }))
    .describe('Where traces are sent (OpenTelemetry); nowhere if it is left out.')
}

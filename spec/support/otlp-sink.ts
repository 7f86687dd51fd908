/** A collector that takes OTLP over HTTP as JSON (opentelemetry-proto 1.x) and refuses what is not exactly that. */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { type AddressInfo } from 'node:net'
import { z } from 'zod'

const nanos = z.string().regex(/^[1-9]\d{18}$/)
const value = z.union([
  z.strictObject({ stringValue: z.string() }),
  z.strictObject({ boolValue: z.boolean() }),
  z.strictObject({ intValue: z.string().regex(/^-?\d+$/) }),
  z.strictObject({ doubleValue: z.number() }),
])
const attributes = z.array(z.strictObject({ key: z.string().min(1), value }))
const span = z
  .strictObject({
    traceId: z.string().regex(/^(?!0+$)[0-9a-f]{32}$/),
    spanId: z.string().regex(/^(?!0+$)[0-9a-f]{16}$/),
    traceState: z.string().optional(),
    parentSpanId: z
      .string()
      .regex(/^(?!0+$)[0-9a-f]{16}$/)
      .optional(),
    name: z.string().min(1),
    kind: z.number().int().min(1).max(5),
    startTimeUnixNano: nanos,
    endTimeUnixNano: nanos,
    attributes,
    status: z.strictObject({ code: z.number().int().min(0).max(2).optional(), message: z.string().optional() }),
  })
  .refine(({ startTimeUnixNano, endTimeUnixNano }) => BigInt(startTimeUnixNano) <= BigInt(endTimeUnixNano))
const request = z.strictObject({
  resourceSpans: z
    .array(
      z.strictObject({
        resource: z.strictObject({
          attributes: attributes.refine((all) => all.some(({ key }) => key === 'service.name')),
        }),
        scopeSpans: z.array(
          z.strictObject({
            scope: z.strictObject({ name: z.string(), version: z.string() }),
            spans: z.array(span).min(1),
          }),
        ),
      }),
    )
    .min(1),
})

export type TakenSpan = z.output<typeof span>

export interface OtlpSink {
  readonly url: string
  readonly spans: readonly TakenSpan[]
  /** What was not as it must be. */
  readonly faults: readonly string[]
  readonly headers: readonly IncomingHttpHeaders[]
  /** Answers so until it is told otherwise; undefined: takes what is right. */
  answer(status: number | undefined): void
  /** Resolves with the next request. */
  asked(): Promise<void>
  close(): Promise<void>
}

export async function startOtlpSink(): Promise<OtlpSink> {
  const spans: TakenSpan[] = []
  const faults: string[] = []
  const headers: IncomingHttpHeaders[] = []
  const waiting: (() => void)[] = []
  let forced: number | undefined

  function take(method: string | undefined, url: string | undefined, type: string | undefined, text: string): number {
    if (forced !== undefined) return forced
    if (method !== 'POST' || url !== '/v1/traces') faults.push(`${String(method)} ${String(url)}`)
    if (type !== 'application/json') faults.push(`Content-Type ${String(type)}`)
    const read = request.safeParse(JSON.parse(text))
    if (!read.success) {
      faults.push(z.prettifyError(read.error))
      return 400
    }
    for (const { scopeSpans } of read.data.resourceSpans) for (const each of scopeSpans) spans.push(...each.spans)
    return 200
  }

  const server = createServer((asked, answer) => {
    const chunks: Buffer[] = []
    asked.on('data', (chunk: Buffer) => chunks.push(chunk))
    asked.on('end', () => {
      headers.push(asked.headers)
      const status = take(asked.method, asked.url, asked.headers['content-type'], Buffer.concat(chunks).toString())
      answer.writeHead(status, { 'content-type': 'application/json' }).end('{}')
      for (const tell of waiting.splice(0)) tell()
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    ...{ spans, faults, headers },
    answer: (status) => void (forced = status),
    asked: () => new Promise((done) => waiting.push(done)),
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

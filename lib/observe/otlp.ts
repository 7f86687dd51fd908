/** Spans to a collector: OTLP 1.x over HTTP, as JSON. Bounded: what can't be sent is dropped and counted, and nothing waits for it. */
import { type Clock } from '../clock'
import { type Opaque } from '../model/opaque'
import { makeCounter, type Figure } from './figures'
import { type Attributes, type Span } from './tracing'

export interface Collector {
  readonly url: string
  readonly headers: ReadonlyMap<string, Opaque>
}

export interface Exporter {
  add(span: Span): void
  /** Sends what there is, waits for so many milliseconds, and ends. */
  close(within: number): Promise<void>
  readonly figures: readonly Figure[]
}

/** Milliseconds between two batches, and for which one may take. */
const EVERY = 5_000
const WITHIN = 10_000
/** Spans of one batch, and that wait at most. */
const BATCH = 512
const MOST = 4_096

const kinds = { server: 2, client: 3 } as const

function attributesOf(attributes: Attributes) {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value:
      typeof value === 'string'
        ? { stringValue: value }
        : typeof value === 'boolean'
          ? { boolValue: value }
          : Number.isInteger(value)
            ? { intValue: String(value) }
            : { doubleValue: value },
  }))
}

/** Nanoseconds since 1970, as a text: they are more than a number holds. */
const nanos = (ms: number): string => String(BigInt(Math.round(ms * 1000)) * 1000n)

function spell({ context, parent, name, kind, start, end, attributes, error }: Span) {
  return {
    traceId: context.trace,
    spanId: context.span,
    ...(context.state === undefined ? {} : { traceState: context.state }),
    ...(parent === undefined ? {} : { parentSpanId: parent }),
    ...{ name, kind: kinds[kind], startTimeUnixNano: nanos(start), endTimeUnixNano: nanos(end) },
    attributes: attributesOf(attributes),
    status: error === undefined ? {} : { code: 2, message: error },
  }
}

/** `notice`: told once when spans begin to be lost. */
export function makeExporter(options: {
  readonly to: Collector
  readonly version: string
  readonly clock: Clock
  readonly notice: (text: string) => void
}): Exporter {
  const { to, version, clock, notice } = options
  const spans = makeCounter({
    name: 'xmpp_push_spans_total',
    help: 'Spans that were sent to the collector, or dropped because it does not take them.',
    labels: ['end'],
  })
  const resource = { attributes: attributesOf({ 'service.name': 'xmpp-push', 'service.version': version }) }
  const scope = { name: 'xmpp-push', version }
  let waiting: Span[] = []
  let isFailing = false
  let cancel: (() => void) | undefined
  let sending: Promise<void> | undefined

  async function post(batch: readonly Span[]): Promise<string | undefined> {
    const given = new AbortController()
    const stop = clock.after(WITHIN, () => given.abort())
    try {
      const body = JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope, spans: batch.map(spell) }] }] })
      const own = [...to.headers].map(([name, value]) => [name, value.reveal()] as const)
      const headers = { ...Object.fromEntries(own), 'content-type': 'application/json' }
      const answer = await fetch(to.url, { method: 'POST', headers, body, signal: given.signal, redirect: 'error' })
      await answer.arrayBuffer()
      return answer.ok ? undefined : `it answered ${answer.status}`
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
      return cause instanceof Error ? cause.message : String(cause)
    } finally {
      stop()
    }
  }

  async function send(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, BATCH)
      const why = await post(batch)
      spans.add([why === undefined ? 'sent' : 'dropped'], batch.length)
      if (why !== undefined && !isFailing) notice(`${to.url} takes no spans: ${why}; they are dropped until it does`)
      isFailing = why !== undefined
      if (isFailing) return
    }
  }

  /** One batch is under way at a time. */
  function flush(): Promise<void> {
    cancel?.()
    cancel = undefined
    return (sending ??= send().finally(() => {
      sending = undefined
      if (waiting.length > 0) schedule()
    }))
  }

  function schedule(): void {
    cancel ??= clock.after(EVERY, () => void flush())
  }

  return Object.freeze({
    figures: [spans.figure],
    add(span: Span) {
      if (waiting.length >= MOST) return spans.add(['dropped'])
      waiting.push(span)
      if (waiting.length >= BATCH && sending === undefined && !isFailing) void flush()
      else schedule()
    },
    async close(grace: number) {
      await sending
      await Promise.race([flush(), new Promise<void>((done) => void clock.after(grace, done))])
      cancel?.()
      waiting = []
    },
  })
}

/**
 * Spans (OpenTelemetry) of requests, publishes and attempts. A delivery belongs to the trace that brought it as long as this process
 * remembers it; after a restart, to a trace of its own that is named like it. No span holds a token, an account or a text.
 */
import { type Clock } from '../clock'
import { currentTrace, newSpan, newTrace, within, type TraceContext } from './trace-context'

export type Attributes = Readonly<Record<string, string | number | boolean>>

export interface Span {
  readonly context: TraceContext
  readonly parent?: string
  readonly name: string
  readonly kind: 'server' | 'client'
  /** Milliseconds since 1970, with fractions. */
  readonly start: number
  readonly end: number
  readonly attributes: Attributes
  /** What went wrong, in a word. */
  readonly error?: string
}

/** What is told of something that was done. */
export interface Ended {
  readonly attributes?: Attributes
  readonly error?: string
}

export interface Tracing {
  /** Does what was asked from outside, within the trace that the caller names, or a new one. */
  asked<T>(
    name: string,
    caller: TraceContext | undefined,
    run: () => Promise<T>,
    tell: (result: T) => Ended,
  ): Promise<T>
  /** These deliveries were put by what is being done. */
  put(deliveries: readonly string[]): void
  /** One attempt of a delivery. */
  attempt<T>(name: string, delivery: string, run: () => Promise<T>, tell: (result: T) => Ended): Promise<T>
}

/** So many deliveries are remembered with their trace. */
const MOST = 10_000

/** `share`: of traces that begin here, from 0 to 1; what a caller says of its own is kept. */
export function makeTracing(options: {
  readonly share: number
  readonly clock: Clock
  readonly ended: (span: Span) => void
}): Tracing {
  const { share, clock, ended } = options
  const broughtBy = new Map<string, TraceContext>()

  async function spanOf<T>(
    { name, kind }: Pick<Span, 'name' | 'kind'>,
    parent: TraceContext | undefined,
    context: TraceContext,
    run: () => Promise<T>,
    tell: (result: T) => Ended,
  ): Promise<T> {
    const [start, since] = [clock.now(), clock.elapsed()]
    const end = (told: Ended): void => {
      if (!context.isSampled) return
      const { attributes = {}, error } = told
      const span = { context, name, kind, start, end: start + clock.elapsed() - since, attributes }
      ended({
        ...span,
        ...(parent === undefined ? {} : { parent: parent.span }),
        ...(error === undefined ? {} : { error }),
      })
    }
    try {
      const result = await within(context, run)
      end(tell(result))
      return result
    } catch (error) {
      end({ error: 'broken' })
      throw error
    }
  }

  /** The same trace, another span. */
  function under(parent: TraceContext): TraceContext {
    return { ...parent, span: newSpan() }
  }

  return Object.freeze({
    asked<T>(name: string, caller: TraceContext | undefined, run: () => Promise<T>, tell: (result: T) => Ended) {
      const parent = caller ?? currentTrace()
      const fresh = (): TraceContext => ({ trace: newTrace(), span: newSpan(), isSampled: clock.random() < share })
      const context = parent === undefined ? fresh() : under(parent)
      return spanOf({ name, kind: 'server' }, parent, context, run, tell)
    },
    put(deliveries: readonly string[]) {
      const current = currentTrace()
      if (current === undefined) return
      for (const delivery of deliveries) {
        broughtBy.set(delivery, current)
        const [oldest] = broughtBy.size > MOST ? broughtBy.keys() : []
        if (oldest !== undefined) broughtBy.delete(oldest)
      }
    },
    attempt<T>(name: string, delivery: string, run: () => Promise<T>, tell: (result: T) => Ended) {
      const parent = broughtBy.get(delivery)
      // The same share of deliveries as of traces, and always the same ones.
      const trace = delivery.replaceAll('-', '')
      const isSampled = Number.parseInt(trace.slice(0, 8), 16) / 2 ** 32 < share
      const context = parent === undefined ? { trace, span: newSpan(), isSampled } : under(parent)
      return spanOf({ name, kind: 'client' }, parent, context, run, tell)
    },
  })
}

/** Which trace what is being done belongs to: W3C Trace Context (level 1), carried along by Node through every await. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'

export interface TraceContext {
  /** 32 and 16 hexadecimal digits, lower-case. */
  readonly trace: string
  readonly span: string
  readonly isSampled: boolean
  /** What other systems keep of it, handed on as it came. */
  readonly state?: string
}

const carried = new AsyncLocalStorage<TraceContext>()

/** Longer ones may be dropped (§3.3.1.5). */
const MOST_STATE = 512
const FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/** What a caller's headers say; undefined where they say nothing, or nothing right (§3.2.2). */
export function readTraceparent(traceparent: string | undefined, tracestate?: string): TraceContext | undefined {
  const [, version = '', trace = '', span = '', flags = '', more] = FORM.exec(traceparent?.trim() ?? '') ?? []
  if (version === '' || version === 'ff' || (version === '00' && more !== undefined)) return undefined
  if (/^0+$/.test(trace) || /^0+$/.test(span)) return undefined
  const isFit = tracestate !== undefined && tracestate !== '' && tracestate.length <= MOST_STATE
  const isSampled = (Number.parseInt(flags, 16) & 1) === 1
  return { trace, span, isSampled, ...(isFit ? { state: tracestate } : {}) }
}

export function spellTraceparent({ trace, span, isSampled }: TraceContext): string {
  return `00-${trace}-${span}-${isSampled ? '01' : '00'}`
}

export const newTrace = (): string => randomBytes(16).toString('hex')
export const newSpan = (): string => randomBytes(8).toString('hex')

/** The trace that what is being done belongs to. */
export function currentTrace(): TraceContext | undefined {
  return carried.getStore()
}

/** Headers for a request to a part of the operator's own; none where nothing is traced. */
export function traceHeaders(): Readonly<Record<string, string>> {
  const current = carried.getStore()
  if (current === undefined) return {}
  return {
    traceparent: spellTraceparent(current),
    ...(current.state === undefined ? {} : { tracestate: current.state }),
  }
}

/** Does something, and all that follows from it, within a trace. */
export function within<T>(context: TraceContext, run: () => T): T {
  return carried.run(context, run)
}

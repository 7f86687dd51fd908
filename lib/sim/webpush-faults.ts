// Everything that a simulator of Web Push can be told to do instead of, or while, answering, and how it is done.
// It judges nothing, and leaves the time between two octets to ./time.

import { type Writable } from 'node:stream'
import { type Answer } from './http-journal'
import { type Exchange } from './webpush-door'
import { webPushRows, type WebPushRow, type WebPushRowName } from './webpush-rows'
import { after } from './time'

/** An order to the simulator. */
export type WebPushFault =
  /** One of the vendors' answers, whoever the simulator is. `retryAfter` in place of its own. */
  | { readonly is: 'row'; readonly row: WebPushRowName; readonly retryAfter?: string }
  /** Any answer at all. */
  | {
      readonly is: 'answer'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body: string | Buffer
    }
  /** To `location`, or to a place of the simulator's own where a client that follows is caught. */
  | { readonly is: 'redirect'; readonly status: 301 | 302 | 303 | 307 | 308; readonly location?: string }
  /** Judged as ever; if the push is taken, the answer says this TTL, in seconds. */
  | { readonly is: 'ttl'; readonly seconds: number }
  /** Judged as ever, and answered after these informational answers. */
  | { readonly is: 'informational'; readonly statuses: readonly (100 | 102 | 103)[] }
  /** Judged as ever, and answered so many milliseconds later. */
  | { readonly is: 'slow'; readonly ms: number }
  /** Judged as ever, and answered when the promise is kept. */
  | { readonly is: 'held'; readonly until: Promise<unknown> }
  /** Never answered. */
  | { readonly is: 'silence' }
  /** The connection is torn down; `in the body`: after the head and a part of the body. */
  | { readonly is: 'cut'; readonly at: 'before the answer' | 'in the body' }
  /** A head with this status (201 unless told), then an octet of body now and again, for ever. */
  | { readonly is: 'drip'; readonly everyMs: number; readonly status?: number }
  /** A head with this status (201 unless told), then a body as fast as it is read; it ends after `mostOctets`, 256 MiB unless told. */
  | { readonly is: 'endless'; readonly status?: number; readonly mostOctets?: number }
  /** GOAWAY with this code. `processed`: the request is answered as ever; else it never was read. Over HTTP/1.1 the connection closes. */
  | { readonly is: 'goaway'; readonly code: number; readonly processed: boolean }

const CHUNK = Buffer.alloc(16_384, 'x')
const BODY = { 'content-type': 'application/octet-stream' }

/** One row as an answer. */
export const spell = (row: WebPushRow, retryAfter?: string): Answer => ({
  is: 'answer',
  status: row.status,
  headers: {
    ...(row.body === undefined && row.status !== 204 ? { 'content-length': '0' } : {}),
    ...row.headers,
    ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
  },
  body: row.body ?? '',
})

/** What the journal says of the answer: what the fault makes of the one that was judged. `trap`: a place for clients that follow. */
export const answerUnder = (fault: WebPushFault | undefined, judged: Answer, trap: () => string): Answer => {
  switch (fault?.is) {
    case 'row':
      return spell(webPushRows[fault.row], fault.retryAfter)
    case 'answer':
      return { is: 'answer', status: fault.status, headers: { ...fault.headers }, body: fault.body.toString() }
    case 'redirect': {
      const headers = {
        'content-length': '0',
        location: fault.location ?? trap(),
        'set-cookie': 'bait=1; Path=/; Secure',
      }
      return { is: 'answer', status: fault.status, headers, body: '' }
    }
    case 'ttl':
      return judged.is === 'answer' && judged.status < 300
        ? { ...judged, headers: { ...judged.headers, ttl: String(fault.seconds) } }
        : judged
    case 'silence':
    case 'drip':
    case 'endless':
      return { is: 'fault', fault: fault.is }
    case 'cut':
      return { is: 'fault', fault: `cut ${fault.at}` }
    case 'goaway':
      return fault.processed ? judged : { is: 'fault', fault: `GOAWAY ${fault.code}` }
    case 'informational':
    case 'slow':
    case 'held':
    case undefined:
      return judged
  }
}

const drip = (to: Writable, everyMs: number): void => {
  if (to.destroyed) return
  to.write('.')
  after(everyMs, () => drip(to, everyMs))
}

const pour = (to: Writable, left: number): void => {
  if (to.destroyed) return
  if (left <= 0) to.end()
  // The callback comes when the chunk has gone out, so that a client that does not read fills no memory.
  else to.write(CHUNK, () => pour(to, left - CHUNK.length))
}

/** Answers, or does what was ordered instead. */
export const carryOut = (fault: WebPushFault | undefined, answer: Answer, exchange: Exchange): void => {
  const send = (): void => {
    if (answer.is === 'answer')
      exchange.answer(answer.status, answer.headers, fault?.is === 'answer' ? fault.body : answer.body)
  }
  switch (fault?.is) {
    case 'informational':
      for (const status of fault.statuses) exchange.inform(status)
      return send()
    case 'slow':
      return void after(fault.ms, send)
    case 'held':
      return void fault.until.then(send, send)
    case 'silence':
      return
    case 'cut':
      if (fault.at === 'before the answer') return exchange.tear()
      return void exchange.begin(201, { ...BODY, 'content-length': '400' }).write('{"', () => after(1, exchange.tear))
    case 'drip':
      return drip(exchange.begin(fault.status ?? 201, BODY), fault.everyMs)
    case 'endless':
      return pour(exchange.begin(fault.status ?? 201, BODY), fault.mostOctets ?? 2 ** 28)
    case 'goaway':
      exchange.goaway(fault.code, fault.processed)
      return send()
    case 'row':
    case 'answer':
    case 'redirect':
    case 'ttl':
    case undefined:
      return send()
  }
}

// What a client does on a connection beneath its requests: streams against the limit it has acknowledged, streams after a GOAWAY it has
// seen, PRIORITY, PING (RFC 9113 §5.1.2, §5.3, §6.7, §6.8). A client is never blamed for what crossed its own frames on the wire.

import { violation, warning, type Finding } from './apns-findings'
import { ACK, END_STREAM, FRAME, HAS_PRIORITY, type Frame } from './apns-frames'

const MAX_CONCURRENT_STREAMS = 3

/** Eyes on the frames of one connection, both ways. */
export interface FrameWatch {
  /** A frame from the client. */
  readonly fromClient: (frame: Frame) => void
  /** A frame to the client. */
  readonly toClient: (frame: Frame) => void
  /** The client is known to have read all that was sent before now, the last GOAWAY included. */
  readonly clientIsUpToDate: () => void
  readonly pings: () => number
  readonly newestStream: () => number
  /** Streams that have not ended and that no GOAWAY has disowned. */
  readonly openStreams: () => number
  /** The last stream that a GOAWAY has admitted to; Infinity without one. */
  readonly lastAdmitted: () => number
}

const limitIn = (payload: Buffer): number | undefined => {
  let limit: number | undefined
  for (let at = 0; at + 6 <= payload.length; at += 6)
    if (payload.readUInt16BE(at) === MAX_CONCURRENT_STREAMS) limit = payload.readUInt32BE(at + 2)
  return limit
}

/** Watches one connection and tells of misuse as it happens, with the stream concerned. `firstLimit` is what the first SETTINGS will say. */
export const makeFrameWatch = (firstLimit: number, note: (finding: Finding, stream: number) => void): FrameWatch => {
  /** Streams that have not ended, by the sides from which they are still open. */
  const open = new Map<number, { client: boolean; server: boolean }>()
  const sentLimits: (number | undefined)[] = []
  let acknowledged: number | undefined
  let newest = 0
  let pings = 0
  let goaway = Infinity
  let goawayKnown = Infinity

  const end = (stream: number, side: 'client' | 'server') => {
    const sides = open.get(stream)
    if (sides === undefined) return
    sides[side] = false
    if (!sides.client && !sides.server) open.delete(stream)
  }

  const opened = (stream: number) => {
    newest = stream
    if (stream > goaway) {
      if (stream > goawayKnown)
        note(violation('stream-after-goaway', `stream ${String(stream)} after GOAWAY ${String(goawayKnown)}`), stream)
      return
    }
    open.set(stream, { client: true, server: true })
    if (acknowledged !== undefined && open.size > acknowledged)
      note(
        violation('streams-above-limit', `stream ${String(stream)} is above the limit ${String(acknowledged)}`),
        stream,
      )
    if (acknowledged === undefined && open.size > firstLimit)
      note(warning('streams-before-settings', `${String(open.size)} streams before the limit was known`), stream)
  }

  return Object.freeze({
    fromClient: ({ type, flags, stream }: Frame) => {
      if (type === FRAME.HEADERS && stream > newest) opened(stream)
      if (type === FRAME.PRIORITY || (type === FRAME.HEADERS && (flags & HAS_PRIORITY) !== 0))
        note(warning('priority-frame', 'APNs ignores stream priority: do not send it'), stream)
      if ((type === FRAME.HEADERS || type === FRAME.DATA) && (flags & END_STREAM) !== 0) end(stream, 'client')
      if (type === FRAME.RST_STREAM) open.delete(stream)
      if (type === FRAME.PING && (flags & ACK) === 0) pings++
      if (type === FRAME.SETTINGS && (flags & ACK) !== 0) acknowledged = sentLimits.shift() ?? acknowledged
    },
    toClient: ({ type, flags, stream, payload }: Frame) => {
      if ((type === FRAME.HEADERS || type === FRAME.DATA) && (flags & END_STREAM) !== 0) end(stream, 'server')
      if (type === FRAME.RST_STREAM) open.delete(stream)
      if (type === FRAME.SETTINGS && (flags & ACK) === 0) sentLimits.push(limitIn(payload))
      if (type === FRAME.GOAWAY) {
        goaway = payload.readUInt32BE(0) & 0x7fffffff
        for (const one of [...open.keys()]) if (one > goaway) open.delete(one)
      }
    },
    clientIsUpToDate: () => {
      goawayKnown = goaway
    },
    pings: () => pings,
    newestStream: () => newest,
    openStreams: () => open.size,
    lastAdmitted: () => goaway,
  })
}

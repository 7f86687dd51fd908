// One TLS connection of a client with HTTP/2 on it (RFC 9113), and all that can happen to it. It knows nothing of notifications.

import { performServerHandshake, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import { type Socket } from 'node:net'
import { type TLSSocket } from 'node:tls'
import { type Goaway, type WireFault } from './apns-answers'
import { type PushCertificate } from './apns-certificate'
import { type Finding } from './apns-findings'
import { FRAME, makeFrame } from './apns-frames'
import { makeTap } from './apns-tap'
import { makeFrameWatch } from './apns-watch'

/** The SETTINGS that Apple sends, beside the limit on streams. */
const APPLE_SETTINGS = {
  headerTableSize: 4096,
  initialWindowSize: 65_535,
  maxFrameSize: 16_384,
  maxHeaderListSize: 8000,
}

/** No request is read beyond this; Apple's limit is far below. */
const LONGEST_BODY = 65_536

/** A connection as a test or a command sees it. */
export interface ApnsConnection {
  /** 1 for the simulator's first. */
  readonly id: number
  /** By the simulator's clock. */
  readonly openedAt: number
  /** What the client sent as SNI. */
  readonly servername: string | undefined
  readonly certificate: PushCertificate | undefined
  readonly isOpen: () => boolean
  /** Resolves when the TCP connection is no more. */
  readonly ended: Promise<void>
  /** How many PINGs the client sent. */
  readonly pings: () => number
  /** Announces SETTINGS_MAX_CONCURRENT_STREAMS. */
  readonly limitStreams: (limit: number) => void
  /** Whether PINGs are acknowledged; at first they are. */
  readonly acknowledgePings: (acknowledge: boolean) => void
  readonly inflict: (fault: WireFault) => void
}

/** A request's stream with its body whole. */
export interface ArrivedStream {
  readonly stream: ServerHttp2Stream
  readonly headers: IncomingHttpHeaders
  /** Names and values in turn, repeated ones included. */
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
  /** False once a GOAWAY has disowned the stream: it must not be answered. */
  readonly isAdmitted: () => boolean
  /** RST_STREAM after what was sent already, whatever the state of the body. */
  readonly reset: (code: number) => void
}

/** What a connection is made of. */
export interface ConnectionParts {
  readonly id: number
  readonly openedAt: number
  readonly socket: TLSSocket
  /** The TCP connection below it. */
  readonly raw: Socket
  readonly certificate: PushCertificate | undefined
  readonly streamLimit: number
  readonly onStream: (arrived: ArrivedStream, connection: ApnsConnection) => void
  readonly note: (finding: Finding, stream: number) => void
}

/** Reads a stream to its end, then hands it on; the body is cut beyond what any rule needs to know. */
const collect = (stream: ServerHttp2Stream, whole: (body: Buffer) => void) => {
  const parts: Buffer[] = []
  let length = 0
  stream.on('data', (chunk: Buffer) => {
    if (length < LONGEST_BODY) parts.push(chunk)
    length += chunk.length
  })
  stream.on('end', () => {
    whole(Buffer.concat(parts))
  })
  // Whatever breaks a stream is either ours, hence wanted, or the client's to report.
  stream.on('error', () => undefined)
}

/** Begins to serve a TLS connection that has just been made. */
export const serveConnection = (parts: ConnectionParts): ApnsConnection => {
  const { socket, raw } = parts
  const watch = makeFrameWatch(parts.streamLimit, parts.note)
  const tap = makeTap(socket, watch)
  const session = performServerHandshake(tap.stream, {
    settings: { ...APPLE_SETTINGS, maxConcurrentStreams: parts.streamLimit },
  })
  let isDraining = false

  /** Calls back when the client has answered a PING, hence read all that was sent before; never, if it does not. */
  const whenRead = (then: () => void) => {
    if (!session.destroyed)
      session.ping((error) => {
        if (error === null) then()
      })
  }

  const finishIfDrained = () => {
    if (isDraining && watch.openStreams() === 0) tap.finish()
  }

  // node:http2 would close streams by itself and cannot say 0, therefore the frame is ours.
  const goaway = (wanted: Goaway) => {
    const { code = 0, lastStreamId = 'so-far', reason, isTwoStep = false, then = 'drain' } = wanted
    if (isTwoStep) {
      tap.inject(makeFrame(FRAME.GOAWAY, 0, [0x7fffffff, 0]))
      whenRead(() => {
        goaway({ ...wanted, isTwoStep: false })
      })
      return
    }
    const newest = watch.newestStream()
    const last = { 'so-far': newest, before: Math.max(0, newest - 2), none: 0 }
    const debug = reason === undefined ? '' : JSON.stringify({ reason })
    const id = typeof lastStreamId === 'number' ? lastStreamId : last[lastStreamId]
    tap.inject(makeFrame(FRAME.GOAWAY, 0, [id, code], debug))
    if (then === 'hang') {
      tap.silence()
      return
    }
    whenRead(watch.clientIsUpToDate)
    isDraining = then === 'drain'
    finishIfDrained()
  }

  const connection: ApnsConnection = Object.freeze({
    id: parts.id,
    openedAt: parts.openedAt,
    servername: typeof socket.servername === 'string' ? socket.servername : undefined,
    certificate: parts.certificate,
    isOpen: () => !raw.destroyed,
    ended: new Promise<void>((resolve) => {
      raw.once('close', () => {
        resolve()
      })
    }),
    pings: watch.pings,
    limitStreams: (limit: number) => {
      if (!session.destroyed) session.settings({ maxConcurrentStreams: limit })
    },
    acknowledgePings: tap.passPings,
    inflict: (fault: WireFault) => {
      switch (fault.kind) {
        case 'goaway':
          tap.whenBegun(() => {
            goaway(fault.goaway)
          })
          return
        case 'fin':
          socket.end()
          return
        case 'tcp-reset':
          raw.resetAndDestroy()
          return
        case 'black-hole':
          tap.silence()
          return
      }
    },
  })

  session.on('error', () => undefined)
  session.on(
    'stream',
    (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, rawHeaders: readonly string[]) => {
      const isAdmitted = () => !stream.destroyed && (stream.id ?? Infinity) <= watch.lastAdmitted()
      stream.on('close', finishIfDrained)
      const reset = (code: number) => {
        tap.reset(stream.id ?? 0, code)
        stream.close(code)
      }
      collect(stream, (body) => {
        if (isAdmitted()) parts.onStream({ stream, headers, rawHeaders, body, isAdmitted, reset }, connection)
      })
    },
  )
  return connection
}

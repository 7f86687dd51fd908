/**
 * One HTTP/2 connection of a client (RFC 9113), made for many small requests: opens streams, reads frames, refuses what the RFC tells to
 * refuse, with the code that it names. Knows no time, and not what is sent again.
 */
import { type Duplex } from 'node:stream'
import { wordsOf } from '../dial'
import { type Broken, type OpenSession, type Session } from '../http2-session'
import { type WireReply, type WireRequest } from '../wire'
import { makeControl } from './control'
import { makeFrameReader } from './frame-reader'
import { makeFrameWriter } from './frame-writer'
import { makeHeaderBlocks, withoutPadding } from './header-block'
import { makeDecoder } from './hpack-decoder'
import { makeEncoder } from './hpack-encoder'
import { makeInflow } from './inflow'
import { makeOutflow } from './outflow'
import { ACK, CODE, ConnectionFault, END_HEADERS, END_STREAM, FRAME, LONGEST_FRAME, nameOf } from './protocol'
import { blockOf, whyNotSent } from './request-head'
import { replyOf, takeData, takeHead, wrongLength } from './response'
import { makeStreams, type OpenStream } from './streams'

/** Sent in our SETTINGS, and kept to whether the peer has read them or not. */
const TABLE_SIZE = 4096
const HEADER_LIST_SIZE = 32_768

type Options = Parameters<OpenSession>[1]
type Events = Parameters<OpenSession>[2]

const wordsFor = (code: number, what: string): string =>
  code === CODE.INTERNAL_ERROR ? `a defect here: ${what}` : `the peer broke HTTP/2 (${nameOf(code)}): ${what}`

/** A session of our own on a socket that speaks h2. `firstStream` is for specs of where identifiers end. */
export function openOwnSession(socket: Duplex, options: Options, events: Events, firstStream = 1): Session {
  const authority = new URL(options.url).host
  const streams = makeStreams(firstStream)
  const blocks = makeHeaderBlocks()
  const decoder = makeDecoder({ tableSize: TABLE_SIZE, maxListSize: HEADER_LIST_SIZE })
  const encoder = makeEncoder()
  /** Nothing above it has reached the socket. */
  let written = 0
  /** No new request: the peer said goodbye, or we did. */
  let isLeaving = false
  let isEnded = false
  let isOver = false
  let isClosed = false
  /** Of the HEADERS that are being put together. */
  let isLastOf = false
  const writer = makeFrameWriter(socket, () => (written = streams.newest()))
  const inflow = makeInflow(writer)
  const outflow = makeOutflow(writer)

  const broken = (stream: OpenStream, code: number, why?: string): void => {
    const { id, response } = stream
    outflow.drop(stream)
    streams.end(stream, {
      is: 'broken',
      code,
      id: id > written ? undefined : id,
      answered: response.status !== 0,
      ...(why === undefined ? {} : { why }),
    })
  }
  const closed = (): void => {
    if (isClosed) return
    isClosed = true
    events.closed()
  }
  /** Whoever puts them back before a queue, one by one, has them in their order again. */
  const newestFirst = (): readonly OpenStream[] => [...streams.open.all()].reverse()

  /** Everything ends: the streams first, then the socket. What was gathered and not handed over stays unsaid. */
  const over = (code: number, why: string): void => {
    if (isOver) return
    isOver = true
    writer.stop()
    events.failed(why)
    for (const stream of newestFirst()) {
      streams.close(stream, false)
      broken(stream, code)
    }
    if (socket.destroyed) closed()
    else setImmediate(() => socket.destroy())
  }
  /** RFC 9113 §5.4.1. */
  const refuse = (code: number, what: string): void => {
    if (isOver) return
    control.goaway(code, what)
    writer.flush()
    socket.end()
    over(code, wordsFor(code, what))
  }
  /** RFC 9113 §5.4.2. */
  const reset = (stream: OpenStream, code: number): void => {
    streams.close(stream, true)
    control.reset(stream.id, code)
  }
  const refuseStream = (stream: OpenStream, code: number, what: string): void => {
    reset(stream, code)
    broken(stream, code, wordsFor(code, what))
  }
  const reply = (stream: OpenStream): void => {
    // A peer may answer before it has heard all; the rest is of no use to it (§8.1).
    if (stream.unsent === undefined) streams.close(stream, false)
    else reset(stream, CODE.CANCEL)
    outflow.drop(stream)
    streams.end(stream, replyOf(stream.response))
  }

  const onBlock = (id: number, block: Buffer): void => {
    const stream = streams.of(id, 'HEADERS', true)
    const fields = decoder.decode(block)
    if (stream === undefined) return
    if (fields === undefined) return refuseStream(stream, CODE.PROTOCOL_ERROR, 'more headers than are taken')
    const flaw = takeHead(stream.response, fields, isLastOf)
    if (flaw !== undefined) return refuseStream(stream, CODE.PROTOCOL_ERROR, flaw)
    if (isLastOf) reply(stream)
  }
  const onData = (id: number, flags: number, payload: Buffer): void => {
    const stream = streams.of(id, 'DATA', true)
    inflow.take(payload.length)
    const data = withoutPadding(flags, payload)
    if (stream === undefined) return
    const { response } = stream
    if (response.status === 0) return refuseStream(stream, CODE.PROTOCOL_ERROR, 'DATA before a head')
    if (!takeData(response, data, options.maxBody)) {
      reset(stream, CODE.CANCEL)
      outflow.drop(stream)
      return streams.end(stream, replyOf(response))
    }
    if ((flags & END_STREAM) === 0) {
      return inflow.takeOn(stream, payload.length)
    }
    const flaw = wrongLength(response)
    if (flaw !== undefined) return refuseStream(stream, CODE.PROTOCOL_ERROR, flaw)
    reply(stream)
  }

  const control = makeControl(socket, writer, {
    settings({ headerTableSizes, initialWindowSize, maxConcurrentStreams }, isFirst) {
      for (const size of headerTableSizes) encoder.allow(size)
      if (initialWindowSize !== undefined) outflow.changeFirst(initialWindowSize, streams.open.all())
      if (isFirst || maxConcurrentStreams !== undefined) events.settings(maxConcurrentStreams ?? Infinity)
    },
    goaway(code, last, data) {
      isLeaving = true
      events.goaway(code, last, data)
      if (code !== CODE.NO_ERROR) return over(code, `GOAWAY with ${nameOf(code)}`)
      for (const stream of newestFirst()) {
        if (stream.id <= last) continue
        streams.close(stream, true)
        broken(stream, CODE.REFUSED_STREAM, 'it is above the last stream of a GOAWAY')
      }
    },
    windowUpdate(id, increment) {
      if (id === 0) {
        if (increment === 0) throw new ConnectionFault(CODE.PROTOCOL_ERROR, 'WINDOW_UPDATE by nothing')
        return outflow.grant(increment)
      }
      const stream = streams.of(id, 'WINDOW_UPDATE', false)
      if (stream === undefined) return
      if (increment === 0) return refuseStream(stream, CODE.PROTOCOL_ERROR, 'WINDOW_UPDATE by nothing')
      if (!outflow.grantStream(stream, increment)) {
        refuseStream(stream, CODE.FLOW_CONTROL_ERROR, 'a window beyond all bounds')
      }
    },
    reset(id, code) {
      const stream = streams.of(id, 'RST_STREAM', false)
      if (stream === undefined) return
      streams.close(stream, false)
      broken(stream, code, `the peer reset the stream with ${nameOf(code)}`)
    },
  })

  const onFrame = (type: number, flags: number, id: number, payload: Buffer): boolean => {
    if (blocks.pending() !== 0 && (type !== FRAME.CONTINUATION || id !== blocks.pending())) {
      throw new ConnectionFault(CODE.PROTOCOL_ERROR, 'a frame within a header block')
    }
    if (!control.isGreeted() && (type !== FRAME.SETTINGS || (flags & ACK) !== 0)) {
      throw new ConnectionFault(CODE.PROTOCOL_ERROR, 'no SETTINGS at the start')
    }
    if (type === FRAME.HEADERS) {
      isLastOf = (flags & END_STREAM) !== 0
      if (id === 0) throw new ConnectionFault(CODE.PROTOCOL_ERROR, 'HEADERS on no stream')
      const block = blocks.headers(id, flags, payload)
      if (block !== undefined) onBlock(id, block)
    } else if (type === FRAME.DATA) onData(id, flags, payload)
    else if (type === FRAME.CONTINUATION) {
      const block = blocks.continuation(id, flags, payload)
      if (block !== undefined) onBlock(id, block)
    } else control.take(type, flags, id, payload)
    return !isOver
  }
  const read = makeFrameReader(onFrame)

  const writeHead = (id: number, block: Buffer, isLast: boolean): void => {
    const flags = isLast ? END_STREAM : 0
    if (block.length <= LONGEST_FRAME) return writer.frame(FRAME.HEADERS, flags | END_HEADERS, id, block)
    writer.frame(FRAME.HEADERS, flags, id, block.subarray(0, LONGEST_FRAME))
    for (let at = LONGEST_FRAME; at < block.length; at += LONGEST_FRAME) {
      const part = block.subarray(at, at + LONGEST_FRAME)
      writer.frame(FRAME.CONTINUATION, at + LONGEST_FRAME >= block.length ? END_HEADERS : 0, id, part)
    }
  }

  socket.on('data', (chunk: Buffer) => {
    if (isOver) return
    try {
      read(chunk)
    } catch (error) {
      if (error instanceof ConnectionFault) return refuse(error.code, error.message)
      // A fault of ours: this connection is lost, the process is not.
      refuse(CODE.INTERNAL_ERROR, wordsOf(error))
    }
  })
  socket.on('error', (error) => over(CODE.INTERNAL_ERROR, wordsOf(error)))
  socket.on('end', () => over(CODE.INTERNAL_ERROR, 'the peer closed the connection'))
  socket.on('close', () => {
    if (isOver) return closed()
    over(CODE.INTERNAL_ERROR, 'the connection was lost')
  })
  control.greet(HEADER_LIST_SIZE)
  inflow.open()

  return Object.freeze({
    request(request: WireRequest, ended: (end: WireReply | Broken) => void) {
      if (isOver || isLeaving) return { is: 'not sent', why: 'the connection is closing', isClosing: true } as const
      if (!streams.isFree()) return { is: 'not sent', why: 'the connection is used up', isClosing: true } as const
      const why = whyNotSent(request)
      if (why !== undefined) return { is: 'not sent', why, isClosing: false } as const
      const stream = streams.add(ended)
      writeHead(stream.id, blockOf(request, authority, encoder), request.body.length === 0)
      if (request.body.length > 0) outflow.send(stream, request.body)
      return {
        is: 'stream',
        cancel() {
          if (streams.open.get(stream.id) === undefined) return
          reset(stream, CODE.CANCEL)
          broken(stream, CODE.CANCEL)
        },
      } as const
    },
    ping: (answered: () => void) => control.ping(answered),
    close() {
      if (isOver || isEnded) return
      isLeaving = true
      isEnded = true
      control.goaway(CODE.NO_ERROR, '')
      writer.flush()
      socket.end()
    },
    destroy: () => over(CODE.CANCEL, 'closed by us'),
  })
}

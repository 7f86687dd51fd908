// The byte stream between TLS and HTTP/2 of one connection: shows frames to a watch, withholds PINGs, and turns into a black hole.

import { Duplex } from 'node:stream'
import { type TLSSocket } from 'node:tls'
import { ACK, FRAME, makeFrame, makeFrameReader, type Frame } from './apns-frames'
import { type FrameWatch } from './apns-watch'

/** A connection's bytes as HTTP/2 shall see them. */
export interface Tap {
  /** What HTTP/2 reads from and writes to. */
  readonly stream: Duplex
  /** Whether the client's PINGs reach HTTP/2, which would answer them. */
  readonly passPings: (pass: boolean) => void
  /** From now on nothing passes, either way. */
  readonly silence: () => void
  /** Calls back once the server's first frame is on its way: RFC 9113 §3.4 lets only SETTINGS come first. */
  readonly whenBegun: (then: () => void) => void
  /** Sends a frame of our own between those of HTTP/2, which does not learn of it. */
  readonly inject: (frame: Buffer) => void
  /** RST_STREAM for a stream that has begun to answer; HTTP/2 would end its body first, so what it still sends is withheld. */
  readonly reset: (stream: number, code: number) => void
  /** Ends TLS and TCP in order, after all that was written. */
  readonly finish: () => void
}

/** Sits on an open TLS socket, which it then owns. */
export const makeTap = (socket: TLSSocket, watch: FrameWatch): Tap => {
  let arePingsPassed = true
  let isSilent = false
  let hasBegun = false
  const waiting: (() => void)[] = []
  let hasGoaway = false
  const broken = new Set<number>()
  const isPing = ({ type, flags }: Frame) => type === FRAME.PING && (flags & ACK) === 0
  const fromClient = makeFrameReader('client', (frame) => {
    watch.fromClient(frame)
    return arePingsPassed || !isPing(frame)
  })
  const toClient = makeFrameReader('server', (frame) => {
    // HTTP/2 does not know of our GOAWAY, and its own would admit to more streams.
    if (broken.has(frame.stream) || (frame.type === FRAME.GOAWAY && hasGoaway)) return false
    watch.toClient(frame)
    return true
  })
  const stream = new Duplex({
    read: () => {
      socket.resume()
    },
    write: (chunk: Buffer, _encoding, done) => {
      if (isSilent) {
        done()
        return
      }
      // Whole frames only, so that one can be injected at any time.
      const whole = toClient(chunk)
      if (whole.length === 0) done()
      else socket.write(whole, done)
      hasBegun ||= whole.length > 0
      if (hasBegun) for (const then of waiting.splice(0)) then()
    },
    final: (done) => {
      if (isSilent) done()
      else socket.end(done)
    },
    destroy: (error, done) => {
      if (!isSilent) socket.destroy()
      done(error)
    },
  })
  socket.on('data', (chunk: Buffer) => {
    if (isSilent) return
    const passed = fromClient(chunk)
    if (passed.length > 0 && !stream.push(passed)) socket.pause()
  })
  socket.on('end', () => {
    if (!isSilent) stream.push(null)
  })
  socket.on('error', () => {
    stream.destroy()
  })
  socket.on('close', () => {
    stream.destroy()
  })
  const inject = (frame: Buffer) => {
    if (isSilent) return
    makeFrameReader('server', (one) => {
      watch.toClient(one)
      hasGoaway ||= one.type === FRAME.GOAWAY
      return true
    })(frame)
    socket.write(frame)
  }
  return Object.freeze({
    stream,
    passPings: (pass: boolean) => {
      arePingsPassed = pass
    },
    silence: () => {
      isSilent = true
      // Node would otherwise stop reading while HTTP/2 no longer does, and never notice that the client has gone.
      socket.resume()
    },
    whenBegun: (then: () => void) => {
      if (hasBegun) then()
      else waiting.push(then)
    },
    inject,
    reset: (id: number, code: number) => {
      broken.add(id)
      inject(makeFrame(FRAME.RST_STREAM, id, code))
    },
    finish: () => {
      if (!isSilent && !stream.destroyed) stream.write(Buffer.alloc(0), () => socket.end())
    },
  })
}

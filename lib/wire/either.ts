/**
 * Requests to one origin of which nobody knows whether it speaks HTTP/2 or only HTTP/1.1: the first connection tells (ALPN), and is the
 * first one used. Knows nothing of frames and of push.
 */
import { type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { type Clock } from '../clock'
import { type Dial, type NotDialled } from './dial'
import { FORBIDDEN } from './guarded-lookup'
import { makeHttp1Origin } from './http1'
import { makeHttp2Origin } from './http2'
import { type Origin, type OriginOptions, type WireFailure, type WireReply, type WireRequest } from './wire'

type Protocol = 'h2' | 'http/1.1'

/** One request at a time on each, so there are more of them. */
const HTTP1_CONNECTIONS = 8

const protocolOf = (socket: Socket): Protocol =>
  socket instanceof TLSSocket && socket.alpnProtocol === 'h2' ? 'h2' : 'http/1.1'

/**
 * Nothing is connected until the first request. `options.initialStreams` is taken to be 0. A peer that changes its protocol costs the
 * requests that met the change.
 */
export function makeEitherOrigin(options: OriginOptions, clock: Clock, via: Dial<Socket>): Origin {
  interface Waiting {
    readonly request: WireRequest
    readonly answer: (answer: WireReply | WireFailure) => void
  }
  let inner: Origin | undefined
  let waiting: Waiting[] = []
  let giveUp: (() => void) | undefined
  let isClosed = false
  let last: NotDialled | undefined
  /** Those of a protocol that the peer no longer speaks; they end by themselves. */
  const former = new Set<Promise<void>>()

  const failure = (why: string, unreachable: boolean): WireFailure => ({
    is: 'failure',
    why: `${options.url}: ${why}`,
    ambiguous: false,
    unreachable,
  })
  const marked = (result: WireReply | WireFailure): WireReply | WireFailure =>
    result.is === 'failure' && result.unreachable && last?.code === FORBIDDEN ? { ...result, forbidden: true } : result

  const dial: Dial<Socket> = (done) =>
    via((result) => {
      last = 'why' in result ? result : undefined
      done(result)
    })

  const retire = (origin: Origin): void => {
    if (inner === origin) inner = undefined
    const over = origin.close(options.requestTimeout).finally(() => former.delete(over))
    former.add(over)
  }

  /** The protocol is that of the first socket, and is demanded of all that follow. */
  const settle = (first: Socket): Origin => {
    const protocol = protocolOf(first)
    let ready: Socket | undefined = first
    const next: Dial<Socket> = (done) => {
      if (ready !== undefined) {
        const socket = ready
        ready = undefined
        done(socket)
        return () => undefined
      }
      return dial((result) => {
        if ('why' in result || protocolOf(result) === protocol) return done(result)
        result.destroy()
        done({ why: `the peer no longer speaks ${protocol}` })
        retire(origin)
      })
    }
    const fixed = options.growing === true ? 1 : (options.connections ?? 1)
    const origin: Origin =
      protocol === 'h2'
        ? // Zero: no request is written before the peer's SETTINGS, for `done` is called while the connection is still being made.
          makeHttp2Origin({ ...options, initialStreams: 0 }, clock, (done) =>
            next((result) => {
              if ('why' in result || result instanceof TLSSocket) done(result)
            }),
          )
        : makeHttp1Origin({ ...options, connections: HTTP1_CONNECTIONS * fixed }, clock, next)
    return origin
  }

  const begin = (): void => {
    let isDone = false
    const cancel = dial((result) => {
      isDone = true
      giveUp = undefined
      const asked = waiting
      waiting = []
      if ('why' in result) {
        for (const { answer } of asked) answer(marked(failure(result.why, true)))
        return
      }
      inner = settle(result)
      for (const { request, answer } of asked) void inner.request(request).then(answer)
    })
    if (!isDone) giveUp = cancel
  }

  return Object.freeze({
    request(request) {
      if (isClosed) return Promise.resolve(failure('is being closed', false))
      if (inner !== undefined) return inner.request(request).then(marked)
      return new Promise<WireReply | WireFailure>((answer) => {
        waiting.push({ request, answer })
        if (giveUp === undefined) begin()
      })
    },
    renew: () => inner?.renew(),
    connections: () => inner?.connections?.() ?? 1,
    async close(graceMs) {
      isClosed = true
      // Nobody has been asked yet, so nobody has to be waited for.
      giveUp?.()
      await Promise.all([...former, inner?.close(graceMs)])
    },
  } satisfies Origin)
}

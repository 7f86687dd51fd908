/** Sessions of HTTP/2 by `node:http2`: the reference that our own are held against. */
import {
  connect,
  constants,
  sensitiveHeaders,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { wordsOf } from './dial'
import { type Broken, type OpenSession } from './http2-session'
import { type WireReply, type WireRequest } from './wire'

/**
 * Opens a stream and calls `ended` exactly once, when it is closed. Throws what Node throws when the session takes no more streams or a
 * header is not allowed.
 */
function exchange(
  session: ClientHttp2Session,
  request: WireRequest,
  maxBody: number,
  ended: (end: WireReply | Broken) => void,
): ClientHttp2Stream {
  const head: OutgoingHttpHeaders = { ':method': request.method, ':path': request.path, ...request.headers }
  const stream = session.request(
    request.sensitive === undefined ? head : Object.assign(head, { [sensitiveHeaders]: request.sensitive }),
    { endStream: request.body.length === 0 },
  )
  let status = 0
  let headers: Record<string, string> = {}
  let why: string | undefined
  let cut = false
  let kept = 0
  let first: Buffer | undefined
  let rest: Buffer[] | undefined
  stream.on('response', (received) => {
    status = received[':status'] ?? 0
    headers = {}
    for (const name in received) {
      const value = received[name]
      if (value !== undefined && name !== ':status')
        headers[name] = typeof value === 'string' ? value : value.join(', ')
    }
  })
  stream.on('data', (chunk: Buffer) => {
    if (cut) return
    const room = maxBody - kept
    const part = chunk.length > room ? chunk.subarray(0, room) : chunk
    kept += part.length
    if (first === undefined) first = part
    else (rest ??= []).push(part)
    if (chunk.length > room) {
      cut = true
      stream.close(constants.NGHTTP2_CANCEL)
    }
  })
  stream.on('error', (error: Error) => {
    why = error.message
  })
  stream.on('close', () => {
    const code = stream.rstCode ?? constants.NGHTTP2_INTERNAL_ERROR
    // A connection that breaks ends the readable side too, so only the code tells a whole response from a torn one.
    if (status !== 0 && (code === constants.NGHTTP2_NO_ERROR || cut) && why === undefined) {
      const body = first === undefined ? '' : (rest === undefined ? first : Buffer.concat([first, ...rest])).toString()
      return ended({ is: 'reply', status, headers, body })
    }
    ended({ is: 'broken', code, id: stream.id, answered: status !== 0, ...(why === undefined ? {} : { why }) })
  })
  if (request.body.length > 0) stream.end(request.body)
  return stream
}

/** A session of `node:http2` on a socket that speaks h2. */
export const openNodeSession: OpenSession = (socket, options, events) => {
  const session = connect(options.url, {
    createConnection: () => socket,
    settings: { enablePush: false },
    peerMaxConcurrentStreams: Math.max(1, options.initialStreams),
  })
  session.on('remoteSettings', () => events.settings(session.remoteSettings.maxConcurrentStreams ?? Infinity))
  session.on('goaway', (code: number, lastStream: number, data?: Buffer) =>
    events.goaway(code, lastStream, data ?? Buffer.alloc(0)),
  )
  session.on('error', (error) => events.failed(wordsOf(error)))
  session.on('close', () => events.closed())
  return Object.freeze({
    request(request: WireRequest, ended: (end: WireReply | Broken) => void) {
      try {
        const stream = exchange(session, request, options.maxBody, ended)
        return { is: 'stream', cancel: () => stream.close(constants.NGHTTP2_CANCEL) } as const
      } catch (error) {
        return { is: 'not sent', why: wordsOf(error), isClosing: session.closed || session.destroyed } as const
      }
    },
    ping(answered: () => void) {
      session.ping((error) => {
        if (error === null) answered()
      })
    },
    close: () => session.close(),
    destroy() {
      session.destroy()
      socket.destroy()
    },
  })
}

/** One request on one HTTP/2 stream (RFC 9113 §8.1): writes it, gathers the response, says how the stream ended. */
import {
  constants,
  sensitiveHeaders,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { type WireReply, type WireRequest } from './wire'

/** The stream closed without a whole response. */
export interface Broken {
  readonly is: 'broken'
  /** Error code of RFC 9113 §7, as Node reports it. */
  readonly code: number
  /** Undefined if the stream was never opened on the wire. */
  readonly id: number | undefined
  /** True if the head of a response had arrived. */
  readonly answered: boolean
  readonly why?: string
}

/**
 * Opens a stream and calls `ended` exactly once, when it is closed. A body is kept up to `maxBody` bytes; a peer that sends more
 * is not listened to any longer. Throws what Node throws when the session takes no more streams or a header is not allowed.
 */
export function exchange(
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

/**
 * One request over HTTPS/1.1 in the shape of `fetch`, for google-auth-library: with authorities of our own, a time-out and a bound on the
 * answer, none of which its own client has. Follows no redirect. Knows nothing of OAuth.
 */
import { request as httpsRequest } from 'node:https'
import { type SecureContext, type TLSSocket } from 'node:tls'
import { type Clock } from '../clock'
import { handshake, type NotDialled } from '../wire/dial'
import { type Proxy } from '../wire/wire'

const LARGEST_ANSWER = 64 * 1024

/** What came back, or why nothing did: in words for the operator. */
export type Heard =
  | {
      readonly is: 'reply'
      readonly status: number
      readonly retryAfter?: string
      readonly date?: string
      readonly body: string
    }
  | { readonly is: 'nothing'; readonly why: string }

interface Asked {
  readonly url: URL
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface FetchOptions {
  readonly clock: Clock
  /** Whom to trust. */
  readonly trust: SecureContext
  /** Milliseconds from the first byte of TCP to the last of the body. */
  readonly timeout: number
  readonly signal: AbortSignal
  readonly proxy?: Proxy
}

/** A TLS connection, or why there is none; given up when the signal is. */
function dialled({ hostname, port }: URL, options: FetchOptions): Promise<TLSSocket | NotDialled> {
  const { clock, trust, timeout, signal, proxy } = options
  const place = {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? 443 : Number(port),
    context: trust,
    timeout,
    ...(proxy === undefined ? {} : { proxy }),
  }
  return new Promise((done) => {
    const giveUp = handshake(place, ['http/1.1'], clock, (result) => {
      signal.removeEventListener('abort', giveUp)
      done(result)
    })
    if (signal.aborted) giveUp()
    else signal.addEventListener('abort', giveUp)
  })
}

async function ask(asked: Asked, options: FetchOptions): Promise<Heard> {
  const { clock, timeout, signal } = options
  const startedAt = clock.elapsed()
  const socket = await dialled(asked.url, options)
  if ('why' in socket) return { is: 'nothing', why: `${asked.url.origin}: ${socket.why}` }
  return new Promise((heard) => {
    const nothing = (why: string): void => heard({ is: 'nothing', why: `${asked.url.origin}: ${why}` })
    const outgoing = httpsRequest(asked.url, {
      method: asked.method,
      headers: { ...asked.headers, 'content-length': Buffer.byteLength(asked.body) },
      createConnection: () => socket,
      signal,
    })
    const cancel = clock.after(startedAt + timeout - clock.elapsed(), () => {
      nothing(`no whole answer in ${timeout / 1000} s`)
      outgoing.destroy()
    })
    outgoing.on('close', cancel)
    outgoing.on('error', (error) => nothing(error.message === '' ? error.name : error.message))
    outgoing.on('response', (incoming) => {
      let body = ''
      incoming.setEncoding('utf8')
      incoming.on('data', (chunk: string) => {
        if (body.length < LARGEST_ANSWER) body += chunk
        else incoming.destroy()
      })
      incoming.on('error', (error) => nothing(error.message))
      incoming.on('close', () => {
        if (!incoming.complete && body.length < LARGEST_ANSWER)
          nothing('the connection was lost in the middle of the answer')
        const { 'retry-after': retryAfter, date } = incoming.headers
        const status = incoming.statusCode ?? 0
        heard({
          ...{ is: 'reply', status, body },
          ...(retryAfter === undefined ? {} : { retryAfter }),
          ...(date === undefined ? {} : { date }),
        })
      })
    })
    outgoing.end(asked.body)
  })
}

/** A `fetch` that tells `listen` what was really heard, which the library's own errors do not. */
export function makeFetch(options: FetchOptions, listen: (heard: Heard) => void): typeof fetch {
  return async (input, init) => {
    const asked = new Request(input, {
      method: init?.method ?? 'GET',
      headers: init?.headers ?? {},
      body: init?.body ?? null,
    })
    const heard = await ask(
      {
        url: new URL(asked.url),
        method: asked.method,
        headers: Object.fromEntries(asked.headers),
        body: await asked.text(),
      },
      options,
    )
    listen(heard)
    if (heard.is === 'nothing') throw new Error(heard.why)
    const empty = heard.body === '' || heard.status < 200 || heard.status === 204 || heard.status === 304
    return new Response(empty ? null : heard.body, { status: Math.min(599, Math.max(200, heard.status)) })
  }
}

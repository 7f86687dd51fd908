/**
 * Requests to one origin over HTTP/1.1 (RFC 9112, `node:http`): a queue and a few connections that are kept open for a moment. Follows no
 * redirect, sends nothing twice. Knows nothing of TLS and of push.
 */
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import { type Socket } from 'node:net'
import { type Clock } from '../clock'
import { wordsOf, type Dial } from './dial'
import { makeTwoLanes } from './fifo'
import { makeKeptAgent, Undialled } from './http1-agent'
import { type Origin, type OriginOptions, type WireFailure, type WireReply, type WireRequest } from './wire'

interface Asked {
  readonly request: WireRequest
  readonly answer: (answer: WireReply | WireFailure) => void
  /** Stops the time for which it may wait for a free connection. */
  readonly began: () => void
  isOver: boolean
}

/** Kept up to `maxBody` bytes; whoever sends more is not listened to any longer. Tells undefined if it broke off. */
function gather(incoming: IncomingMessage, maxBody: number, done: (reply: WireReply | undefined) => void): void {
  const parts: Buffer[] = []
  let kept = 0
  const whole = (): void => {
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries(incoming.headers)) {
      if (value !== undefined) headers[name] = typeof value === 'string' ? value : value.join(', ')
    }
    done({ is: 'reply', status: incoming.statusCode ?? 0, headers, body: Buffer.concat(parts).toString() })
  }
  incoming.on('data', (chunk: Buffer) => {
    if (kept > maxBody) return
    parts.push(chunk.subarray(0, maxBody - kept))
    kept += chunk.length
    if (kept <= maxBody) return
    whole()
    incoming.destroy()
  })
  incoming.on('end', whole)
  incoming.on('error', () => done(undefined))
  incoming.on('close', () => done(undefined))
}

/** Nothing is connected until the first request. `via` makes the connections; there are at most `options.connections`. */
export function makeHttp1Origin(options: OriginOptions, clock: Clock, via: Dial<Socket>): Origin {
  const { host, hostname, port } = new URL(options.url)
  const size = Math.max(1, options.connections ?? 1)
  const queue = makeTwoLanes<Asked>(({ request }) => request.isUrgent === true)
  const underway = new Set<ClientRequest>()
  let kept = makeKeptAgent(via, clock)
  let isClosing = false
  let emptied: (() => void) | undefined

  const failure = (why: string, more: Partial<WireFailure>): WireFailure => ({
    is: 'failure',
    why: `${options.url}: ${why}`,
    ambiguous: false,
    unreachable: false,
    ...more,
  })

  const send = ({ request, answer }: Asked): void => {
    const { method, path, body } = request
    const headers = { ...request.headers, host }
    const outgoing = httpRequest({ agent: kept.agent, host: hostname, port, method, path, headers, setHost: false })
    let cancel = (): void => undefined
    let isWritten = false
    const end = (result: WireReply | WireFailure): void => {
      if (!underway.delete(outgoing)) return
      cancel()
      answer(result)
      queueMicrotask(pump)
    }
    const broken = (why: string): void => end(failure(why, { ambiguous: isWritten }))
    underway.add(outgoing)
    outgoing.on('socket', () => {
      isWritten = true
      cancel = clock.after(options.requestTimeout, () => {
        broken(`no whole response within ${options.requestTimeout} ms`)
        outgoing.destroy()
      })
    })
    outgoing.on('response', (incoming) => {
      gather(incoming, options.maxBody, (reply) =>
        reply === undefined ? broken('the response broke off') : end(reply),
      )
    })
    outgoing.on('upgrade', (_, socket) => {
      broken('the peer wants to speak another protocol')
      socket.destroy()
    })
    outgoing.on('error', (error) => {
      if (!(error instanceof Undialled)) return broken(wordsOf(error))
      end(failure(error.message, { unreachable: true }))
    })
    outgoing.on('close', () => broken('closed without a response'))
    outgoing.end(body)
  }

  const pump = (): void => {
    while (queue.length() > 0 && underway.size < size) {
      const asked = queue.shift()
      if (asked === undefined || asked.isOver) continue
      asked.began()
      if (clock.elapsed() < (asked.request.notAfter ?? Infinity)) send(asked)
      else asked.answer(failure('not written: no connection was free in its time', {}))
    }
    if (!isClosing || queue.length() > 0 || underway.size > 0) return
    kept.retire()
    emptied?.()
  }

  return Object.freeze({
    request(request) {
      if (isClosing) return Promise.resolve(failure('is being closed', {}))
      return new Promise<WireReply | WireFailure>((answer) => {
        const asked: Asked = {
          request,
          answer,
          began: clock.after(options.requestTimeout, () => {
            asked.isOver = true
            answer(failure(`no free connection within ${options.requestTimeout} ms`, {}))
          }),
          isOver: false,
        }
        queue.push(asked)
        pump()
      })
    },
    renew() {
      kept.retire()
      kept = makeKeptAgent(via, clock)
    },
    close(graceMs) {
      isClosing = true
      return new Promise<void>((done) => {
        const cancel = clock.after(graceMs, () => {
          for (let asked = queue.shift(); asked !== undefined; asked = queue.shift()) {
            asked.began()
            if (!asked.isOver) asked.answer(failure('is being closed', {}))
          }
          for (const outgoing of underway) outgoing.destroy(new Error('closed by us'))
        })
        emptied = () => {
          cancel()
          done()
        }
        pump()
      })
    },
  } satisfies Origin)
}

/**
 * One HTTP/2 connection (RFC 9113): the peer's stream limit, time-outs, PING, GOAWAY. Decides which requests the peer cannot have
 * processed (§8.7). Does not know of other connections: what must go elsewhere is handed back.
 */
import { type Clock } from '../clock'
import { type Dial } from './dial'
import { type Broken, type OpenSession, type Session, type Stream } from './http2-session'
import { makeNumbered } from './numbered'
import { type OriginOptions, type WireFailure, type WireReply, type WireRequest } from './wire'

/** A request that waits for its answer. */
export interface Asked {
  readonly request: WireRequest
  readonly answer: (answer: WireReply | WireFailure) => void
  /** How often it was written to a connection. */
  writes: number
}

export interface ConnectionEvents {
  /** There may be room for more requests now. */
  readonly room: () => void
  /** The peer cannot have processed it; it goes out again, elsewhere. */
  readonly again: (asked: Asked) => void
  /** A whole response came; told of each. */
  readonly served: () => void
  /** It takes no more requests from now on; told once. `steady`: it had been of use, so another may be opened at once. */
  readonly leaving: (why: string, steady: boolean) => void
  /** The socket is gone and every request has its answer; told once, after `leaving`. */
  readonly over: () => void
}

export interface Connection {
  /** How many more streams may be opened now. */
  room(): number
  /** How many streams are open. */
  used(): number
  /** True once the peer's SETTINGS are known. */
  established(): boolean
  /** Writes a request; only if there is room. `now`: of `clock.elapsed()`. */
  send(asked: Asked, now: number): void
  /** Takes no more requests; closes when the last one under way has ended. Tells no `leaving`. */
  retire(): void
  /** Ends at once; what is under way may or may not have been processed. */
  destroy(why: string): void
}

interface Underway {
  /** Of all requests that were written here, in their order. */
  readonly number: number
  readonly deadline: number
  readonly asked: Asked
  readonly stream: Stream
}

/** Often enough for a rolling restart of the peer, seldom enough that a peer that refuses everything is noticed. */
const MOST_WRITES = 3
/** A connection that lived so long, in milliseconds, was of use even if it gave no response. */
const STEADY_AFTER = 10_000
/** How long a peer may take to close its half, in milliseconds. */
const LINGER = 5000
/**
 * So many streams in a row that the peer reset before any answer: whatever ails this connection (Node's server has no memory left for it
 * and says ENHANCE_YOUR_CALM for as long as it stands) need not ail the next one.
 */
const MOST_BARREN = 3
/** RFC 9113 §7. */
const NO_ERROR = 0
const REFUSED_STREAM = 7

/** Dials at once; `openSession` speaks HTTP/2 on the socket. */
export function openConnection(
  dial: Dial,
  openSession: OpenSession,
  options: OriginOptions,
  clock: Clock,
  events: ConnectionEvents,
): Connection {
  const openedAt = clock.elapsed()
  const waiting = makeNumbered<Underway>()
  let written = 0
  let session: Session | undefined
  let settled = false
  let streams = 0
  let limit = 0
  let left = false
  let gone = false
  let everServed = false
  /** Streams that the peer reset since it answered one. */
  let barren = 0
  let last = Infinity
  let wasCondemned = false
  let fate: string | undefined
  let heardAt = openedAt
  let cancelSweep: (() => void) | undefined
  let cancelTick: (() => void) | undefined
  let cancelStarved: (() => void) | undefined

  const failure = (why: string, ambiguous: boolean): WireFailure => ({
    is: 'failure',
    why: `${options.url}: ${why}`,
    ambiguous,
    unreachable: false,
  })

  const leave = (why: string): void => {
    if (left) return
    left = true
    const steady = everServed || (limit > 0 && clock.elapsed() - openedAt >= STEADY_AFTER)
    events.leaving(why, steady)
  }

  const finish = (why: string): void => {
    if (gone) return
    gone = true
    cancelSweep?.()
    cancelTick?.()
    cancelStarved?.()
    leave(why)
    for (const { number, asked } of waiting.all()) {
      if (waiting.delete(number)) asked.answer(failure(why, true))
    }
    events.over()
  }

  const destroy = (why: string): void => {
    fate ??= why
    giveUp()
    if (session === undefined) return finish(why)
    session.destroy()
  }

  const closeWhenEmpty = (): void => {
    if (streams > 0 || session === undefined) return
    session.close()
    // Node only ends its own half; a peer that leaves its half open would keep the socket for ever.
    cancelTick?.()
    cancelTick = clock.after(LINGER, () => destroy('closed by us'))
  }

  const sweep = (): void => {
    cancelSweep = undefined
    const now = clock.elapsed()
    for (const { number, deadline, asked, stream } of waiting.all()) {
      if (deadline > now) {
        cancelSweep = clock.after(deadline - now, sweep)
        return
      }
      if (!waiting.delete(number)) continue
      asked.answer(failure(`no whole response within ${options.requestTimeout} ms`, true))
      stream.cancel()
    }
  }

  const tick = (): void => {
    const silence = clock.elapsed() - heardAt
    if (silence < options.pingAfter) {
      cancelTick = clock.after(options.pingAfter - silence, tick)
      return
    }
    const heardBefore = heardAt
    cancelTick = clock.after(options.pingAfter, () => {
      if (heardAt === heardBefore) destroy(`no sign of life for ${2 * options.pingAfter} ms, a PING was not answered`)
      else tick()
    })
    session?.ping(() => {
      heardAt = clock.elapsed()
    })
  }

  const noteBarren = ({ code, answered }: Broken): void => {
    if (answered || fate !== undefined || code === NO_ERROR) return
    barren++
    if (barren === MOST_BARREN) leave(`the peer resets every stream (code ${code})`)
  }

  const torn = (asked: Asked, end: Broken): void => {
    // Of a connection that ended with an error every stream has the error's code, and it says nothing of the stream.
    const refused = end.code === REFUSED_STREAM && !end.answered && !wasCondemned
    const safe = refused || end.id === undefined || end.id > last
    if (safe && left && asked.writes < MOST_WRITES) return events.again(asked)
    const reason = fate ?? end.why ?? 'the connection was lost'
    if (safe) return asked.answer(failure(`the peer refused the request unprocessed: ${reason}`, false))
    const how = end.answered ? 'the response broke off' : 'closed without a response'
    asked.answer(failure(`${how}: ${reason} (code ${end.code})`, true))
  }

  const send = (asked: Asked, now: number): void => {
    if (session === undefined) return events.again(asked)
    asked.writes++
    const number = ++written
    const stream = session.request(asked.request, (end) => {
      streams--
      if (waiting.delete(number)) {
        if (end.is === 'reply') {
          heardAt = clock.elapsed()
          everServed = true
          barren = 0
          events.served()
          asked.answer(end)
        } else {
          torn(asked, end)
          noteBarren(end)
        }
      }
      if (!left) events.room()
      else closeWhenEmpty()
    })
    if (stream.is === 'not sent') {
      if (!stream.isClosing) return asked.answer(failure(`can't be sent: ${stream.why}`, false))
      leave(stream.why)
      if (asked.writes < MOST_WRITES) return events.again(asked)
      return asked.answer(failure(`the connection is closing: ${stream.why}`, false))
    }
    streams++
    waiting.add(number, { number, deadline: now + options.requestTimeout, asked, stream })
    cancelSweep ??= clock.after(options.requestTimeout, sweep)
  }

  const goaway = (code: number, lastStream: number, data: Buffer): void => {
    last = lastStream
    wasCondemned = code !== NO_ERROR
    const reason = data.length === 0 ? '' : `: ${data.subarray(0, 256).toString()}`
    fate ??= `the peer said GOAWAY with code ${code}${reason}`
    if (code !== NO_ERROR || reason !== '') options.notice(`${options.url}: ${fate}`)
    leave(fate)
    closeWhenEmpty()
  }

  const giveUp = dial((result) => {
    if (gone) {
      if (!('why' in result)) result.destroy()
      return
    }
    if ('why' in result) return finish(fate ?? result.why)
    limit = options.initialStreams
    cancelTick = clock.after(options.connectTimeout, () =>
      destroy(`the peer sent no SETTINGS within ${options.connectTimeout} ms, so it is not an HTTP/2 server`),
    )
    session = openSession(result, options, {
      settings(maxConcurrentStreams) {
        heardAt = clock.elapsed()
        limit = Math.min(maxConcurrentStreams, options.maxStreams)
        cancelStarved?.()
        if (limit === 0) {
          const starved = `the peer allowed no request at a time for ${options.requestTimeout} ms`
          cancelStarved = clock.after(options.requestTimeout, () => destroy(starved))
        }
        if (!settled) {
          settled = true
          cancelTick?.()
          cancelTick = clock.after(options.pingAfter, tick)
        }
        if (!left) events.room()
      },
      goaway,
      failed(why) {
        fate ??= why
      },
      closed: () => finish(fate ?? 'the peer closed the connection'),
    })
    if (limit > 0) events.room()
  })

  return Object.freeze({
    room: () => (left ? 0 : limit - streams),
    used: () => streams,
    established: () => settled,
    send,
    retire() {
      left = true
      if (session === undefined) destroy('retired before it was open')
      else closeWhenEmpty()
    },
    destroy,
  })
}

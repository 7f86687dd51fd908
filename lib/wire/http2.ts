/**
 * Requests to one origin over HTTP/2 (RFC 9113): a queue and a small pool of connections. Sends again only what no peer
 * can have processed. Knows nothing of push.
 */
import { type Clock } from '../clock'
import { dial, placeOf, type Dial } from './dial'
import { makeTwoLanes } from './fifo'
import { openConnection, type Asked, type Connection } from './http2-connection'
import { openOwnSession } from './h2/session'
import type * as Node from './http2-node'
import { type OpenSession } from './http2-session'
import { fixedSize, growingSize } from './pool-size'
import { type Http2, type Origin, type OriginOptions, type WireFailure, type WireReply } from './wire'

/** Node's own is loaded where it is asked for. */
const sessions: Readonly<Record<Http2, () => OpenSession>> = {
  own: () => openOwnSession,
  node: () => (module.require('./http2-node') as typeof Node).openNodeSession,
}

const FIRST_HOLD = 250
/** The request's own time was over. */
const OVERDUE = 'not written: no connection had room for it in its time'
const LONGEST_HOLD = 30_000

function dialling(options: OriginOptions, clock: Clock): Dial {
  const place = placeOf(options)
  return (done) => dial(place, clock, done)
}

/**
 * Nothing is connected until the first request. After a connection that failed or was of no use, requests fail fast as `unreachable`
 * for a growing, jittered moment. Throws if certificate, key or authorities can't be read. `via`: another way to connect, which gives
 * sockets that speak h2.
 */
export function makeHttp2Origin(options: OriginOptions, clock: Clock, via = dialling(options, clock)): Origin {
  const openSession = sessions[options.http2 ?? 'own']()
  const most = Math.max(1, options.connections ?? 1)
  const queue = makeTwoLanes<Asked>(({ request }) => request.isUrgent === true)
  const pool: Connection[] = []
  const all = new Set<Connection>()
  let failures = 0
  let holdUntil = -Infinity
  let trouble = ''
  let noticed = ''
  let closing = false
  let emptied: (() => void) | undefined

  const failure = (why: string, unreachable: boolean): WireFailure => ({
    is: 'failure',
    why: `${options.url}: ${why}`,
    ambiguous: false,
    unreachable,
  })
  const held = (): boolean => pool.length === 0 && clock.elapsed() < holdUntil

  const hold = (why: string): void => {
    const longest = Math.min(LONGEST_HOLD, FIRST_HOLD * 2 ** failures)
    holdUntil = clock.elapsed() + longest * (0.5 + clock.random() / 2)
    trouble = why
    if (why !== noticed) options.notice(`${options.url}: ${why}`)
    noticed = why
  }

  const failQueued = (why: string, unreachable: boolean): void => {
    for (let asked = queue.shift(); asked !== undefined; asked = queue.shift()) asked.answer(failure(why, unreachable))
  }

  const mostRoom = (): Connection | undefined => {
    let best: Connection | undefined
    let room = 0
    for (const connection of pool) {
      if (connection.room() > room) {
        best = connection
        room = connection.room()
      }
    }
    return best
  }

  const fit = (): void => {
    while (pool.length > sizing.size()) {
      const [idlest] = [...pool].sort((one, other) => one.used() - other.used())
      if (idlest === undefined) return
      pool.splice(pool.indexOf(idlest), 1)
      idlest.retire()
    }
    pump()
  }
  const sizing = options.growing === true ? growingSize(most, clock, fit) : fixedSize(most)

  const measure = (now: number): void => {
    let used = 0
    let room = 0
    for (const connection of pool) {
      used += connection.used()
      room += Math.max(0, connection.room())
    }
    sizing.note(used, used + room, now)
  }

  const leaveIfDone = (): void => {
    if (!closing || queue.length() > 0) return
    for (const connection of pool.splice(0)) connection.retire()
    if (all.size === 0) emptied?.()
  }

  const pump = (): void => {
    const now = clock.elapsed()
    while (queue.length() > 0) {
      const connection = mostRoom()
      if (connection === undefined) break
      const asked = queue.shift()
      if (asked === undefined) break
      if (now < (asked.request.notAfter ?? Infinity)) connection.send(asked, now)
      else asked.answer(failure(OVERDUE, false))
    }
    if (queue.length() > 0) {
      if (held()) failQueued(trouble, true)
      else if (pool.length < sizing.size() && pool.every((connection) => connection.established())) open()
    }
    measure(now)
    leaveIfDone()
  }

  const open = (): void => {
    const connection = openConnection(via, openSession, options, clock, {
      room: pump,
      again(asked) {
        queue.unshift(asked)
        queueMicrotask(pump)
      },
      served() {
        failures = 0
        noticed = ''
        sizing.served()
      },
      leaving(why, steady) {
        const at = pool.indexOf(connection)
        if (at >= 0) pool.splice(at, 1)
        if (!steady) {
          // A peer that restarts may say GOAWAY to a connection that is new; one that does so twice is not asked again at once.
          if (failures > 0 || !connection.established()) hold(why)
          failures++
        }
        queueMicrotask(pump)
      },
      over() {
        all.delete(connection)
        queueMicrotask(pump)
      },
    })
    pool.push(connection)
    all.add(connection)
  }

  return Object.freeze({
    request(request) {
      if (closing) return Promise.resolve(failure('is being closed', false))
      if (held()) return Promise.resolve(failure(trouble, true))
      return new Promise<WireReply | WireFailure>((answer) => {
        queue.push({ request, answer, writes: 0 })
        pump()
      })
    },
    renew() {
      // One that is not open yet is as fresh as can be.
      for (const connection of pool.filter((open) => open.established())) {
        pool.splice(pool.indexOf(connection), 1)
        connection.retire()
      }
      pump()
    },
    connections: () => sizing.size(),
    close(graceMs) {
      closing = true
      sizing.stop()
      return new Promise<void>((done) => {
        const cancel = clock.after(graceMs, () => {
          failQueued('is being closed', false)
          for (const connection of all) connection.destroy('closed by us')
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

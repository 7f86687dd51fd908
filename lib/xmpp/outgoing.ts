/**
 * What waits to be written to one connection: gathered for a turn of the event loop, bounded, and answered with whether it was written.
 * Refuses to know XML.
 */
import { type Socket } from 'node:net'
import { type Clock } from '../clock'

/** Bytes unread by the peer at which we stop reading from it: a peer that asks and does not listen fills its own memory, not ours. */
const HIGH_WATER = 1024 * 1024
/** Bytes unread by the peer at which nothing more is taken. */
const FULL = 16 * 1024 * 1024

export interface Outgoing {
  /** Resolves true once the text is with the kernel, false if it could not be written. Never rejects. */
  readonly send: (text: string) => Promise<boolean>
  /** Milliseconds (of `clock.elapsed`) since the peer last took something, 0 if nothing waits. */
  readonly stuckFor: () => number
  /** Milliseconds since something was last written. */
  readonly silentFor: () => number
  /** Writes at once what was gathered, and takes no more. */
  readonly finish: () => void
  /** The connection is over: what was not written by now is answered with false. */
  readonly end: () => void
}

/** `hold` is called with true when the peer is to be read no more for now, with false when it may be again. */
export function makeOutgoing(socket: Socket, clock: Clock, hold: (held: boolean) => void): Outgoing {
  let gathered = ''
  let whenWritten: Promise<boolean> | undefined
  let answer: (written: boolean) => void = () => undefined
  let unanswered = new Set<(written: boolean) => void>()
  let isFinished = false
  let isHeld = false
  let takenAt = clock.elapsed()
  let writtenAt = clock.elapsed()

  function flush(): void {
    if (whenWritten === undefined) return
    const done = answer
    const text = gathered
    gathered = ''
    whenWritten = undefined
    writtenAt = clock.elapsed()
    if (socket.writableLength === 0) takenAt = writtenAt
    socket.write(text, (error) => {
      takenAt = clock.elapsed()
      if (unanswered.delete(done)) done(!error)
      release()
    })
    if (!isHeld && socket.writableLength > HIGH_WATER) {
      isHeld = true
      hold(true)
    }
  }

  function release(): void {
    if (!isHeld || socket.writableLength > HIGH_WATER / 2) return
    isHeld = false
    hold(false)
  }

  return {
    send(text) {
      if (isFinished || !socket.writable || socket.writableLength + gathered.length > FULL)
        return Promise.resolve(false)
      gathered += text
      if (whenWritten === undefined) {
        whenWritten = new Promise((resolve) => {
          answer = resolve
          unanswered.add(resolve)
        })
        setImmediate(flush)
      }
      return whenWritten
    },
    stuckFor: () => (socket.writableLength === 0 ? 0 : clock.elapsed() - takenAt),
    silentFor: () => clock.elapsed() - writtenAt,
    finish() {
      flush()
      isFinished = true
    },
    end() {
      isFinished = true
      whenWritten = undefined
      const waiting = unanswered
      unanswered = new Set()
      for (const resolve of waiting) resolve(false)
    },
  }
}

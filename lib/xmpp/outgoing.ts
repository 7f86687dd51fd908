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
/** Bytes given to the socket at a time: it tells only of a whole write, and a slow peer is to be told from a dead one. */
const PIECE = 64 * 1024

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

interface Piece {
  readonly bytes: string | Buffer
  readonly size: number
  /** Present at the last piece of what was gathered in one turn. */
  readonly done?: (written: boolean) => void
}

function piecesOf(text: string, done: (written: boolean) => void): Piece[] {
  const size = Buffer.byteLength(text)
  if (size <= PIECE) return [{ bytes: text, size, done }]
  const all = Buffer.from(text)
  const pieces: Piece[] = []
  for (let at = 0; at < size; at += PIECE) {
    const bytes = all.subarray(at, at + PIECE)
    pieces.push({ bytes, size: bytes.length, ...(at + PIECE >= size ? { done } : {}) })
  }
  return pieces
}

/** `hold` is called with true when the peer is to be read no more for now, with false when it may be again. */
export function makeOutgoing(socket: Socket, clock: Clock, hold: (held: boolean) => void): Outgoing {
  let gathered = ''
  let whenWritten: Promise<boolean> | undefined
  let answer: (written: boolean) => void = () => undefined
  let isFinished = false
  let isHeld = false
  let isWriting = false
  /** Bytes that are not with the kernel yet; those that are being written among them. */
  let waiting = 0
  let takenAt = clock.elapsed()
  let writtenAt = clock.elapsed()
  const queue: Piece[] = []
  /** A list: with each turn one comes and one goes, and a set leaves its tables behind. */
  const unanswered: ((written: boolean) => void)[] = []

  function flush(): void {
    if (whenWritten === undefined) return
    const pieces = piecesOf(gathered, answer)
    gathered = ''
    whenWritten = undefined
    writtenAt = clock.elapsed()
    if (waiting === 0) takenAt = writtenAt
    for (const piece of pieces) waiting += piece.size
    queue.push(...pieces)
    if (!isWriting) writeNext()
    if (!isHeld && waiting > HIGH_WATER) {
      isHeld = true
      hold(true)
    }
  }

  function answerOnce(done: (written: boolean) => void, written: boolean): void {
    const at = unanswered.indexOf(done)
    if (at < 0) return
    unanswered.splice(at, 1)
    done(written)
  }

  function writeNext(): void {
    const piece = queue.shift()
    isWriting = piece !== undefined
    if (piece !== undefined) write(piece, writeNext)
  }

  function write(piece: Piece, then: () => void): void {
    socket.write(piece.bytes, (error) => {
      takenAt = clock.elapsed()
      waiting -= piece.size
      if (piece.done !== undefined) answerOnce(piece.done, !error)
      if (isHeld && waiting <= HIGH_WATER / 2) {
        isHeld = false
        hold(false)
      }
      then()
    })
  }

  return {
    send(text) {
      if (isFinished || !socket.writable || waiting + gathered.length > FULL) return Promise.resolve(false)
      gathered += text
      if (whenWritten === undefined) {
        whenWritten = new Promise((resolve) => {
          answer = resolve
          unanswered.push(resolve)
        })
        setImmediate(flush)
      }
      return whenWritten
    },
    stuckFor: () => (waiting === 0 ? 0 : clock.elapsed() - takenAt),
    silentFor: () => clock.elapsed() - writtenAt,
    finish() {
      flush()
      isFinished = true
      for (const piece of queue.splice(0)) write(piece, () => undefined)
    },
    end() {
      isFinished = true
      whenWritten = undefined
      queue.length = 0
      for (const resolve of unanswered.splice(0)) resolve(false)
    },
  }
}

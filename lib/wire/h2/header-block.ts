/** HEADERS and their CONTINUATION, put together (RFC 9113 §6.2, §6.10). Bounded in bytes and in frames. */
import { CODE, ConnectionFault, END_HEADERS, HAS_PRIORITY, PADDED } from './protocol'

/** Compressed bytes of a whole block. */
const LARGEST_BLOCK = 32_768
/** Frames after the first; a peer that sends many empty ones wants something else. */
const MOST_CONTINUATIONS = 8
const PRIORITY_LENGTH = 5

/** What a frame carries without its padding. Throws `ConnectionFault` where there is more padding than frame. */
export function withoutPadding(flags: number, payload: Buffer): Buffer {
  if ((flags & PADDED) === 0) return payload
  const [padding] = payload
  if (padding === undefined || padding >= payload.length)
    throw new ConnectionFault(CODE.PROTOCOL_ERROR, 'padding beyond its frame')
  return payload.subarray(1, payload.length - padding)
}

export interface HeaderBlocks {
  /** The stream whose block is not whole yet; 0 if there is none. Until it is, no other frame may come. */
  pending(): number
  /** A frame of HEADERS: the whole block, if it ends here. */
  headers(stream: number, flags: number, payload: Buffer): Buffer | undefined
  /** A frame of CONTINUATION, likewise. */
  continuation(stream: number, flags: number, payload: Buffer): Buffer | undefined
}

export function makeHeaderBlocks(): HeaderBlocks {
  let pending = 0
  let pieces: Buffer[] = []
  let size = 0

  const take = (flags: number, piece: Buffer): Buffer | undefined => {
    pieces.push(piece)
    size += piece.length
    if (size > LARGEST_BLOCK || pieces.length > MOST_CONTINUATIONS + 1) {
      throw new ConnectionFault(CODE.ENHANCE_YOUR_CALM, 'a head without end')
    }
    if ((flags & END_HEADERS) === 0) return undefined
    const block = pieces.length === 1 ? piece : Buffer.concat(pieces, size)
    pending = 0
    pieces = []
    return block
  }

  return Object.freeze({
    pending: () => pending,
    headers(stream: number, flags: number, payload: Buffer) {
      let block = withoutPadding(flags, payload)
      if ((flags & HAS_PRIORITY) !== 0) {
        if (block.length < PRIORITY_LENGTH) throw new ConnectionFault(CODE.FRAME_SIZE_ERROR, 'HEADERS that break off')
        block = block.subarray(PRIORITY_LENGTH)
      }
      // As nearly every head comes: whole.
      if ((flags & END_HEADERS) !== 0) return block
      pending = stream
      size = 0
      return take(flags, block)
    },
    continuation(stream: number, flags: number, payload: Buffer) {
      if (pending !== stream || stream === 0) throw new ConnectionFault(CODE.PROTOCOL_ERROR, 'CONTINUATION of nothing')
      return take(flags, payload)
    },
  })
}

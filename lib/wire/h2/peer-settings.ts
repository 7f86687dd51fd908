/** The peer's SETTINGS (RFC 9113 §6.5): what they may say. */
import { CODE, ConnectionFault, LARGEST_31_BITS, LONGEST_FRAME, SETTING } from './protocol'

export interface PeerSettings {
  /** In their order, for the smallest counts even if a larger one follows (RFC 7541 §4.2). */
  readonly headerTableSizes: number[]
  maxConcurrentStreams?: number
  initialWindowSize?: number
}

const ENTRY = 6
const LARGEST_24_BITS = 0xff_ffff

/** What a frame of SETTINGS changes. Throws `ConnectionFault` with the code that §6.5.2 gives to each fault. */
export function readSettings(payload: Buffer): PeerSettings {
  if (payload.length % ENTRY !== 0) throw new ConnectionFault(CODE.FRAME_SIZE_ERROR, 'SETTINGS that break off')
  const settings: PeerSettings = { headerTableSizes: [] }
  for (let at = 0; at < payload.length; at += ENTRY) {
    const value = payload.readUInt32BE(at + 2)
    switch (payload.readUInt16BE(at)) {
      case SETTING.HEADER_TABLE_SIZE:
        settings.headerTableSizes.push(value)
        break
      case SETTING.ENABLE_PUSH:
        if (value !== 0) throw new ConnectionFault(CODE.PROTOCOL_ERROR, 'SETTINGS with ENABLE_PUSH, from a server')
        break
      case SETTING.MAX_CONCURRENT_STREAMS:
        settings.maxConcurrentStreams = value
        break
      case SETTING.INITIAL_WINDOW_SIZE:
        if (value > LARGEST_31_BITS)
          throw new ConnectionFault(CODE.FLOW_CONTROL_ERROR, `SETTINGS with a window of ${value}`)
        settings.initialWindowSize = value
        break
      case SETTING.MAX_FRAME_SIZE:
        // Whatever it allows, no frame of ours is longer than the least that every peer takes.
        if (value < LONGEST_FRAME || value > LARGEST_24_BITS) {
          throw new ConnectionFault(CODE.PROTOCOL_ERROR, `SETTINGS with frames of ${value} bytes`)
        }
        break
      default:
      // unknown settings, and advice of no use here
    }
  }
  return settings
}

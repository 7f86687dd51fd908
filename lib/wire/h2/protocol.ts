/** The numbers of RFC 9113, and what ends a connection that does not keep to it. */

/** Types of frames (§6). */
export const FRAME = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const

/** END_STREAM of DATA and HEADERS, ACK of SETTINGS and PING: the same bit. */
export const END_STREAM = 0x1
export const ACK = 0x1
export const END_HEADERS = 0x4
export const PADDED = 0x8
/** HEADERS begin with the fields of a priority that means nothing any more (§5.3.2). */
export const HAS_PRIORITY = 0x20

/** Error codes (§7). */
export const CODE = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  SETTINGS_TIMEOUT: 4,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  CONNECT_ERROR: 10,
  ENHANCE_YOUR_CALM: 11,
  INADEQUATE_SECURITY: 12,
  HTTP_1_1_REQUIRED: 13,
} as const

/** Settings (§6.5.2). */
export const SETTING = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const

/** Of a frame, its payload apart. */
export const HEAD_LENGTH = 9
/** What a frame's payload holds at most unless the receiver allows more, which this client neither does nor uses. */
export const LONGEST_FRAME = 16_384
/** Of the connection, and of a stream where SETTINGS say nothing else. */
export const FIRST_WINDOW = 65_535
/** Windows, increments, stream identifiers. */
export const LARGEST_31_BITS = 0x7fff_ffff
/** What opens a client's connection (§3.4). */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

const NAMES: readonly string[] = Object.keys(CODE)

/** The name that §7 gives to an error code. */
export function nameOf(code: number): string {
  return NAMES[code] ?? `code ${code}`
}

/** The peer broke the protocol so that the connection as a whole must end with this code (§5.4.1). */
export class ConnectionFault extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message)
  }
}

/** Bytes of a socket to text (RFC 3629; RFC 6120 §11.6: a stream is UTF-8 and nothing else). Knows no XML. */
import { isAscii, isUtf8 } from 'node:buffer'
import { XmlFault } from './xml-fault'

/** How many bytes at the end begin a character that they do not end. */
function unfinished(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0
  }
  return 0
}

/** Takes bytes cut anywhere, gives the characters that are whole. Throws `XmlFault` at bytes that are no UTF-8. */
export function makeUtf8(): (bytes: Buffer) => string {
  let rest: Buffer | undefined
  return (read) => {
    if (rest === undefined && isAscii(read)) return read.toString('latin1')
    const bytes = rest === undefined ? read : Buffer.concat([rest, read])
    const end = bytes.length - unfinished(bytes)
    rest = end === bytes.length ? undefined : bytes.subarray(end)
    const whole = bytes.subarray(0, end)
    if (!isUtf8(whole)) throw new XmlFault('unsupported-encoding', 'bytes that are no UTF-8')
    return whole.toString()
  }
}

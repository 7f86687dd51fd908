/** Header blocks to fields (RFC 7541). Bounded: a peer decides neither how much is kept nor how much a small block swells to. */
import { makeDynamicTable } from './dynamic-table'
import { makeField, type Field } from './field'
import { huffmanText } from './huffman'
import { CODE, ConnectionFault } from './protocol'
import { STATIC_FIELDS } from './static-table'

export interface Decoder {
  /**
   * The fields of one whole block, or undefined where they are more than is taken; the table is in step all the same. Throws
   * `ConnectionFault` COMPRESSION_ERROR, after which nothing can be decoded any more (RFC 9113 §4.3).
   */
  decode(block: Buffer): readonly Field[] | undefined
}

export interface DecoderOptions {
  /** What our SETTINGS_HEADER_TABLE_SIZE allows the peer. */
  readonly tableSize: number
  /** Bytes of a header list, counted as RFC 9113 §6.5.2 does. */
  readonly maxListSize: number
}

const fault = (what: string): ConnectionFault => new ConnectionFault(CODE.COMPRESSION_ERROR, what)

export function makeDecoder({ tableSize, maxListSize }: DecoderOptions): Decoder {
  const table = makeDynamicTable<Field>(tableSize)
  let block: Buffer = Buffer.alloc(0)
  let at = 0

  /** §5.1, of the byte just before `at`. Nothing that a header block may say needs more than 28 bits. */
  const integer = (byte: number, mask: number): number => {
    let value = byte & mask
    if (value < mask) return value
    for (let shift = 0; shift <= 21; shift += 7) {
      const next = block[at++]
      if (next === undefined) throw fault('an integer breaks off')
      value += (next & 0x7f) << shift
      if (next < 0x80) return value
    }
    throw fault('an integer beyond all bounds')
  }

  /** §5.2. */
  const text = (): string => {
    const byte = block[at++]
    if (byte === undefined) throw fault('a field breaks off')
    const length = integer(byte, 0x7f)
    const end = at + length
    if (end > block.length) throw fault('a text breaks off')
    const read = byte < 0x80 ? block.toString('latin1', at, end) : huffmanText(block, at, end)
    if (read === undefined) throw fault("a text that is not in Huffman's code")
    at = end
    return read
  }

  const fieldAt = (index: number): Field => {
    const found = index <= STATIC_FIELDS.length ? STATIC_FIELDS[index - 1] : table.at(index - STATIC_FIELDS.length - 1)
    if (found === undefined) throw fault(`there is no entry ${index} in the table`)
    return found
  }

  const literal = (nameIndex: number): Field => {
    const name = nameIndex === 0 ? text() : fieldAt(nameIndex).name
    return makeField(name, text())
  }

  return Object.freeze({
    decode(whole: Buffer) {
      block = whole
      at = 0
      let size = 0
      const fields: Field[] = []
      while (at < block.length) {
        const byte = block[at++] ?? 0
        let field: Field
        if (byte >= 0x80) field = fieldAt(integer(byte, 0x7f))
        else if (byte >= 0x40) {
          field = literal(integer(byte, 0x3f))
          table.insert(field)
        } else if (byte >= 0x20) {
          const limit = integer(byte, 0x1f)
          if (size > 0) throw fault('a change of the table within a block')
          if (limit > tableSize) throw fault(`a table of ${limit} bytes, more than ${tableSize}`)
          table.resize(limit)
          continue
        } else field = literal(integer(byte, 0x0f))
        size += field.size
        fields.push(field)
      }
      return size > maxListSize ? undefined : fields
    },
  })
}

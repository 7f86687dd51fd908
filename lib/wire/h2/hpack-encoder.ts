/**
 * Fields to header blocks (RFC 7541). What repeats goes into the dynamic table and costs a byte from then on; what never repeats, or must not
 * be remembered, stays out of it.
 */
import { makeDynamicTable } from './dynamic-table'
import { sizeOf } from './field'
import { STATIC_FIELDS, STATIC_NAMES, staticIndexOf } from './static-table'

export interface Encoder {
  /** Begins a block. */
  begin(): void
  /** Adds a field, which must be sound. `isSecret`: never in a table, here or at any hop that passes it on (§6.2.3). */
  add(name: string, value: string, isSecret: boolean): void
  /** The block; good until the next one begins. */
  end(): Buffer
  /** What the peer's SETTINGS_HEADER_TABLE_SIZE allows; takes effect with the next block (§4.2). */
  allow(tableSize: number): void
}

/** As large as this client lets its own tables be. */
const LARGEST_TABLE = 4096
/** An entry that takes more of the table than this part of it drives out too much else. */
const LARGEST_PART = 4
/** A name whose value changed so often since it last repeated is no longer indexed, until it repeats. */
const MOST_CHANGES = 4
/** Names that are remembered; a caller that invents new ones for ever is not. */
const MOST_NAMES = 256
/** Shorter values are written sooner than Node is asked to write them. */
const SHORT = 40

/** What is known of a name. */
interface Name {
  readonly bytes: Buffer
  /** 0 where the static table hasn't got it. */
  readonly index: number
  /** By value: how many entries had been inserted when this one was. */
  readonly inserted: Map<string, number>
  last: string
  changes: number
}

interface Entry {
  readonly size: number
  readonly name: Name
  readonly value: string
}

export function makeEncoder(): Encoder {
  const names = new Map<string, Name>()
  const table = makeDynamicTable<Entry>(LARGEST_TABLE, ({ name, value }) => name.inserted.delete(value))
  let insertions = 0
  let block = Buffer.allocUnsafeSlow(1024)
  /** Of `block`, by their lengths, of which there are few: a view costs as much to make as to fill. */
  let views: Buffer[] = []
  let at = 0
  /** The smallest table since the last block, where it was changed. */
  let smallest: number | undefined

  const reserve = (length: number): void => {
    if (at + length <= block.length) return
    const larger = Buffer.allocUnsafeSlow(2 * (at + length))
    larger.set(block.subarray(0, at))
    block = larger
    views = []
  }
  /** §5.1 */
  const integer = (value: number, mask: number, first: number): void => {
    if (value < mask) {
      block[at++] = first | value
      return
    }
    block[at++] = first | mask
    let rest = value - mask
    while (rest >= 0x80) {
      block[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    block[at++] = rest
  }
  const literal = (name: Name, value: string, mask: number, first: number): void => {
    integer(name.index, mask, first)
    if (name.index === 0) {
      integer(name.bytes.length, 0x7f, 0)
      block.set(name.bytes, at)
      at += name.bytes.length
    }
    integer(value.length, 0x7f, 0)
    if (value.length > SHORT) at += block.write(value, at, 'latin1')
    else for (let each = 0; each < value.length; each++) block[at++] = value.charCodeAt(each)
  }
  const nameOf = (text: string): Name => {
    let name = names.get(text)
    if (name === undefined) {
      const bytes = Buffer.from(text, 'latin1')
      name = { bytes, index: STATIC_NAMES.get(text) ?? 0, inserted: new Map(), last: '', changes: 0 }
      if (names.size < MOST_NAMES) names.set(text, name)
    }
    return name
  }
  /** Whether an entry is likely to be of use again. */
  const repeats = (name: Name, value: string): boolean => {
    if (value === name.last) name.changes = 0
    else name.changes++
    name.last = value
    return name.changes <= MOST_CHANGES
  }

  return Object.freeze({
    begin() {
      at = 0
      if (smallest === undefined) return
      if (smallest < table.limit()) integer(smallest, 0x1f, 0x20)
      integer(table.limit(), 0x1f, 0x20)
      smallest = undefined
    },
    add(text: string, value: string, isSecret: boolean) {
      const name = nameOf(text)
      const size = sizeOf(text, value)
      reserve(size)
      if (isSecret) return literal(name, value, 0x0f, 0x10)
      const insertion = name.inserted.get(value)
      if (insertion !== undefined) return integer(STATIC_FIELDS.length + insertions - insertion, 0x7f, 0x80)
      const fixed = name.index === 0 ? undefined : staticIndexOf(text, value)
      if (fixed !== undefined) return integer(fixed, 0x7f, 0x80)
      if (size * LARGEST_PART > table.limit() || !repeats(name, value)) return literal(name, value, 0x0f, 0)
      literal(name, value, 0x3f, 0x40)
      table.insert({ size, name, value })
      name.inserted.set(value, insertions++)
    },
    end: () => (views[at] ??= block.subarray(0, at)),
    allow(tableSize: number) {
      const limit = Math.min(tableSize, LARGEST_TABLE)
      if (limit === table.limit() && smallest === undefined) return
      smallest = Math.min(smallest ?? limit, limit)
      table.resize(limit)
    },
  })
}

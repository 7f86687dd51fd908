/** Huffman's code of RFC 7541 §5.2 and Appendix B, read by steps of eight bits. Nothing is written in it: what we write much of is indexed. */

/**
 * Bits of the code of each symbol, 0 to 255 and EOS, as digits of base 36. The code is canonical: within a length, codes ascend with the
 * symbols, so that the lengths tell all.
 */
const LENGTHS =
  'dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6ca' +
  'd67777777777777777777777878djde6f56565666577666567655677777fbeds' +
  'kmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmn' +
  'qqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrq' +
  'u'

const EOS = 256

/** What eight bits lead to: below 0, another table; otherwise a symbol, and above it the bits that its code took of the eight. */
type Table = Int32Array
const tables: Table[] = []
const UNSET = 0x7fff_ffff
const BITS_SHIFT = 9

function newTable(): number {
  return tables.push(new Int32Array(256).fill(UNSET)) - 1
}

function enter(symbol: number, code: number, length: number): void {
  let table = tables[0]
  let left = length
  while (table !== undefined && left > 8) {
    const step = (code >>> (left - 8)) & 0xff
    if (table[step] === UNSET) table[step] = -newTable()
    table = tables[-(table[step] ?? 0)]
    left -= 8
  }
  const first = (code << (8 - left)) & 0xff
  table?.fill(symbol | (left << BITS_SHIFT), first, first + (1 << (8 - left)))
}

function build(): void {
  newTable()
  let code = 0
  for (let length = 1; length <= 30; length++) {
    code <<= 1
    for (let symbol = 0; symbol <= EOS; symbol++) {
      if (parseInt(LENGTHS.charAt(symbol), 36) === length) enter(symbol, code++, length)
    }
  }
}
build()

const ROOT = tables[0] ?? new Int32Array()
/** No code is shorter than five bits. */
const MOST_PER_BYTE = 8 / 5
let scratch = Buffer.allocUnsafe(1024)

/** The text, a character for each byte; undefined where EOS or a wrong padding stands in it (§5.2). */
export function huffmanText(bytes: Uint8Array, from: number, to: number): string | undefined {
  const most = Math.ceil((to - from) * MOST_PER_BYTE)
  if (most > scratch.length) scratch = Buffer.allocUnsafe(most)
  let length = 0
  let bits = 0
  let held = 0
  let table = ROOT
  let at = from
  for (;;) {
    if (held < 8 && at < to) {
      bits = ((bits << 8) | (bytes[at++] ?? 0)) & 0xffff
      held += 8
    }
    // At the end ones, as the padding has them.
    const step = held >= 8 ? (bits >>> (held - 8)) & 0xff : ((bits << (8 - held)) | (0xff >>> held)) & 0xff
    const found = table[step] ?? UNSET
    if (found < 0) {
      if (held < 8) break
      held -= 8
      table = tables[-found] ?? ROOT
      continue
    }
    const used = found >>> BITS_SHIFT
    const symbol = found & 0x1ff
    if (found === UNSET || used > held) break
    if (symbol === EOS) return undefined
    scratch[length++] = symbol
    held -= used
    table = ROOT
  }
  const isPadding = table === ROOT && held < 8 && (bits & ((1 << held) - 1)) === (1 << held) - 1
  return isPadding ? scratch.toString('latin1', 0, length) : undefined
}

/**
 * GHASH of AES-GCM (NIST SP 800-38D §6.4): a polynomial over GF(2^128), a byte at a time by a table of 256 products with the hash key. Knows no
 * cipher. Its time tells something of the key to who shares the processor's cache: it seals what lies on our own disk, and nothing that a
 * stranger may time.
 */

export interface Ghash {
  /** Begins anew. */
  begin(): void
  /** Takes bytes up to `to`; the last block is filled up with zeroes. */
  take(bytes: Buffer, from: number, to: number): void
  /** Takes the lengths of both parts, in bytes; then writes the 16 bytes of the hash. */
  end(additional: number, text: number, into: Buffer, at: number): void
}

const BLOCK = 16
/** x^128 + x^7 + x^2 + x + 1, the bits of a byte in their order (§6.3). */
const REDUCTION = 0xe1000000

/** Times x: the bits of a byte go from left to right. */
function timesX(words: Int32Array): void {
  const [a = 0, b = 0, c = 0, d = 0] = words
  words[0] = (a >>> 1) ^ ((d & 1) === 1 ? REDUCTION : 0)
  words[1] = (b >>> 1) | (a << 31)
  words[2] = (c >>> 1) | (b << 31)
  words[3] = (d >>> 1) | (c << 31)
}

/** Four words for each byte: its product with the hash key. */
function productsOf(key: Buffer): Int32Array {
  const products = new Int32Array(256 * 4)
  const power = Int32Array.of(key.readInt32BE(0), key.readInt32BE(4), key.readInt32BE(8), key.readInt32BE(12))
  for (let bit = 128; bit >= 1; bit >>= 1) {
    products.set(power, bit * 4)
    timesX(power)
  }
  for (let byte = 1; byte < 256; byte++) {
    const low = byte & -byte
    if (low === byte) continue
    for (let word = 0; word < 4; word++) {
      products[byte * 4 + word] = (products[(byte ^ low) * 4 + word] ?? 0) ^ (products[low * 4 + word] ?? 0)
    }
  }
  return products
}

/** What a byte that is pushed out at the right brings in at the left. */
function remaindersOf(): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => {
    const words = Int32Array.of(0, 0, 0, byte)
    for (let bit = 0; bit < 8; bit++) timesX(words)
    return words[0] ?? 0
  })
}

const remainders = remaindersOf()

/** `key`: the hash key, a block of zeroes enciphered (§7.1). */
export function makeGhash(key: Buffer): Ghash {
  const products = productsOf(key)
  /** The sum so far. */
  const sum = new Int32Array(4)

  /** The sum times the hash key: Horner's rule over its sixteen bytes, the last one first. */
  const multiply = (): void => {
    let z0 = 0
    let z1 = 0
    let z2 = 0
    let z3 = 0
    for (let word = 3; word >= 0; word--) {
      const bytes = sum[word] ?? 0
      for (let shift = 0; shift < 32; shift += 8) {
        const at = ((bytes >>> shift) & 255) << 2
        const out = remainders[z3 & 255] ?? 0
        z3 = ((z3 >>> 8) | (z2 << 24)) ^ (products[at + 3] ?? 0)
        z2 = ((z2 >>> 8) | (z1 << 24)) ^ (products[at + 2] ?? 0)
        z1 = ((z1 >>> 8) | (z0 << 24)) ^ (products[at + 1] ?? 0)
        z0 = (z0 >>> 8) ^ out ^ (products[at] ?? 0)
      }
    }
    sum[0] = z0
    sum[1] = z1
    sum[2] = z2
    sum[3] = z3
  }
  const add = (word: number, bits: number): void => {
    sum[word] = (sum[word] ?? 0) ^ bits
  }

  const last = Buffer.alloc(BLOCK)
  const block = (bytes: Buffer, at: number): void => {
    for (let word = 0; word < 4; word++) add(word, bytes.readInt32BE(at + 4 * word))
    multiply()
  }

  return Object.freeze({
    begin() {
      sum.fill(0)
    },
    take(bytes: Buffer, from: number, to: number) {
      let at = from
      for (; at + BLOCK <= to; at += BLOCK) block(bytes, at)
      if (at === to) return
      last.fill(0)
      for (let each = at; each < to; each++) last[each - at] = bytes[each] ?? 0
      block(last, 0)
    },
    end(additional: number, text: number, into: Buffer, at: number) {
      add(1, additional * 8)
      add(3, text * 8)
      multiply()
      for (let word = 0; word < 4; word++) into.writeInt32BE(sum[word] ?? 0, at + 4 * word)
    },
  })
}

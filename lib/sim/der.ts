// A writer of ASN.1 DER (ITU-T X.690 §8–11), just large enough for X.509 and PKCS#12. It never reads, and knows no structure.

const value = (tag: number, content: Buffer): Buffer => {
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content])
  const digits = Buffer.alloc(4)
  digits.writeUInt32BE(content.length)
  const length = digits.subarray(digits.findIndex((byte) => byte !== 0))
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, content])
}

const base128 = (arc: number): number[] => {
  const digits = [arc & 0x7f]
  for (let rest = arc >>> 7; rest > 0; rest >>>= 7) digits.unshift((rest & 0x7f) | 0x80)
  return digits
}

const GENERALIZED_FROM = Date.UTC(2050, 0, 1)

/** The DER of each ASN.1 type that certificates need. Contents are given as DER, or as the bytes of a string type. */
export const der = {
  sequence: (...items: readonly Buffer[]): Buffer => value(0x30, Buffer.concat(items)),

  /** SET OF one or more; the caller gives them in DER order. */
  set: (...items: readonly Buffer[]): Buffer => value(0x31, Buffer.concat(items)),

  /** A context-specific tag around whole values ([n] EXPLICIT, or the IMPLICIT form of a constructed type). */
  context: (tag: number, ...items: readonly Buffer[]): Buffer => value(0xa0 | tag, Buffer.concat(items)),

  /** A context-specific IMPLICIT tag upon a primitive type's bytes. */
  contextPrimitive: (tag: number, bytes: Buffer): Buffer => value(0x80 | tag, bytes),

  /** A non-negative INTEGER of a number below 2^31 or of unsigned big-endian bytes. */
  integer: (from: number | Buffer): Buffer => {
    const digits = Buffer.alloc(4)
    if (typeof from === 'number') digits.writeUInt32BE(from)
    const bytes = typeof from === 'number' ? digits : from
    const first = bytes.findIndex((byte) => byte !== 0)
    const shortest = first === -1 ? Buffer.from([0]) : bytes.subarray(first)
    return value(0x02, (shortest[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), shortest]) : shortest)
  },

  oid: (dotted: string): Buffer => {
    const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
    return value(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
  },

  boolean: (truth: boolean): Buffer => value(0x01, Buffer.from([truth ? 0xff : 0])),
  none: (): Buffer => value(0x05, Buffer.alloc(0)),
  octets: (bytes: Buffer): Buffer => value(0x04, bytes),

  /** BIT STRING; `unused` is the number of unused bits in the last byte. */
  bits: (bytes: Buffer, unused = 0): Buffer => value(0x03, Buffer.concat([Buffer.from([unused]), bytes])),

  utf8: (text: string): Buffer => value(0x0c, Buffer.from(text, 'utf8')),

  /** Time as RFC 5280 §4.1.2.5 wants it: UTCTime until 2049, GeneralizedTime afterwards. Whole seconds. */
  time: (at: Date): Buffer => {
    const text = at.toISOString().replace(/[-:T]/g, '').slice(0, 14) + 'Z'
    return at.getTime() < GENERALIZED_FROM ? value(0x17, Buffer.from(text.slice(2))) : value(0x18, Buffer.from(text))
  },
} as const

/** Wraps DER into PEM (RFC 7468) with the given label, e.g. `CERTIFICATE`. */
export const pem = (label: string, bytes: Buffer): string => {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}

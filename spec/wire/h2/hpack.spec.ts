import * as fc from 'fast-check'
import { makeDecoder, type Decoder } from '../../../lib/wire/h2/hpack-decoder'
import { makeEncoder } from '../../../lib/wire/h2/hpack-encoder'

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(/\s/g, ''), 'hex')
const decoderOf = (tableSize = 4096, maxListSize = 65_536): Decoder => makeDecoder({ tableSize, maxListSize })
const read = (decoder: Decoder, block: Buffer): readonly string[] | undefined =>
  decoder.decode(block)?.map(({ name, value }) => `${name}: ${value}`)

const FIRST = [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com']
const SECOND = [...FIRST, 'cache-control: no-cache']
const THIRD = [
  ':method: GET',
  ':scheme: https',
  ':path: /index.html',
  ':authority: www.example.com',
  'custom-key: custom-value',
]
const REDIRECT = (status: string): readonly string[] => [
  `:status: ${status}`,
  'cache-control: private',
  'date: Mon, 21 Oct 2013 20:13:21 GMT',
  'location: https://www.example.com',
]
const OK = [
  ':status: 200',
  'cache-control: private',
  'date: Mon, 21 Oct 2013 20:13:22 GMT',
  'location: https://www.example.com',
  'content-encoding: gzip',
  'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
]

/** RFC 7541 Appendix C, as the RFC prints it. */
const C3 = [
  '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
  '8286 84be 5808 6e6f 2d63 6163 6865',
  '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
]
const C4 = [
  '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
  '8286 84be 5886 a8eb 1064 9cbf',
  '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
]
const C5 = [
  `4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e
   1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`,
  '4803 3330 37c1 c0bf',
  `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d
   4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572
   7369 6f6e 3d31`,
]
const C6 = [
  `4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b
   97c8 e9ae 82ae 43d3`,
  '4883 640e ffc1 c0bf',
  `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf
   cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07`,
]

describe('wire/h2/hpack-decoder', () => {
  it.each([
    ['C.1.1, an integer within its prefix', '2a', 9, /a table of 10 bytes/],
    ['C.1.2, an integer beyond its prefix', '3f9a0a', 1336, /a table of 1337 bytes/],
  ])('reads %s', (_name, hex, tableSize, words) => {
    expect(() => decoderOf(tableSize).decode(bytes(hex))).toThrow(words)
    expect(decoderOf(tableSize + 1).decode(bytes(hex))).toEqual([])
  })

  it.each([
    ['C.2.1', '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572', 'custom-key: custom-header', true],
    ['C.2.2', '040c 2f73 616d 706c 652f 7061 7468', ':path: /sample/path', false],
    ['C.2.3', '1008 7061 7373 776f 7264 0673 6563 7265 74', 'password: secret', false],
    ['C.2.4', '82', ':method: GET', false],
  ])('reads %s, and remembers what is to be indexed only', (_name, hex, field, isIndexed) => {
    const decoder = decoderOf()
    expect(read(decoder, bytes(hex))).toEqual([field])
    if (isIndexed) expect(read(decoder, bytes('be'))).toEqual([field])
    else expect(() => decoder.decode(bytes('be'))).toThrow(/no entry 62/)
  })

  it.each<[string, readonly string[], number, readonly (readonly string[])[]]>([
    ['C.3, requests', C3, 4096, [FIRST, SECOND, THIRD]],
    ["C.4, requests in Huffman's code", C4, 4096, [FIRST, SECOND, THIRD]],
    ['C.5, responses and a table too small for all', C5, 256, [REDIRECT('302'), REDIRECT('307'), OK]],
    ["C.6, the same in Huffman's code", C6, 256, [REDIRECT('302'), REDIRECT('307'), OK]],
  ])('reads %s', (_name, blocks, tableSize, fields) => {
    const decoder = decoderOf(tableSize)
    expect(blocks.map((block) => read(decoder, bytes(block)))).toEqual(fields)
  })

  it('evicts what no longer fits before it inserts', () => {
    const decoder = decoderOf(256)
    for (const block of C5.slice(0, 2)) decoder.decode(bytes(block))
    expect(read(decoder, bytes('c1'))).toEqual(['cache-control: private'])
    expect(() => decoder.decode(bytes('c2'))).toThrow(/no entry 66/)
  })

  it.each([
    ['0', '1ff8', 13],
    ['1', '7fffd8', 23],
    ['9', 'ffffea', 24],
    ['10', '3ffffffc', 30],
    ['48', '0', 5],
    ['92', '7fff0', 19],
    ['127', 'ffffffc', 28],
    ['249', 'ffffffe', 28],
    ['255', '3ffffee', 26],
  ])('reads symbol %s by its code of Appendix B', (symbol, code, length) => {
    const bits = parseInt(code, 16).toString(2).padStart(length, '0')
    const padded = bits.padEnd(Math.ceil(length / 8) * 8, '1')
    const text = Buffer.from(padded.match(/.{8}/g)?.map((byte) => parseInt(byte, 2)) ?? [])
    const block = Buffer.concat([Buffer.from([0, 1, 0x61, 0x80 | text.length]), text])
    expect(decoderOf().decode(block)?.[0]?.value).toBe(String.fromCharCode(Number(symbol)))
  })

  it.each([
    ['an index of 0', '80'],
    ['an index beyond the table', 'be'],
    ['a name beyond the table', '7f00 0161'],
    ['a text that breaks off', '0001 6105 6162'],
    ['a field that breaks off', '00'],
    ['an integer that breaks off', 'ff80'],
    ['an integer without end', 'ff80 8080 8080 8080 8001'],
    ['a table larger than ours', '3fe2 1f'],
    ['a change of the table within a block', '8220'],
    ["EOS in Huffman's code", '0001 6184 ffff fffc'],
    ["EOS in Huffman's code, and padding", '0001 6184 ffff ffff'],
    ['a padding of a whole byte', '0001 6182 07ff'],
    ['a padding of zeroes', '0001 6181 00'],
  ])('refuses %s', (_name, hex) => {
    expect(() => decoderOf().decode(bytes(hex))).toThrow(expect.objectContaining({ code: 9 }) as Error)
  })

  it('takes no more than its bound, and stays in step', () => {
    const decoder = decoderOf(4096, 100)
    const large = makeEncoder()
    large.begin()
    for (let n = 0; n < 5; n++) large.add(`name-${n}`, 'x'.repeat(20), false)
    expect(decoder.decode(large.end())).toBeUndefined()
    expect(read(decoder, bytes('be'))).toEqual([`name-4: ${'x'.repeat(20)}`])
  })

  it('forgets everything when the table is made empty, and goes on', () => {
    const decoder = decoderOf()
    decoder.decode(bytes('400161 0162'))
    expect(read(decoder, bytes('20'))).toEqual([])
    expect(() => decoder.decode(bytes('be'))).toThrow(/no entry/)
  })
})

describe('wire/h2/hpack-encoder', () => {
  const write = (
    encoder: ReturnType<typeof makeEncoder>,
    fields: readonly string[],
    secret: readonly string[] = [],
  ) => {
    encoder.begin()
    for (const field of fields) {
      const [, name = '', value = ''] = /^(:?[^:]+): (.*)$/.exec(field) ?? []
      encoder.add(name, value, secret.includes(name))
    }
    return encoder.end().toString('hex')
  }

  it('writes C.3 as the RFC does', () => {
    const encoder = makeEncoder()
    expect([FIRST, SECOND, THIRD].map((fields) => write(encoder, fields))).toEqual(
      C3.map((block) => bytes(block).toString('hex')),
    )
  })

  it('writes C.2.3 as the RFC does, and never indexes what is secret', () => {
    const encoder = makeEncoder()
    const expected = bytes('1008 7061 7373 776f 7264 0673 6563 7265 74').toString('hex')
    expect(write(encoder, ['password: secret'], ['password'])).toBe(expected)
    expect(write(encoder, ['password: secret'], ['password'])).toBe(expected)
  })

  it('costs a byte for each field that repeats', () => {
    const encoder = makeEncoder()
    const fields = ['apns-topic: org.example', 'apns-push-type: alert', 'apns-priority: 10']
    expect(write(encoder, fields).length / 2).toBeGreaterThan(40)
    expect(write(encoder, fields).length / 2).toBe(3)
  })

  it('stops to index a name that never repeats, so that it drives nothing else out, and begins again when it does', () => {
    const encoder = makeEncoder()
    write(encoder, ['apns-topic: org.example'])
    for (let n = 0; n < 1000; n++) write(encoder, [`x-id: ${'i'.repeat(50)}${n}`])
    expect(write(encoder, ['apns-topic: org.example']).length / 2).toBe(1)
    write(encoder, ['x-id: same'])
    write(encoder, ['x-id: same'])
    expect(write(encoder, ['x-id: same']).length / 2).toBe(1)
  })

  it('tells of a smaller table, and of the smallest where there were several', () => {
    const encoder = makeEncoder()
    write(encoder, ['a: b'])
    encoder.allow(0)
    encoder.allow(200)
    expect(write(encoder, ['a: b'])).toBe('203fa901' + '4001610162')
    encoder.allow(0)
    expect(write(encoder, ['a: b'])).toBe('20' + '0001610162')
    expect(write(encoder, ['a: b'])).toBe('0001610162')
  })

  const value = fc.string({
    unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
    maxLength: 300,
  })
  const name = fc.constantFrom(':path', 'authorization', 'apns-id', 'x-a', 'x-b', 'content-type', 'cookie')
  const field = fc.record({ name, value: fc.oneof(value, fc.constantFrom('a', 'b')), isSecret: fc.boolean() })
  const step = fc.oneof(fc.array(field, { maxLength: 8 }), fc.constantFrom(0, 33, 100, 1000, 4096, 100_000))

  it('is read by a decoder as what was written, whatever the tables do', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const encoder = makeEncoder()
        const decoder = decoderOf(4096, 1 << 20)
        for (const one of steps) {
          if (typeof one === 'number') {
            encoder.allow(one)
            continue
          }
          encoder.begin()
          for (const each of one) encoder.add(each.name, each.value, each.isSecret)
          const fields = decoder.decode(Buffer.from(encoder.end()))
          expect(fields?.map((each) => [each.name, each.value])).toEqual(one.map((each) => [each.name, each.value]))
        }
      }),
      { numRuns: 300 },
    )
  })

  it('survives any bytes with a fault of the RFC or with fields', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }), (blocks) => {
        const decoder = decoderOf(256, 1000)
        try {
          for (const block of blocks) decoder.decode(Buffer.from(block))
        } catch (error) {
          expect(error).toMatchObject({ code: 9 })
        }
      }),
      { numRuns: 3000 },
    )
  })
})

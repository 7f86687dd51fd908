import { makeGhash } from '../../lib/stores/ghash'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')

/** Of McGrew and Viega, «The Galois/Counter Mode of Operation», appendix B. */
const cases = [
  {
    name: 'test case 2: one block',
    key: '66e94bd4ef8a2c3b884cfa59ca342b2e',
    additional: '',
    text: '0388dace60b6a392f328c2b971b2fe78',
    hash: 'f38cbb1ad69223dcc3457ae5b6b0f885',
  },
  {
    name: 'test case 4: parts that are no whole blocks',
    key: 'b83b533708bf535d0aa6e52980d53b78',
    additional: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    text:
      '42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e' +
      '21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091',
    hash: '698e57f70e6ecc7fd9463b7260a9ae5f',
  },
]

describe('lib/stores/ghash', () => {
  it.each(cases)('hashes $name', ({ key, additional, text, hash }) => {
    const ghash = makeGhash(hex(key))
    const out = Buffer.alloc(16)
    for (let round = 0; round < 2; round++) {
      ghash.begin()
      ghash.take(hex(additional), 0, additional.length / 2)
      ghash.take(hex(text), 0, text.length / 2)
      ghash.end(additional.length / 2, text.length / 2, out, 0)
      expect(out.toString('hex')).toBe(hash)
    }
  })
})

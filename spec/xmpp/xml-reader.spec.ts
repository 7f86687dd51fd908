import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { type Element } from 'ltx'
import { StanzaParser, type ParserName } from '../../lib/xmpp/stanza-parser'
import { type XmlFault } from '../../lib/xmpp/xml-fault'
import { realDescribe } from '../support/available'
import { makeChance, makeDocuments, mutated } from '../support/xml-documents'
import { isRestricted, joinedText, mayHaveLooseName, readingOf, saxesTrees, treeText } from '../support/xml-reading'

const limits = { maxStanzaBytes: 1_000_000, maxDepth: 1000 }
const RUNS = Number(process.env['XML_RUNS'] ?? 2000)
/** Of the documents for saxes; `bench/xml.ts` takes a million. */
const DOCUMENTS = 2000
const SEED = 20_261_121

interface Read {
  readonly trees: readonly unknown[]
  readonly fault?: string
}

function treeOf(element: Element): unknown {
  return [
    element.name,
    element.attrs,
    element.children.map((child) => (typeof child === 'string' ? child : treeOf(child))),
  ]
}

function reading(parser: ParserName, wire: Buffer, cuts: readonly number[] = []): Read {
  const stream = new StanzaParser(limits, parser)
  const trees: unknown[] = []
  let fault: string | undefined
  stream.on('element', (stanza: Element) => trees.push(treeOf(stanza)))
  stream.on('error', (error: XmlFault) => (fault = error.condition))
  stream.read(Buffer.from("<?xml version='1.0'?><s:s xmlns='d' xmlns:s='x'>"))
  let at = 0
  for (const cut of [...cuts].sort((a, b) => a - b).map((each) => each % (wire.length + 1))) {
    if (cut > at) stream.read(wire.subarray(at, cut))
    at = Math.max(at, cut)
  }
  stream.read(wire.subarray(at))
  return { trees, ...(fault === undefined ? {} : { fault }) }
}

const escape = (text: string): string =>
  text.replace(/[&<>"']/g, (mark) => `&${{ '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": 'apos' }[mark] ?? ''};`)
const characters = fc.string({
  unit: fc.constantFrom('a', ' ', '\n', '\r', '\t', 'ü', '€', '😀', '&', '<', '>', '"', "'", ']', '=', '/'),
})
const word = fc.constantFrom('a', 'b-1', 'c.d', '_e', 'ünï', 'constructor', 'iq')
const name = fc.oneof(
  word,
  word.map((each) => `s:${each}`),
  word.map((each) => `p:${each}`),
)
const attribute = fc
  .tuple(name, characters, fc.constantFrom('"', "'"), fc.constantFrom(' ', '\n ', '\t'), fc.constantFrom('=', ' = '))
  .map(([key, value, quote, space, equals]) => ({
    key: key.replace('p:', 's:'),
    text: `${space}${key.replace('p:', 's:')}${equals}${quote}${escape(value)}${quote}`,
  }))
const attributes = fc
  .uniqueArray(attribute, { selector: ({ key }) => key, maxLength: 4 })
  .map((all) => all.map(({ text }) => text).join(''))
const texts = fc.oneof(
  characters.map(escape),
  // Never followed by text: ltx loses it.
  characters.map((text) => `<![CDATA[${text.replaceAll(']]>', '')}.]]><c.d/>`),
  fc.constantFrom('&#65;', '&#x1F600;', '&#9;'),
)
const { element } = fc.letrec<{ element: string; child: string }>((tie) => ({
  child: fc.oneof({ depthSize: 'small', withCrossShrink: true }, texts, tie('element')),
  element: fc
    .tuple(name, attributes, fc.array(tie('child'), { maxLength: 4 }), fc.constantFrom('', ' '))
    .map(([tag, attrs, children, space]) => {
      const open = `${tag} xmlns:p='q'${attrs}${space}`
      return children.length === 0 ? `<${open}/>` : `<${open}>${children.join('')}</${tag}${space}>`
    }),
}))

describe('lib/xmpp/xml-reader', () => {
  it('gives the tree that ltx gives, wherever the document is cut', () => {
    fc.assert(
      fc.property(element, fc.array(fc.nat(400), { maxLength: 5 }), (document, cuts) => {
        const wire = Buffer.from(document)
        const ours = reading('own', wire, cuts)
        expect(ours.fault).toBeUndefined()
        expect(ours.trees).toHaveLength(1)
        expect(ours).toEqual(reading('ltx', wire))
      }),
      { numRuns: RUNS },
    )
  })

  it('keeps the text after a CDATA section, which ltx loses', () => {
    expect(reading('own', Buffer.from('<a><![CDATA[]]>b<![CDATA[c]]>d</a>'))).toEqual({
      trees: [['a', {}, ['b', 'c', 'd']]],
    })
  })

  it.each([
    ['a prefix that nobody declared', '<p:a/>', 'not-well-formed'],
    ['an undeclared prefix of an attribute', "<a p:b='1'/>", 'not-well-formed'],
    ['a prefix after its scope', "<a><b xmlns:p='q'/><p:c/></a>", 'not-well-formed'],
    ['an attribute twice', "<a b='1' b='2'/>", 'not-well-formed'],
    ['an attribute twice, by namespace', "<a xmlns:p='q' xmlns:r='q' p:b='1' r:b='2'/>", 'not-well-formed'],
    ['< in an attribute', "<a b='<'/>", 'not-well-formed'],
    [']]> in a text', '<a>]]></a>', 'not-well-formed'],
    ['a control character', '<a>\u0001</a>', 'not-well-formed'],
    ['a control character in CDATA', '<a><![CDATA[\u0001]]></a>', 'not-well-formed'],
    ['a reference to no character', '<a>&#xD800;</a>', 'not-well-formed'],
    ['a lone &', '<a>a & b</a>', 'not-well-formed'],
    ['an attribute without quotes', '<a b=c/>', 'not-well-formed'],
    ['an attribute without a value', '<a b/>', 'not-well-formed'],
    ['attributes without a space', "<a b='1'c='2'/>", 'not-well-formed'],
    ['a name that begins with a digit', '<1a/>', 'not-well-formed'],
    ['a name of two colons', "<a xmlns:p='q'><p:b:c/></a>", 'not-well-formed'],
    ['no name', '<a>< b/></a>', 'not-well-formed'],
    ['an end tag with an attribute', "<a></a b='1'>", 'not-well-formed'],
    ['a prefix declared to be nothing', "<a xmlns:p=''/>", 'not-well-formed'],
    ['another xml', "<a xmlns:xml='q'/>", 'not-well-formed'],
    [
      'an attribute twice among many',
      `<a ${Array.from({ length: 12 }, (_, n) => `b${n}=''`).join(' ')} b7=''/>`,
      'not-well-formed',
    ],
    ['an attribute twice where a prefix is too', "<a xmlns:p='q' p:b='1' p:b='2'/>", 'not-well-formed'],
    ['the namespace of xml as the default', "<a xmlns='http://www.w3.org/XML/1998/namespace'/>", 'not-well-formed'],
    ['an element of the prefix xmlns', '<xmlns:a/>', 'not-well-formed'],
    ['an end tag of another name', '<a></b>', 'not-well-formed'],
    ['an end tag without a name', '<a></>', 'not-well-formed'],
    ['a reference without its end', '<a>&amp</a>', 'not-well-formed'],
    ['an entity of HTML', '<a>&nbsp;</a>', 'not-well-formed'],
    ['an entity in an attribute', "<a b='&foo;'/>", 'not-well-formed'],
    ['a control character in an attribute', "<a b='\u0001'/>", 'not-well-formed'],
    ['U+FFFE', '<a>\ufffe</a>', 'not-well-formed'],
    ['a comment', '<a><!-- --></a>', 'restricted-xml'],
    ['a processing instruction', '<a><?php ?></a>', 'restricted-xml'],
    ['a second XML declaration', "<?xml version='1.0'?>", 'restricted-xml'],
  ])('refuses %s, also where a tag like it is known', (_, wire, condition) => {
    expect(reading('own', Buffer.from(wire))).toEqual({ trees: [], fault: condition })
    const known = Buffer.from(`<a/><a b='1'/><a xmlns='r'><b xmlns='s'/></a>`.repeat(200))
    expect(reading('own', Buffer.concat([known, Buffer.from(wire)]))).toMatchObject({ fault: condition })
  })

  it.each([
    ['of a byte that begins nothing', [0xff], 'unsupported-encoding'],
    ['of a character cut short', [0xe2, 0x82, 0x3c], 'unsupported-encoding'],
    ['of a character in more bytes than it needs', [0xc0, 0xaf], 'unsupported-encoding'],
    ['of a surrogate', [0xed, 0xa0, 0x80], 'unsupported-encoding'],
  ])('refuses a text %s, in one read and byte by byte', (_, bytes, condition) => {
    const wire = Buffer.concat([Buffer.from('<a>'), Buffer.from(bytes), Buffer.from('</a>')])
    expect(reading('own', wire)).toEqual({ trees: [], fault: condition })
    const cuts = Array.from({ length: wire.length }, (_, at) => at)
    expect(reading('own', wire, cuts)).toEqual({ trees: [], fault: condition })
  })

  it.each([
    ["<?xml version='1.0' encoding='utf-8' standalone='yes' ?><a/>", undefined],
    ['<?xml\tversion = "1.1"\n?>\n<a/>', undefined],
    ["<?xml version='1.0' encoding='ISO-8859-1'?><a/>", 'unsupported-encoding'],
    ["<?xml version='2.0'?><a/>", 'not-well-formed'],
    ["<?xml encoding='UTF-8' version='1.0'?><a/>", 'not-well-formed'],
    [" <?xml version='1.0'?><a/>", 'restricted-xml'],
    ["<?xmlish version='1.0'?><a/>", 'restricted-xml'],
    ['x<a/>', 'not-well-formed'],
    ['</a>', 'not-well-formed'],
    ['</>', 'not-well-formed'],
    ['<![CDATA[x]]><a/>', 'not-well-formed'],
    ['<!DOCTYPE a><a/>', 'restricted-xml'],
  ])('reads the beginning %s', (wire, fault) => {
    for (const size of [1, 7, 1000]) {
      const stream = new StanzaParser(limits, 'own')
      const told: string[] = []
      stream.on('error', ({ condition }: XmlFault) => told.push(condition))
      stream.on('start', ({ name: root }: Element) => told.push(`start ${root}`))
      stream.on('end', () => told.push('end'))
      for (let at = 0; at < wire.length; at += size) stream.read(Buffer.from(wire.slice(at, at + size)))
      expect(told).toEqual(fault === undefined ? ['start a', 'end'] : [fault])
    }
  })

  it('takes no tag for another that differs from a known one in one character', () => {
    const value = 'abcdefghijklmnopqrstuvwxyz'
    const values = [...value].map((_, at) => `${value.slice(0, at)}X${value.slice(at + 1)}`)
    const stanzas = [...Array.from({ length: 100 }, () => value), ...values, value]
    const wire = stanzas.map((each) => `<a b='${each}'/>`).join('')
    expect(reading('own', Buffer.from(wire)).trees).toEqual(stanzas.map((b) => ['a', { b }, []]))
  })

  it.each([
    [],
    ['b'],
    ['xmlns'],
    ['xmlns', 'type'],
    ['type', 'xmlns'],
    ['var'],
    ['var', 'type'],
    ['type', 'var'],
    ['__proto', 'constructor', 'xml:lang'],
  ])('gives every stanza attributes of its own, also where the tag is known: %s %s %s', (...names) => {
    const stream = new StanzaParser(limits, 'own')
    const seen = new Set<unknown>()
    const tag = `<a ${names.map((name, at) => `${name}='${at}'`).join(' ')}/>`
    stream.on('element', (stanza: Element) => {
      seen.add(stanza.attrs)
      expect(Object.entries(stanza.attrs)).toEqual(names.map((name, at) => [name, String(at)]))
      for (const name of names) stanza.attrs[name] = 'ours'
    })
    stream.read(Buffer.from(`<s>${tag.repeat(200)}`))
    expect(seen.size).toBe(200)
  })

  it('undoes what an element declares when it ends, however deep prefixes lie over each other', () => {
    const [open, close] = ["<p:a xmlns:p='q' xmlns:r='q'>", '</p:a>']
    const nested = (deep: number): string => `${open.repeat(deep)}<b p:c='1'/>${close.repeat(deep)}`
    expect(reading('own', Buffer.from(nested(500))).fault).toBeUndefined()
    expect(reading('own', Buffer.from(`${nested(3)}<r:a/>`))).toMatchObject({ fault: 'not-well-formed' })
    expect(reading('own', Buffer.from(`<z xmlns:p='x'>${nested(3)}<b p:c='1'/></z>`)).fault).toBeUndefined()
  })
})

describe('lib/xmpp/xml-reader beside saxes', () => {
  it('makes the tree of saxes where ltx loses a text, and that of ltx everywhere else', () => {
    const next = makeDocuments(makeChance(SEED))
    const told = { ltx: 0, saxes: 0 }
    const differing: string[] = []
    for (let number = 0; number < DOCUMENTS; number++) {
      const { text, hasTextAfterSection } = next()
      const own = readingOf('own', text, number % 3 === 0 ? 7 : Infinity)
      const isSame = hasTextAfterSection
        ? own.trees.map(joinedText).join() === saxesTrees(text)?.join()
        : own.trees.map(treeText).join() === readingOf('ltx', text).trees.map(treeText).join()
      if (!isSame || own.end !== 'whole') differing.push(text)
      told[hasTextAfterSection ? 'saxes' : 'ltx'] += 1
    }
    expect(differing).toEqual([])
    expect(Math.min(told.ltx, told.saxes)).toBeGreaterThan(DOCUMENTS / 10)
  })

  it('gives its verdict on documents with a few characters changed', () => {
    const chance = makeChance(SEED)
    const next = makeDocuments(chance)
    const told = { whole: 0, broken: 0 }
    const differing: string[] = []
    for (let number = 0; number < DOCUMENTS; number++) {
      const document = mutated(next().text, chance)
      if (isRestricted(document) || mayHaveLooseName(document)) continue
      const isWhole = saxesTrees(document) !== undefined
      told[isWhole ? 'whole' : 'broken'] += 1
      const { end } = readingOf('own', document, number % 3 === 0 ? 7 : Infinity)
      if ((end === 'whole') !== isWhole) differing.push(document)
    }
    expect(differing).toEqual([])
    expect(Math.min(told.whole, told.broken)).toBeGreaterThan(DOCUMENTS / 50)
  })
})

realDescribe('expat', 'lib/xmpp/xml-reader beside expat', () => {
  it('gives the same verdict on documents with one character changed', () => {
    const documents = fc
      .sample(
        fc.tuple(element, fc.nat(), fc.constantFrom('', '<', '>', '&', '"', "'", '/', '=', ':', ' ', 'x', '\u0001')),
        { numRuns: 1500, seed: 9 },
      )
      .map(([document, at, mark]) => {
        const place = at % document.length
        return document.slice(0, place) + mark + document.slice(place + 1)
      })
      // A DTD, comments and instructions are well-formed XML that XMPP does without.
      .filter((document) => Buffer.from(document).toString() === document && !/<\?|<!(?!\[CDATA\[)/.test(document))
    const program = `
import json, sys, xml.parsers.expat as expat
for line in sys.stdin:
    parser = expat.ParserCreate(namespace_separator='')
    try:
        parser.Parse("<s:s xmlns='d' xmlns:s='x'>" + json.loads(line) + '</s:s>', True)
        print(1)
    except expat.ExpatError:
        print(0)
`
    const expat = spawnSync('/usr/bin/python3', ['-c', program], {
      input: documents.map((one) => JSON.stringify(one)).join('\n'),
      encoding: 'utf8',
    })
    const verdicts = expat.stdout.trim().split('\n')
    expect(verdicts).toHaveLength(documents.length)
    const differing = documents.filter((document, at) => {
      const parser = new StanzaParser(limits, 'own')
      let end: string | undefined
      parser.on('end', () => (end ??= 'end'))
      parser.on('error', () => (end ??= 'fault'))
      const wire = `<s:s xmlns='d' xmlns:s='x'>${document}</s:s>`
      parser.read(Buffer.from(wire))
      return (end === 'end') !== (verdicts[at] === '1')
    })
    expect(differing).toEqual([])
    expect(new Set(verdicts)).toEqual(new Set(['0', '1']))
  })
})

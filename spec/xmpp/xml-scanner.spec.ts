import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { type Element } from 'ltx'
import { StanzaParser, type ParserFault, type ScannerName } from '../../lib/xmpp/stanza-parser'
import { realDescribe } from '../support/available'

const limits = { maxStanzaBytes: 1_000_000, maxDepth: 1000 }
const RUNS = Number(process.env['XML_RUNS'] ?? 5000)

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

function reading(scanner: ScannerName, wire: Buffer, cuts: readonly number[] = []): Read {
  const parser = new StanzaParser(limits, scanner)
  const trees: unknown[] = []
  let fault: string | undefined
  parser.on('element', (stanza: Element) => trees.push(treeOf(stanza)))
  parser.on('error', (error: ParserFault) => (fault = error.condition))
  parser.read(Buffer.from("<?xml version='1.0'?><s:s xmlns='d' xmlns:s='x'>"))
  let at = 0
  for (const cut of [...cuts].sort((a, b) => a - b).map((each) => each % (wire.length + 1))) {
    if (cut > at) parser.read(wire.subarray(at, cut))
    at = Math.max(at, cut)
  }
  parser.read(wire.subarray(at))
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

describe('lib/xmpp/xml-scanner', () => {
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
    ['a processing instruction', '<a><?php ?></a>', 'restricted-xml'],
    ['a second XML declaration', "<?xml version='1.0'?>", 'restricted-xml'],
  ])('refuses %s', (_, wire, condition) => {
    expect(reading('own', Buffer.from(wire))).toEqual({ trees: [], fault: condition })
  })
})

realDescribe('expat', 'lib/xmpp/xml-scanner beside expat', () => {
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

import { type Element } from 'ltx'
import { StanzaParser, type ParserName } from '../../lib/xmpp/stanza-parser'
import { type XmlFault } from '../../lib/xmpp/xml-fault'

describe.each<ParserName>(['own', 'ltx'])('lib/xmpp/stanza-parser, %s', (name) => {
  function parsing(limits = { maxStanzaBytes: 1000, maxDepth: 4 }) {
    const parser = new StanzaParser(limits, name)
    const headers: Element[] = []
    const seen: string[] = []
    parser.on('start', (header: Element) => headers.push(header))
    parser.on('element', (stanza: Element) => seen.push(stanza.toString()))
    parser.on('end', () => seen.push('end'))
    parser.on('error', (fault: XmlFault) => seen.push(`${fault.condition}: ${fault.why}`))
    const reads = (...chunks: string[]): void => {
      for (const chunk of chunks) parser.read(Buffer.from(chunk))
    }
    reads('<?xml version="1.0"?>', '<s:s xmlns:s="x">')
    seen.length = 0
    return { parser, headers, seen, reads }
  }

  it('reads a stanza that comes byte by byte as it reads it whole', () => {
    const wire = `<a x='1>"'><b>&lt;ü€😀&#x41;</b><![CDATA[<!DOCTYPE ]] > <!-- ]]><c/></a><d/>`
    const whole = parsing()
    whole.reads(wire)
    const crumbs = parsing()
    for (const byte of Buffer.from(wire)) crumbs.parser.read(Buffer.from([byte]))
    expect(crumbs.seen).toEqual(whole.seen)
    expect(whole.seen).toHaveLength(2)
  })

  it('forgets whitespace between stanzas, however much of it comes', () => {
    const { headers, seen, reads } = parsing()
    for (let n = 0; n < 50; n++) reads(' '.repeat(100), `<a n='${n}'/>`)
    for (let n = 0; n < 5000; n++) reads('\n')
    reads('<b/>')
    expect(seen.filter((one) => one.startsWith('<'))).toHaveLength(51)
    expect(headers.map(({ children }) => children)).toEqual([[]])
  })

  it('keeps the children of a stanza with their whitespace', () => {
    const { seen, reads } = parsing()
    reads('<a> <b/> </a>')
    expect(seen).toEqual(['<a> <b/> </a>'])
  })

  it.each([
    ['in one read', (size: number) => [`<a>${'x'.repeat(size - 7)}</a>`]],
    ['in many', (size: number) => ['<a>', ...Array.from({ length: size - 7 }, () => 'x'), '</a>']],
    ['in an attribute', (size: number) => [`<a x='`, 'y'.repeat(size - 9), `'/>`]],
    ['after other stanzas', (size: number) => ['<b/>', '<b/>', `<a>`, 'x'.repeat(size - 7), '</a>']],
    ['of many elements', (size: number) => ['<a>', '<b/>'.repeat((size - 8) / 4), ' </a>']],
  ])('takes a stanza of just the bytes of the limit, %s, and not one byte more', (_, chunksOf) => {
    const within = parsing()
    within.reads(...chunksOf(1000))
    expect(within.seen.at(-1)).toMatch(/^<a/)
    const beyond = parsing({ maxStanzaBytes: 999, maxDepth: 4 })
    beyond.reads(...chunksOf(1000))
    expect(beyond.seen.at(-1)).toBe('policy-violation: a stanza of more than 999 bytes')
  })

  it('counts bytes, not characters', () => {
    const { seen, reads } = parsing()
    reads(`<a>${'€'.repeat(334)}</a>`)
    expect(seen).toEqual(['policy-violation: a stanza of more than 1000 bytes'])
  })

  it('reads many stanzas in one read that is longer than the limit', () => {
    const { seen, reads } = parsing()
    reads(`<a>${'x'.repeat(90)}</a>`.repeat(500))
    expect(seen).toHaveLength(500)
  })

  it('takes elements as deep as the limit, and passes over what is deeper', () => {
    const { seen, reads } = parsing()
    reads('<a><b><c><d/></c></b></a>', '<a><b><c><d>1<e>2<f/>3</e>4</d>5<d/></c></b></a>', '<z/>')
    expect(seen).toEqual(['<a><b><c><d/></c></b></a>', '<a><b><c><d>14</d>5<d/></c></b></a>', '<z/>'])
  })

  it('still wants the tags to match in what it passes over', () => {
    const { seen, reads } = parsing()
    reads('<a><b><c><d><e></f></d></c></b></a>')
    expect(seen).toEqual(['not-well-formed: </f> where <e> is open'])
  })

  const manyCrumbs = Array.from({ length: 20_000 }, () => 'x>x')
  if (name === 'ltx') {
    it('refuses one text that comes in so many crumbs that reading it again and again would cost too much', () => {
      const { seen, reads } = parsing({ maxStanzaBytes: 100_000, maxDepth: 4 })
      reads('<a>', ...manyCrumbs)
      expect(seen).toEqual(['policy-violation: one text or attribute in too many crumbs'])
    })
  } else {
    it.each([
      ['text', '<a>', '</a>'],
      ['attribute', `<a x='`, `'/>`],
      ['section', '<a><![CDATA[', ']]></a>'],
    ])('takes one %s in however many crumbs, because it reads none of them again', (_, before, after) => {
      const { seen, reads } = parsing({ maxStanzaBytes: 100_000, maxDepth: 4 })
      reads(before, ...manyCrumbs, after)
      expect(seen).toEqual([expect.stringContaining('x&gt;x'.repeat(20_000))])
    })
  }

  it.each([
    ['<a>&foo;</a>', 'not-well-formed'],
    ['<a>&#xFFFF;</a>', 'not-well-formed'],
    ['<a></b>', 'not-well-formed'],
    ['<!DOCTYPE a>', 'restricted-xml'],
    ['<a><!-- --></a>', 'restricted-xml'],
  ])('tells %s once, and is deaf thereafter', (wire, condition) => {
    const { seen, reads } = parsing()
    reads(`${wire}<c/></d>`, wire, '<e/>')
    expect(seen).toHaveLength(1)
    expect(seen[0]).toMatch(new RegExp(`^${condition}: `))
  })

  it('is deaf after the end of the stream', () => {
    const { parser, seen, reads } = parsing()
    reads('<a/></s:s><b/></c>', '<d/>')
    parser.read(Buffer.from([0xff, 0x3c]))
    expect(seen).toEqual(['<a/>', 'end'])
  })
})

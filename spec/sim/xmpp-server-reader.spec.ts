import { makeStreamReader, parseXml } from '../../lib/sim/xmpp-server-reader'

const HEADER = "<?xml version='1.0'?><s:stream xmlns='a' xmlns:s='http://etherx.jabber.org/streams'>"

function read(chunks: readonly (string | Buffer)[], bytes = 1000): string[] {
  const seen: string[] = []
  const reader = makeStreamReader(
    {
      opened: (header) => seen.push(`opened ${header.name}`),
      stanza: (_element, text) => seen.push(text),
      closed: () => seen.push('closed'),
    },
    { bytes, condition: 'policy-violation' },
  )
  for (const chunk of chunks) reader.write(Buffer.from(chunk))
  return seen
}

describe('lib/sim/xmpp-server-reader', () => {
  it('gives each stanza with the text it was written in', () => {
    const stanzas = ["<iq  id = 'a>b'  />", '<m a="&lt;">x<![CDATA[<&>]]>&#x41;</m >']
    expect(read([HEADER, ...stanzas, ' \n', '</s:stream>'])).toEqual(['opened s:stream', ...stanzas, 'closed'])
  })

  it('reads the same whatever the pieces', () => {
    const whole = `${HEADER}<m l='«"»'>🦜<b/>]]<![CDATA[]]]]></m> <iq/></s:stream>`
    const single = [...Buffer.from(whole)].map((byte) => Buffer.from([byte]))
    expect(read(single)).toEqual(read([whole]))
  })

  it('resolves namespaces, entities and character references', () => {
    const element = parseXml(
      `<p:a xmlns:p='urn:p' x='&#38;&quot;'><b/><p:c xmlns='urn:d'><e>1 &amp; &#x1F99C;</e></p:c></p:a>`,
      'urn:o',
    )
    expect([element.ns, element.attrs['x']]).toEqual(['urn:p', '&"'])
    expect(element.child('b', 'urn:o')).toBeDefined()
    expect(element.child('b', 'urn:p')).toBeUndefined()
    expect(element.child('c', 'urn:p')?.child('e', 'urn:d')?.text()).toBe('1 & 🦜')
  })

  it('writes an element so that it reads the same again', () => {
    const text = `<a xmlns='urn:a' b='&lt;&amp;&apos;&quot;'>x &gt; y<c/></a>`
    expect(parseXml(text).toString()).toBe(text)
  })

  it.each([
    ['an entity that is not defined', '<a>&nbsp;</a>'],
    ['a bare ampersand', '<a>a & b</a>'],
    ['a reference to a forbidden character', '<a>&#0;</a>'],
    ['a reference to half a surrogate pair', '<a>&#xD800;</a>'],
    ['a control character', '<a>\u0001</a>'],
    ['bytes that are not UTF-8', Buffer.from([0x3c, 0x61, 0x3e, 0xc3, 0x28])],
    ['tags that do not match', '<a><b></a></b>'],
    ['an attribute twice', "<a b='1' b='2'/>"],
    ['an attribute without quotes', '<a b=1/>'],
    ['attributes without space between them', "<a b='1'c='2'/>"],
    ['"<" in an attribute', "<a b='<'/>"],
    ['a prefix that is not declared', '<p:a/>'],
    ['an attribute prefix that is not declared', "<a p:b=''/>"],
    ['a name that begins with a digit', '<1a/>'],
    ['"]]>" in text', '<a>]]></a>'],
    ['a comment', '<!-- -->'],
    ['a processing instruction', '<?php ?>'],
    ['a DTD', '<!DOCTYPE a>'],
    ['a second XML declaration', "<?xml version='1.0'?>"],
    ['text between stanzas', 'x'],
    ['bytes after the end', '</s:stream><iq/>'],
  ])('refuses %s', (_what, bytes) => {
    expect(() => read([HEADER, bytes])).toThrow(expect.objectContaining({ condition: 'not-well-formed' }) as Error)
  })

  it('takes a stanza of just the limit, and none of a byte more, finished or not', () => {
    const stanza = `<a>${'x'.repeat(93)}</a>`
    expect(read([HEADER, stanza, stanza], 100)).toHaveLength(3)
    const tooLarge = expect.objectContaining({ condition: 'policy-violation' }) as Error
    expect(() => read([HEADER, `<a>${'x'.repeat(94)}</a>`], 100)).toThrow(tooLarge)
    expect(() => read([HEADER, `<a>${'x'.repeat(101)}`], 100)).toThrow(tooLarge)
    expect(() => read([HEADER, `<a b='${'x'.repeat(101)}`], 100)).toThrow(tooLarge)
  })

  it('parses exactly one element', () => {
    expect(() => parseXml('<a/><b/>')).toThrow('not one element but 2')
    expect(() => parseXml('')).toThrow('not one element but 0')
  })
})

import { xmlLines } from '../../lib/sim/xml-lines'
import { parseXml } from '../../lib/sim/xmpp-server-reader'

const lines = (xml: string, spell = (text: string) => text): readonly string[] => xmlLines(parseXml(xml), spell)

describe('lib/sim/xml-lines', () => {
  it('keeps a chain of elements on one line', () => {
    expect(lines(`<field var='a'><value>b</value></field>`)).toEqual([`<field var='a'><value>b</value></field>`])
  })

  it('gives several children a line each', () => {
    expect(lines('<x><a/>\n<b>1</b></x>')).toEqual(['<x>', '  <a/>', '  <b>1</b>', '</x>'])
  })

  it('breaks a chain that is too long', () => {
    const name = 'n'.repeat(50)
    expect(lines(`<${name}><${name}/></${name}>`)).toEqual([`<${name}>`, `  <${name}/>`, `</${name}>`])
  })

  it('keeps text beside elements', () => {
    expect(lines('<x>one<a/>two</x>')).toEqual(['<x>', '  one', '  <a/>', '  two', '</x>'])
  })

  it('spells values and text as it is told, and escapes what comes of it', () => {
    expect(lines(`<a b='secret'>secret</a>`, () => '<&>')).toEqual([`<a b='&lt;&amp;&gt;'>&lt;&amp;&gt;</a>`])
  })
})

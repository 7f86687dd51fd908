/** The characters of a text and the references in it (XML 1.0, fifth edition, §2.2 and §4.6). Knows no markup. */
import { XmlFault } from './xml-fault'

const foreign = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/
const reference = /&(?:(lt|gt|amp|quot|apos)|#([0-9]+)|#x([0-9A-Fa-f]+));|&/g
const five: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

/** The text itself. Throws `XmlFault` where it holds a character that XML does not admit. */
export function charactersOf(text: string): string {
  if (foreign.test(text)) throw new XmlFault('not-well-formed', 'a character that XML does not admit')
  return text
}

function characterOf(code: number): string {
  const isCharacter =
    code === 9 ||
    code === 10 ||
    code === 13 ||
    (code >= 0x20 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd) ||
    (code >= 0x10000 && code <= 0x10ffff)
  if (!isCharacter) throw new XmlFault('not-well-formed', 'a reference to a character that XML does not admit')
  return String.fromCodePoint(code)
}

/** The text with its references resolved. Throws `XmlFault` at any but the five entities and references to characters of XML. */
export function unescaped(text: string): string {
  charactersOf(text)
  if (!text.includes('&')) return text
  return text.replace(reference, (_, name?: string, decimal?: string, hex?: string) => {
    if (name !== undefined) return five[name] ?? ''
    if (decimal !== undefined) return characterOf(Number.parseInt(decimal, 10))
    if (hex !== undefined) return characterOf(Number.parseInt(hex, 16))
    throw new XmlFault('not-well-formed', 'an entity that XML does not know')
  })
}

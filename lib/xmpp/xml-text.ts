/** The characters of a text and the references in it (XML 1.0, fifth edition, §2.2 and §4.6). Knows no markup. */
import { XmlFault } from './xml-fault'

const reference = /&(?:(lt|gt|amp|quot|apos)|#([0-9]+)|#x([0-9A-Fa-f]+));|&/g
const five: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

const LT = 60
const GT = 62
const AMPERSAND = 38
const BRACKET = 93

export const broken = (why: string): XmlFault => new XmlFault('not-well-formed', why)

export const isSpace = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9

/** Of one UTF-16 unit; surrogates that are no pair do not come out of UTF-8. */
const isForeign = (code: number): boolean => (code < 32 ? !isSpace(code) : code >= 0xfffe)
const foreign = (): XmlFault => broken('a character that XML does not admit')

function isCharacter(code: number): boolean {
  if (code > 0xffff) return code <= 0x10ffff
  return !isForeign(code) && (code < 0xd800 || code > 0xdfff)
}

function characterOf(code: number): string {
  if (!isCharacter(code)) throw broken('a reference to a character that XML does not admit')
  return String.fromCodePoint(code)
}

/** The text with its references resolved. Throws `XmlFault` at any but the five entities and references to characters of XML. */
export function unescaped(text: string): string {
  return text.replace(reference, (_, name?: string, decimal?: string, hex?: string) => {
    if (name !== undefined) return five[name] ?? ''
    if (decimal !== undefined) return characterOf(Number.parseInt(decimal, 10))
    if (hex !== undefined) return characterOf(Number.parseInt(hex, 16))
    throw broken('an entity that XML does not know')
  })
}

/** Where the text that begins at `at` ends: at the next `<`, or at the end of the data. Throws `XmlFault` at what no text may hold. */
export function textEnd(data: string, at: number): number {
  let end = at
  for (; end < data.length; end++) {
    const code = data.charCodeAt(end)
    if (code === LT) break
    if (code > BRACKET && code < 0xfffe) continue
    if (isForeign(code)) throw foreign()
    // What stands before a text is the `>` of a tag or of a section.
    if (code === GT && data.charCodeAt(end - 1) === BRACKET && data.charCodeAt(end - 2) === BRACKET) {
      throw broken('a ]]> in a text')
    }
  }
  return end
}

/** What stands between `at` and `end`. Throws `XmlFault` at a reference that is none. */
export function textOf(data: string, at: number, end: number): string {
  const text = data.slice(at, end)
  return text.includes('&') ? unescaped(text) : text
}

/** The value of an attribute. Throws `XmlFault` at what none may hold. */
export function valueOf(data: string, at: number, end: number): string {
  let isEscaped = false
  for (let each = at; each < end; each++) {
    const code = data.charCodeAt(each)
    if (code > LT && code < 0xfffe) continue
    if (code === LT) throw broken('a < in an attribute')
    if (code === AMPERSAND) isEscaped = true
    else if (isForeign(code)) throw foreign()
  }
  const text = data.slice(at, end)
  return isEscaped ? unescaped(text) : text
}

/** The text of a CDATA section, as it is. Throws `XmlFault` at a character that XML does not admit. */
export function charactersOf(text: string): string {
  for (let at = 0; at < text.length; at++) if (isForeign(text.charCodeAt(at))) throw foreign()
  return text
}

/**
 * XML 1.0 (fifth edition) with Namespaces 1.0 (third edition), as much of it as RFC 6120 §11.1 leaves: tags, text, CDATA, the five
 * entities and character references. Made of `indexOf` and `slice`. Refuses to know stanzas, trees and limits; whether tags match is the
 * listener's to say.
 */
import { makeScopes } from './xml-names'
import { XmlFault } from './xml-fault'
import { charactersOf, unescaped } from './xml-text'

/** What a scanner tells, in the order of the text. What a listener throws ends the scan. */
export interface ScanListener {
  start(name: string, attrs: Record<string, string>): void
  end(name: string): void
  /** Never empty; a CDATA section is told apart from the text around it. */
  text(text: string): void
}

export interface Scanner {
  /** Takes the next piece of the document, cut anywhere. Throws `XmlFault`; after that it must not be asked again. */
  write(piece: string): void
}

const LT = 60
const GT = 62
const SLASH = 47
const EQUALS = 61
const DOUBLE = 34
const SINGLE = 39

const isSpace = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9

/** Where the name that begins at `at` ends: at the first character that no name goes on with. */
function nameEnd(data: string, at: number): number {
  let end = at
  for (; end < data.length; end++) {
    const code = data.charCodeAt(end)
    if (
      code <= 32 ||
      code === GT ||
      code === SLASH ||
      code === EQUALS ||
      code === LT ||
      code === DOUBLE ||
      code === SINGLE
    )
      break
  }
  return end
}

function afterSpace(data: string, at: number): number {
  let next = at
  while (next < data.length && isSpace(data.charCodeAt(next))) next++
  return next
}

const broken = (why: string): XmlFault => new XmlFault('not-well-formed', why)

/** A scanner at the beginning of a document. */
export function makeScanner(listener: ScanListener): Scanner {
  const scopes = makeScopes()
  let rest = ''
  let isFirst = true

  /** Each of these answers where the scan goes on, or -1 where the text ends too early to tell. */
  function declaration(data: string, at: number): number {
    if (data.startsWith('<![CDATA[', at)) {
      const end = data.indexOf(']]>', at + 9)
      if (end < 0) return -1
      if (end > at + 9) listener.text(charactersOf(data.slice(at + 9, end)))
      return end + 3
    }
    if ('<![CDATA['.startsWith(data.slice(at, at + 9))) return -1
    throw new XmlFault('restricted-xml', 'a DOCTYPE or a comment')
  }

  function instruction(data: string, at: number): number {
    const end = data.indexOf('?>', at)
    if (end < 0) return -1
    const isDeclaration = isFirst && /^<\?xml[ \t\r\n]/.test(data.slice(at, at + 6))
    if (!isDeclaration) throw new XmlFault('restricted-xml', 'a processing instruction')
    return end + 2
  }

  function endTag(data: string, at: number): number {
    const end = data.indexOf('>', at)
    if (end < 0) return -1
    const stop = nameEnd(data, at + 2)
    if (afterSpace(data, stop) !== end) throw broken('an end tag with more than a name in it')
    scopes.leave()
    listener.end(data.slice(at + 2, stop))
    return end + 1
  }

  function startTag(data: string, at: number): number {
    const stop = nameEnd(data, at + 1)
    const name = data.slice(at + 1, stop)
    const attrs: Record<string, string> = {}
    const names: string[] = []
    for (let next = stop; ;) {
      const begin = afterSpace(data, next)
      const code = data.charCodeAt(begin)
      if (Number.isNaN(code)) return -1
      if (code === GT || code === SLASH) {
        if (code === SLASH && begin + 1 >= data.length) return -1
        if (code === SLASH && data.charCodeAt(begin + 1) !== GT) throw broken(`a / inside of <${name}>`)
        scopes.enter(name, names, attrs)
        listener.start(name, attrs)
        if (code === GT) return begin + 1
        scopes.leave()
        listener.end(name)
        return begin + 2
      }
      if (begin === next) throw broken(`no space before an attribute of <${name}>`)
      const attrEnd = nameEnd(data, begin)
      const equals = afterSpace(data, attrEnd)
      const quote = afterSpace(data, equals + 1)
      if (equals >= data.length) return -1
      if (data.charCodeAt(equals) !== EQUALS) throw broken(`an attribute of <${name}> without a value`)
      if (quote >= data.length) return -1
      const mark = data.charCodeAt(quote)
      if (mark !== DOUBLE && mark !== SINGLE) throw broken(`an attribute of <${name}> without quotes`)
      const close = data.indexOf(mark === DOUBLE ? '"' : "'", quote + 1)
      if (close < 0) return -1
      const value = data.slice(quote + 1, close)
      if (value.includes('<')) throw broken(`a < in an attribute of <${name}>`)
      const attr = data.slice(begin, attrEnd)
      names.push(attr)
      attrs[attr] = unescaped(value)
      next = close + 1
    }
  }

  function markup(data: string, at: number): number {
    if (at + 1 >= data.length) return -1
    switch (data[at + 1]) {
      case '/':
        return endTag(data, at)
      case '!':
        return declaration(data, at)
      case '?':
        return instruction(data, at)
      default:
        return startTag(data, at)
    }
  }

  return Object.freeze({
    write(piece: string) {
      const data = rest + piece
      let at = 0
      while (at < data.length) {
        const open = data.indexOf('<', at)
        if (open < 0) break
        if (open > at) {
          const text = data.slice(at, open)
          if (text.includes(']]>')) throw broken('a ]]> in a text')
          listener.text(unescaped(text))
          isFirst = false
          at = open
        }
        const next = markup(data, open)
        if (next < 0) break
        isFirst = false
        at = next
      }
      rest = data.slice(at)
    },
  })
}

/** Start tags (XML 1.0, fifth edition, §3.1): taken apart, and known again where the same tag comes often. Knows no tree. */
import { copier, type Attributes } from './xml-attributes'
import { checkBinding, makeNames, type Name, type Qualified } from './xml-names'
import { broken, isSpace, valueOf } from './xml-text'

/** A start tag that is well-formed by itself. */
export interface Tag {
  readonly name: string
  readonly attrs: Attributes
  /** Characters from `<` to `>`. */
  readonly length: number
  /** It ends the element too. */
  readonly isEmpty: boolean
  /** Present if prefixes are in it, which only its surroundings can tell. */
  readonly qualified: Qualified | undefined
  /** Present if the tag was known: then `attrs` are everybody's, and this makes a copy. */
  readonly copy: (() => Attributes) | undefined
  /** The tag as it stands, if it was known. */
  readonly text: string
}

/** The data end inside of the tag: in a value that this quote ends, or (empty) between values. */
export type Cut = '' | '"' | "'"

const LT = 60
const GT = 62
const SLASH = 47
const EQUALS = 61
const DOUBLE = 34
const SINGLE = 39

/** A power of two. */
const PLACES = 512
const LONGEST = 256
/** Prime, so that it falls on each tag of a stanza in turn. */
const TAKEN_IN = 31

/** Where the name that begins at `at` ends: at the first character that no name goes on with. */
export function nameEnd(data: string, at: number): number {
  let end = at
  for (; end < data.length; end++) {
    const code = data.charCodeAt(end)
    if (code <= 32 || (code <= GT && (code === GT || code === SLASH || code === EQUALS || code === LT))) break
    if (code === DOUBLE || code === SINGLE) break
  }
  return end
}

export function afterSpace(data: string, at: number): number {
  let next = at
  while (next < data.length && isSpace(data.charCodeAt(next))) next++
  return next
}

/** Field by field, in the order of every other tag: a spread would give each a hidden class of its own. */
function knownOf({ name, attrs, length, isEmpty, qualified }: Tag, text: string): Tag {
  return { name, attrs, length, isEmpty, qualified, copy: copier(attrs), text }
}

/** Reads the tag whose `<` stands at the place. Throws `XmlFault` at one that is not well-formed. */
export function makeTags(): (data: string, at: number) => Tag | Cut {
  const nameOf = makeNames()
  /** Tags by a few of their characters. One miss in so many takes its place: what comes often soon does, what comes once hardly ever. */
  const places: (Tag | undefined)[] = Array.from({ length: PLACES }, () => undefined)
  let misses = 0

  function placeOf(data: string, at: number, end: number): number {
    const length = end - at
    const middle = data.charCodeAt(at + (length >> 1)) * 7 + data.charCodeAt(at + (length >> 2)) * 13
    return (length * 31 + data.charCodeAt(at + 1) + middle + data.charCodeAt(end - 3) * 3) & (PLACES - 1)
  }

  function take(data: string, at: number): Tag | Cut {
    const stop = nameEnd(data, at + 1)
    if (stop === data.length) return ''
    const name = nameOf(data.slice(at + 1, stop))
    const attrs: Record<string, string> = {}
    const attributes: Name[] = []
    const values: string[] = []
    let isQualified = name.prefix !== ''
    for (let next = stop; ;) {
      const begin = afterSpace(data, next)
      if (begin >= data.length) return ''
      const code = data.charCodeAt(begin)
      if (code === GT || code === SLASH) {
        const isEmpty = code === SLASH
        if (isEmpty && begin + 1 >= data.length) return ''
        if (isEmpty && data.charCodeAt(begin + 1) !== GT) throw broken(`a / inside of <${name.text}>`)
        checkTwice(attributes)
        const qualified = isQualified ? { name, attributes, values } : undefined
        const length = begin + (isEmpty ? 2 : 1) - at
        return { name: name.text, attrs, length, isEmpty, qualified, copy: undefined, text: '' }
      }
      if (begin === next) throw broken(`no space before an attribute of <${name.text}>`)
      const attributeEnd = nameEnd(data, begin)
      const equals = afterSpace(data, attributeEnd)
      if (equals >= data.length) return ''
      if (data.charCodeAt(equals) !== EQUALS) throw broken(`an attribute of <${name.text}> without a value`)
      const quote = afterSpace(data, equals + 1)
      if (quote >= data.length) return ''
      const mark = data.charCodeAt(quote)
      if (mark !== DOUBLE && mark !== SINGLE) throw broken(`an attribute of <${name.text}> without quotes`)
      const attribute = nameOf(data.slice(begin, attributeEnd))
      const close = data.indexOf(mark === DOUBLE ? '"' : "'", quote + 1)
      if (close < 0) return mark === DOUBLE ? '"' : "'"
      const value = valueOf(data, quote + 1, close)
      attributes.push(attribute)
      values.push(value)
      attrs[attribute.text] = value
      if (attribute.text === 'xmlns') checkBinding('', value)
      else isQualified ||= attribute.prefix !== '' && attribute.prefix !== 'xml'
      next = close + 1
    }
  }

  return (data, at) => {
    const end = data.indexOf('>', at)
    if (end < 0 || end - at >= LONGEST) return take(data, at)
    const place = placeOf(data, at, end)
    const known = places[place]
    if (known !== undefined && known.length === end + 1 - at && data.slice(at, end + 1) === known.text) return known
    const tag = take(data, at)
    if (typeof tag === 'string' || tag.length !== end + 1 - at) return tag
    misses += 1
    if (misses % TAKEN_IN === 0) {
      // Through bytes: a part of what was read would keep the whole of it in memory.
      const text = Buffer.from(data.slice(at, end + 1)).toString()
      const own = take(text, 0)
      if (typeof own !== 'string') places[place] = knownOf(own, text)
    }
    return tag
  }
}

function checkTwice(attributes: readonly Name[]): void {
  if (attributes.length < 2) return
  if (attributes.length > 8) {
    if (new Set(attributes.map(({ text }) => text)).size < attributes.length)
      throw broken('an attribute twice in one tag')
    return
  }
  for (let at = 1; at < attributes.length; at++) {
    for (let other = 0; other < at; other++) {
      if (attributes[at]?.text === attributes[other]?.text) throw broken('an attribute twice in one tag')
    }
  }
}

/**
 * Bytes of a stream to stanzas: XML 1.0 (fifth edition) with Namespaces 1.0 (third edition), as much of it as RFC 6120 §11 leaves: tags,
 * text, CDATA, the five entities, character references. However it is cut, no character is looked at more than a few times. Line ends and
 * blanks in attributes stay as they came, as ltx leaves them (not XML 1.0 §2.11, §3.3.3). Refuses to know what a stanza means.
 */
import { Element } from 'ltx'
import { makeAlike } from './alike'
import { makeUtf8 } from './utf8'
import { checkInstruction } from './xml-declaration'
import { XmlFault } from './xml-fault'
import { makeScopes } from './xml-names'
import { afterSpace, makeTags, nameEnd, type Cut, type Tag } from './xml-tag'
import { broken, charactersOf, textEnd, textOf } from './xml-text'
import { makeWaiting, type Awaited } from './xml-waiting'

/** What one stanza may cost us. */
export interface StanzaLimits {
  /** Bytes, without whitespace between stanzas. */
  readonly maxStanzaBytes: number
  /** Elements inside each other; the stanza itself is the first. What is nested deeper is passed over. */
  readonly maxDepth: number
}

/** What a reader tells, in the order of the bytes. */
export interface XmlListener {
  /** The stream's own element; it gets no children. */
  readonly start: (header: Element) => void
  /** A stanza, whole; its parent is the stream's element. */
  readonly element: (stanza: Element) => void
  /** The stream's end tag. Nothing is told after it. */
  readonly end: (header: Element) => void
}

export interface XmlReader {
  /** Takes what the socket read. Throws `XmlFault`, or what the listener throws; after that it must not be asked again. */
  readonly read: (bytes: Buffer) => void
}

const LT = 60
const GT = 62
const SLASH = 47
const BANG = 33
const QUESTION = 63
const CDATA = '<![CDATA['
const blank = /^[ \t\r\n]*$/

/** A reader at the beginning of a stream. */
export function makeXmlReader({ maxStanzaBytes, maxDepth }: StanzaLimits, listener: XmlListener): XmlReader {
  const decode = makeUtf8()
  const tagAt = makeTags()
  const scopes = makeScopes()
  const alike = makeAlike()
  /** The stream's element and the innermost one that is kept. */
  let root: Element | undefined
  let cursor: Element | undefined
  /** Open elements, the stream's among them. */
  let depth = 0
  /** Names of those that are nested too deep to be kept: any user can send such a stanza, so it must not cost the link. */
  const passedOver: string[] = []
  const waiting = makeWaiting()
  /** A tag or text that has no end yet: nothing of it is looked at before the end comes. */
  let held = ''
  /** Bytes of the unfinished stanza in earlier reads, and where it goes on in this one. */
  let counted = 0
  let from = 0
  /** Where the stanza that is being read begins in this read; -1: in an earlier one. */
  let begun = -1
  let data = ''
  let isFirst = true
  let isOver = false

  function append(child: Element | string): void {
    if (cursor === undefined || cursor === root || passedOver.length > 0) return
    // A list of one is as small as can be; the first `push` makes room for seventeen.
    if (cursor.children.length === 0) cursor.children = [child]
    else cursor.children.push(child)
  }

  function begin({ name, attrs, qualified, copy }: Tag, end: number): void {
    if (qualified !== undefined) scopes.enter(depth, qualified)
    depth += 1
    if (depth > maxDepth + 1) {
      passedOver.push(name)
      return
    }
    const element = new Element(name)
    element.attrs = copy === undefined ? attrs : copy()
    if (root === undefined) {
      root = element
      newUnit(end)
      listener.start(element)
    } else {
      append(element)
      element.parent = cursor ?? root
    }
    cursor = element
  }

  function finish(end: number): void {
    depth -= 1
    scopes.leave(depth)
    if (passedOver.length > 0) {
      passedOver.pop()
      return
    }
    const element = cursor
    if (element === undefined || root === undefined) return
    if (depth > 1) {
      cursor = element.parent ?? root
      return
    }
    if (depth === 1) {
      cursor = root
      if (begun >= 0) alike.learn(data, begun, end, element)
      return tell(element, end)
    }
    isOver = true
    listener.end(root)
  }

  function tell(stanza: Element, end: number): void {
    if (counted + (end - from) * 3 > maxStanzaBytes) count(end)
    newUnit(end)
    listener.element(stanza)
  }

  /** Adds what this read has of the unit up to `end`. */
  function count(end: number): void {
    counted += Buffer.byteLength(from === 0 && end === data.length ? data : data.slice(from, end))
    from = end
    if (counted > maxStanzaBytes) {
      throw new XmlFault('policy-violation', `a stanza of more than ${maxStanzaBytes} bytes`)
    }
  }

  function newUnit(at: number): void {
    counted = 0
    from = at
  }

  function wait(what: Awaited, quote: Cut = ''): number {
    waiting.begin(what, data, quote)
    return -1
  }

  /** Each of these answers where it goes on, or -1 where the data end too early to tell. */
  function text(at: number): number {
    const end = textEnd(data, at)
    if (depth > 1) {
      if (end === data.length) return wait('<')
      append(textOf(data, at, end))
      return end
    }
    const isBlank = blank.test(data.slice(at, end))
    if (depth === 0 && !isBlank) throw broken('a text before the stream')
    if (!isBlank && end === data.length) return wait('<')
    // Whitespace between stanzas is a keepalive (RFC 6120 §4.6.1), however much of it there is; other text there is nobody's.
    textOf(data, at, end)
    newUnit(end)
    return end
  }

  function endTag(at: number): number {
    const open = (passedOver.length > 0 ? passedOver.at(-1) : cursor?.name) ?? ''
    const stop = at + 2 + open.length
    if (depth > 0 && data.charCodeAt(stop) === GT && data.startsWith(open, at + 2)) {
      finish(stop + 1)
      return stop + 1
    }
    const end = data.indexOf('>', at)
    if (end < 0) return wait('>')
    const nameStop = nameEnd(data, at + 2)
    const name = data.slice(at + 2, nameStop)
    if (afterSpace(data, nameStop) !== end) throw broken('an end tag with more than a name in it')
    if (name !== open || depth === 0) throw broken(`</${name}> where <${open}> is open`)
    finish(end + 1)
    return end + 1
  }

  function characterData(at: number): number {
    if (!data.startsWith(CDATA, at)) {
      if (CDATA.startsWith(data.slice(at, at + CDATA.length))) return wait('more')
      throw new XmlFault('restricted-xml', 'a DOCTYPE or a comment')
    }
    if (depth === 0) throw broken('a text before the stream')
    const begin = at + CDATA.length
    const end = data.indexOf(']]>', begin)
    if (end < 0) return wait(']]>')
    if (end > begin) append(charactersOf(data.slice(begin, end)))
    return end + 3
  }

  function instruction(at: number): number {
    const end = data.indexOf('?>', at)
    if (end < 0) return wait('?>')
    checkInstruction(data.slice(at, end + 2), isFirst)
    return end + 2
  }

  function startTag(at: number): number {
    if (depth === 1 && root !== undefined) {
      begun = at
      const known = alike.find(data, at, root)
      if (known !== undefined) {
        const end = at + known.pattern.sizeOf(known.values)
        tell(known, end)
        return end
      }
    }
    const tag = tagAt(data, at)
    if (typeof tag === 'string') return wait('>', tag)
    const end = at + tag.length
    begin(tag, end)
    if (tag.isEmpty) finish(end)
    return end
  }

  function markup(at: number): number {
    switch (data.charCodeAt(at + 1)) {
      case SLASH:
        return endTag(at)
      case BANG:
        return characterData(at)
      case QUESTION:
        return instruction(at)
      default:
        return at + 1 < data.length ? startTag(at) : wait('more')
    }
  }

  function scan(): void {
    let at = 0
    begun = -1
    while (at < data.length && !isOver) {
      const next = data.charCodeAt(at) === LT ? markup(at) : text(at)
      if (next < 0) break
      isFirst = false
      at = next
    }
    if (isOver) return
    held = data.slice(at)
    count(data.length)
  }

  return Object.freeze({
    read(bytes: Buffer) {
      const piece = decode(bytes)
      if (isOver || piece === '') return
      data = piece
      from = 0
      if (held === '') return scan()
      if (waiting.hasCome(piece)) {
        from = held.length
        data = held + piece
        return scan()
      }
      count(piece.length)
      held += piece
    },
  })
}

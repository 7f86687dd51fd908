/**
 * The same by ltx 3.1.2, through the parser of @xmpp/xml 0.13.3: the reference, and a setting. Knows the defects of the two: they are deaf
 * after a DOCTYPE, read an unfinished text from its beginning each time, and have no limits. What else they let pass is let pass.
 */
import { StringDecoder } from 'node:string_decoder'
import xml from '@xmpp/xml'
import { XmlFault } from './xml-fault'
import { type StanzaLimits, type XmlListener, type XmlReader } from './xml-reader'

/** A text may be scanned again for each read that does not finish it; more often than this on average, and it is an attack. */
const RESCANS = 256

/** A reader at the beginning of a stream. */
export function makeLtxReader(limits: StanzaLimits, listener: XmlListener): XmlReader {
  const parser = new LimitedParser(limits)
  parser.on('start', listener.start)
  parser.on('element', listener.element)
  parser.on('end', listener.end)
  return parser
}

class LimitedParser extends xml.Parser implements XmlReader {
  readonly #limits: StanzaLimits
  readonly #decoder = new StringDecoder('utf8')
  #deaf = false
  #depth = 0
  /** Names of the open elements that are nested too deep to be kept: any user can send such a stanza, so it must not cost the link. */
  readonly #passedOver: string[] = []
  /** Text after the last `>`: nothing in it can end anything yet, so the parser is not asked to look. */
  #held = ''
  #inCdata = false
  /** Bytes since the stream header or the last whole stanza. */
  #unfinished = 0
  #rescanned = 0
  #progress = false

  constructor(limits: StanzaLimits) {
    super()
    this.#limits = limits
  }

  read(data: Buffer): void {
    if (!this.#deaf) this.#read(this.#decoder.write(data), data.length)
  }

  #read(text: string, bytes: number): void {
    if (this.#unfinished + bytes > this.#limits.maxStanzaBytes) return this.#readByTags(text)
    this.#unfinished += bytes
    const ready = text.lastIndexOf('>') + 1
    if (ready === 0) {
      this.#held += text
      return
    }
    const piece = this.#held + text.slice(0, ready)
    this.#held = text.slice(ready)
    this.#write(piece)
  }

  /** The same for a read that may pass the limit: tag by tag, so that it counts what belongs to which stanza. */
  #readByTags(text: string): void {
    for (let at = 0; at < text.length && !this.#deaf;) {
      const end = text.indexOf('>', at) + 1
      const part = end === 0 ? text.slice(at) : text.slice(at, end)
      at += part.length
      this.#held += part
      this.#unfinished += Buffer.byteLength(part)
      // Whitespace between stanzas is a keepalive (RFC 6120 §4.6.1), however much of it there is.
      if (this.cursor === this.root && this.#held.trim() === '') this.#held = ''
      if (this.#held === '') this.#unfinished = 0
      if (this.#unfinished > this.#limits.maxStanzaBytes) {
        throw new XmlFault('policy-violation', `a stanza of more than ${this.#limits.maxStanzaBytes} bytes`)
      }
      if (end === 0) return
      const piece = this.#held
      this.#held = ''
      this.#write(piece)
    }
  }

  #write(piece: string): void {
    this.#refuseDeclarations(piece)
    this.#progress = false
    this.write(piece)
    // The parser keeps an unfinished text or attribute and reads it from its beginning each time: quadratic in the number of reads.
    this.#rescanned = this.#progress ? 0 : this.#rescanned + this.#unfinished
    if (this.#rescanned > this.#limits.maxStanzaBytes * RESCANS) {
      throw new XmlFault('policy-violation', 'one text or attribute in too many crumbs')
    }
  }

  /** DOCTYPE, entities and comments (RFC 6120 §11.1): the parser would go on swallowing in silence. A piece ends in `>`, so no mark is cut. */
  #refuseDeclarations(piece: string): void {
    for (let at = 0; ;) {
      if (this.#inCdata) {
        const end = piece.indexOf(']]>', at)
        if (end < 0) return
        this.#inCdata = false
        at = end + 3
      }
      const mark = piece.indexOf('<!', at)
      if (mark < 0) return
      if (!piece.startsWith('<![CDATA[', mark)) throw new XmlFault('restricted-xml', 'a DOCTYPE or a comment')
      this.#inCdata = true
      at = mark + 9
    }
  }

  override onStartElement(name: string, attrs?: Parameters<xml.Parser['onStartElement']>[1]): void {
    if (this.#deaf) return
    this.#progress = true
    if (this.#depth > this.#limits.maxDepth) {
      this.#passedOver.push(name)
      return
    }
    if (this.#depth === 0) this.#unfinished = 0
    this.#depth += 1
    super.onStartElement(name, attrs)
  }

  override onEndElement(name: string): void {
    if (this.#deaf) return
    this.#progress = true
    const isPassedOver = this.#passedOver.length > 0
    const open = isPassedOver ? this.#passedOver.pop() : this.cursor?.name
    if (open !== name) throw new XmlFault('not-well-formed', `</${name}> where <${open ?? '?'}> is open`)
    if (isPassedOver) return
    this.#depth -= 1
    if (this.#depth === 1) this.#unfinished = 0
    this.#deaf = this.#depth === 0
    super.onEndElement(name)
  }

  override onText(text: string): void {
    this.#progress = true
    // Between stanzas the parser would hang it on the stream's root, for ever.
    if (this.cursor !== this.root && this.#passedOver.length === 0) super.onText(text)
  }
}

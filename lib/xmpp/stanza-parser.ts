/** Bytes in, elements out: the only place that knows the XML parser, its defects and its limits (ours, or ltx 3.1.2; the tree is that of @xmpp/xml 0.13.3). */
import { StringDecoder } from 'node:string_decoder'
import xml from '@xmpp/xml'
import { XmlFault } from './xml-fault'
import { makeScanner, type Scanner } from './xml-scanner'

/** What one stanza may cost us. */
export interface StanzaLimits {
  /** Bytes. What follows another stanza in one read of the socket is not counted, so up to one read (64 KiB) more may pass. */
  readonly maxStanzaBytes: number
  /** Elements inside each other; the stanza itself is the first. What is nested deeper is passed over. */
  readonly maxDepth: number
}

/** Why no more is read of this stream; `condition` is that of RFC 6120 §4.9.3. */
export class ParserFault extends Error {
  constructor(
    readonly condition: 'not-well-formed' | 'policy-violation' | 'restricted-xml',
    readonly why: string,
  ) {
    super(why)
  }
}

/** Who turns text into tags: our strict scanner, or the one of ltx, which lets much pass that is no XML. */
export type ScannerName = 'own' | 'ltx'

const usualScanner: ScannerName = 'ltx'

/** A text may be scanned again for each read that does not finish it; more often than this on average, and it is an attack. */
const RESCANS = 256

/**
 * Emits `start` (the stream header), `element` (each stanza, once it is whole), `end` (the stream's end tag), and at most once
 * `error`, with a `ParserFault`. `write` never throws; after `end` and after `error` it is deaf.
 */
export class StanzaParser extends xml.Parser {
  readonly #limits: StanzaLimits
  /** Absent where ltx scans. */
  readonly #scanner: Scanner | undefined
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

  constructor(limits: StanzaLimits, scanner: ScannerName = usualScanner) {
    super()
    this.#limits = limits
    if (scanner === 'own') {
      this.#scanner = makeScanner({
        start: (name, attrs) => this.onStartElement(name, attrs),
        end: (name) => this.onEndElement(name),
        text: (text) => this.onText(text),
      })
    }
  }

  /** Takes what the socket read. */
  read(data: Buffer): void {
    if (this.#deaf) return
    try {
      this.#read(this.#decoder.write(data), data.length)
    } catch (error) {
      // What follows the end of the stream in the same read is nobody's.
      if (this.#deaf) return
      const fault =
        error instanceof ParserFault
          ? error
          : error instanceof XmlFault
            ? new ParserFault(error.condition, error.why)
            : new ParserFault('not-well-formed', error instanceof Error ? error.message : 'the XML cannot be read')
      this.#deaf = true
      this.emit('error', fault)
    }
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
        throw new ParserFault('policy-violation', `a stanza of more than ${this.#limits.maxStanzaBytes} bytes`)
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
    if (this.#scanner === undefined) this.write(piece)
    else this.#scanner.write(piece)
    // The parser keeps an unfinished text or attribute and reads it from its beginning each time: quadratic in the number of reads.
    this.#rescanned = this.#progress ? 0 : this.#rescanned + this.#unfinished
    if (this.#rescanned > this.#limits.maxStanzaBytes * RESCANS) {
      throw new ParserFault('policy-violation', 'one text or attribute in too many crumbs')
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
      if (!piece.startsWith('<![CDATA[', mark)) throw new ParserFault('restricted-xml', 'a DOCTYPE or a comment')
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
    if (open !== name) throw new ParserFault('not-well-formed', `</${name}> where <${open ?? '?'}> is open`)
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

/** Bytes in, elements out, in the place that @xmpp/component gives to its parser. Refuses to know how XML is read. */
import { EventEmitter } from 'node:events'
import { makeLtxReader } from './ltx-reader'
import { XmlFault } from './xml-fault'
import { makeXmlReader, type StanzaLimits, type XmlReader } from './xml-reader'

/** Who reads the XML: the strict reader of our own, or ltx, which lets much pass that is no XML. */
export type ParserName = 'own' | 'ltx'

const readers = { own: makeXmlReader, ltx: makeLtxReader } as const satisfies Record<ParserName, unknown>

/**
 * Emits `start` (the stream header), `element` (each stanza, once it is whole), `end` (the stream's end tag), and at most once
 * `error`, with an `XmlFault`. `read` never throws; after `end` and after `error` it is deaf.
 */
export class StanzaParser extends EventEmitter {
  readonly #reader: XmlReader
  #deaf = false

  constructor(limits: StanzaLimits, parser: ParserName) {
    super()
    this.#reader = readers[parser](limits, {
      start: (header) => this.emit('start', header),
      element: (stanza) => this.emit('element', stanza),
      end: (header) => {
        this.#deaf = true
        this.emit('end', header)
      },
    })
  }

  /** Takes what the socket read. */
  read(data: Buffer): void {
    if (this.#deaf) return
    try {
      this.#reader.read(data)
    } catch (error) {
      // What follows the end of the stream in the same read is nobody's.
      if (this.#deaf) return
      this.#deaf = true
      const why = error instanceof Error ? error.message : 'the XML cannot be read'
      this.emit('error', error instanceof XmlFault ? error : new XmlFault('not-well-formed', why))
    }
  }

  /** The same for text, as the library writes it. */
  write(text: string): void {
    this.read(Buffer.from(text))
  }
}

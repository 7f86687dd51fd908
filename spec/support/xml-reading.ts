/** Documents read by our own reader, by ltx, and by saxes, which is strict and nobody's here. */
import { type Element } from 'ltx'
import { SaxesParser } from 'saxes'
import { StanzaParser, type ParserName } from '../../lib/xmpp/stanza-parser'
import { type XmlFault } from '../../lib/xmpp/xml-fault'
import { CLOSE, OPEN } from './xml-documents'

/** More than any document here needs. */
const LIMITS = { maxStanzaBytes: 1 << 24, maxDepth: 10_000 }

export interface Reading {
  readonly trees: readonly Element[]
  readonly end: 'whole' | 'unfinished' | XmlFault['condition']
}

/** Reads a document in its stream, in pieces of so many bytes; `warm` is read before it, in the same stream. */
export function readingOf(parser: ParserName, document: string, size = Infinity, warm = ''): Reading {
  const stream = new StanzaParser(LIMITS, parser)
  const trees: Element[] = []
  let end: Reading['end'] = 'unfinished'
  stream.on('end', () => (end = 'whole'))
  stream.on('error', ({ condition }: XmlFault) => (end = condition))
  stream.read(Buffer.from(OPEN + warm))
  stream.on('element', (stanza: Element) => trees.push(stanza))
  const bytes = Buffer.from(document + CLOSE)
  for (let at = 0; at < bytes.length; at += size) stream.read(bytes.subarray(at, at + size))
  return { trees, end }
}

/** Name, attributes in their order, and children of an element, in one text: equal for equal trees alone. */
export function treeText(element: Element): string {
  const children = element.children.map((child) => (typeof child === 'string' ? child : [treeText(child)]))
  return JSON.stringify([element.name, element.attrs, children])
}

/** Texts that stand beside each other put together: whether a section is told apart from the text around it is a reader's own affair. */
export function joinedText(element: Element): string {
  const children: (string | readonly [string])[] = []
  for (const child of element.children) {
    const last = children.at(-1)
    if (typeof child !== 'string') children.push([joinedText(child)])
    else if (typeof last === 'string') children[children.length - 1] = last + child
    else children.push(child)
  }
  return JSON.stringify([element.name, element.attrs, children])
}

interface Open {
  readonly name: string
  readonly attrs: Readonly<Record<string, string>>
  readonly children: (string | readonly [string])[]
}

/** What saxes makes of a document in its stream: the trees of `joinedText`, or undefined where it finds it broken. */
export function saxesTrees(document: string): readonly string[] | undefined {
  const saxes = new SaxesParser({ xmlns: true, position: false })
  const open: Open[] = []
  const trees: string[] = []
  let isBroken = false
  const add = (text: string): void => {
    const children = open.at(-1)?.children
    const last = children?.at(-1)
    if (text === '' || children === undefined) return
    if (typeof last === 'string') children[children.length - 1] = last + text
    else children.push(text)
  }
  saxes.on('error', () => (isBroken = true))
  saxes.on('text', add)
  saxes.on('cdata', add)
  saxes.on('opentag', ({ name, attributes }) => {
    const attrs = Object.fromEntries(Object.entries(attributes).map(([key, { value }]) => [key, value]))
    open.push({ name, attrs, children: [] })
  })
  saxes.on('closetag', () => {
    const closed = open.pop()
    if (closed === undefined) return
    const text = JSON.stringify([closed.name, closed.attrs, closed.children])
    if (open.length > 1) open.at(-1)?.children.push([text])
    else if (open.length === 1) trees.push(text)
  })
  saxes.write(OPEN + document + CLOSE).close()
  return isBroken ? undefined : trees
}

/**
 * COMPAT(saxes ≤ 6): takes names whose part behind the prefix begins as no name does (`p:1`, `xmlns:-a`); Namespaces 1.0 §3 and §4 do not,
 * nor does expat. This finds more than those.
 */
export const mayHaveLooseName = (document: string): boolean => /:[-.\d\u00b7\u0300-\u036f\u203f\u2040]/.test(document)

/** Well-formed, but not for XMPP (RFC 6120 §11.1): comments, instructions, declarations. */
export const isRestricted = (document: string): boolean => /<\?|<!(?!\[CDATA\[)/.test(document)

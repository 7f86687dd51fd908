/**
 * Reads an XMPP stream as strictly as a server with expat does (RFC 6120 §11, XML 1.0, Namespaces 1.0): what it lets
 * pass, any server's parser takes. Knows nothing of what the stanzas mean.
 */
import { ILLEGAL, malformed, namespacesOf, parseTag, prefixOf, StreamFault, unescapeXml } from './xmpp-server-tag'
import { makeElement, type XmlElement } from './xmpp-server-xml'

/** What the reader calls: the stream's opening tag, each whole stanza with its very text, and the closing tag. */
export interface StreamEvents {
  opened(header: XmlElement): void
  stanza(element: XmlElement, text: string): void
  closed(): void
}

export interface StreamReader {
  /** Takes the next bytes, split wherever they like. Throws `StreamFault`, after which the reader is not to be used. */
  write(bytes: Buffer): void
}

type Children = (XmlElement | string)[]

interface Open {
  readonly element: XmlElement
  readonly children: Children
  readonly namespaces: Readonly<Record<string, string>>
}

const DECLARATION = /^<\?xml\s+version=(['"])1\.[0-9]\1[^?]*\?>/

/** Opens a reader for one stream. A stanza over `limit` bytes is a fault of the given condition. */
export function makeStreamReader(
  events: StreamEvents,
  limit: { readonly bytes: number; readonly condition: StreamFault['condition'] },
): StreamReader {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const open: Open[] = []
  let pending = ''
  let scanned = 0
  let quote = ''
  let stanza: string[] = []
  let bytes = 0
  let begun = false
  let ended = false

  function startTag(inside: string): void {
    const empty = inside.endsWith('/')
    const { name, attrs } = parseTag(empty ? inside.slice(0, -1) : inside)
    const outer = open.at(-1)
    const namespaces = namespacesOf(attrs, outer?.namespaces ?? { xml: 'http://www.w3.org/XML/1998/namespace' })
    for (const each of [name, ...Object.keys(attrs)]) {
      const prefix = prefixOf(each)
      if (prefix !== '' && prefix !== 'xmlns' && !Object.hasOwn(namespaces, prefix))
        malformed(`the prefix of ${each} is not declared`)
    }
    const ns = namespaces[prefixOf(name)] ?? ''
    const children: Children = []
    const element = makeElement(name, ns, attrs, children)
    // The stream's own element holds none of its stanzas: it lives as long as the connection.
    if (outer !== undefined && open.length > 1) outer.children.push(element)
    open.push({ element, children, namespaces })
    if (open.length === 1) events.opened(element)
    if (empty) endTag(name)
  }

  function endTag(name: string): void {
    const last = open.pop()
    if (last?.element.name !== name)
      malformed(`</${name}> closes ${last === undefined ? 'nothing' : `<${last.element.name}>`}`)
    if (open.length === 0) {
      ended = true
      events.closed()
    } else if (open.length === 1) {
      const text = stanza.join('')
      stanza = []
      bytes = 0
      events.stanza(last.element, text)
    }
  }

  function characters(raw: string, cdata: boolean): void {
    if (!cdata && raw.includes(']]>')) malformed('"]]>" stands in text')
    const text = cdata ? raw : unescapeXml(raw)
    const inner = open.at(-1)
    if (open.length > 1) inner?.children.push(text)
    else if (cdata || /[^\s]/.test(text)) malformed(`text outside of any stanza: ${JSON.stringify(text.slice(0, 40))}`)
  }

  function count(token: string): void {
    bytes += Buffer.byteLength(token)
    stanza.push(token)
    if (bytes > limit.bytes) throw new StreamFault(limit.condition, `the stanza is larger than ${limit.bytes} bytes`)
  }

  /** Cuts the next whole token from what is pending; undefined until more bytes come. */
  function nextToken(): string | undefined {
    if (pending === '') return undefined
    if (pending[0] !== '<') {
      const end = pending.indexOf('<')
      // Whitespace between stanzas is a keepalive: it must not gather.
      return end < 0 ? (open.length <= 1 ? pending : undefined) : pending.slice(0, end)
    }
    if (pending.length < 9 && '<![CDATA['.startsWith(pending)) return undefined
    if (pending.startsWith('<![CDATA[')) {
      const end = pending.indexOf(']]>')
      return end < 0 ? undefined : pending.slice(0, end + 3)
    }
    for (; scanned < pending.length; scanned++) {
      const sign = pending[scanned] ?? ''
      if (quote !== '') quote = sign === quote ? '' : quote
      else if (sign === '"' || sign === "'") quote = sign
      else if (sign === '>') return pending.slice(0, scanned + 1)
    }
    return undefined
  }

  function take(token: string): void {
    if (ILLEGAL.test(token)) malformed('a character that XML forbids')
    if (ended) {
      if (/\S/.test(token)) malformed('bytes after </stream:stream>')
      return
    }
    const first = !begun
    begun = true
    if (open.length > 1 || (open.length === 1 && token.startsWith('<') && !token.startsWith('</'))) count(token)
    if (token.startsWith('<![CDATA[')) characters(token.slice(9, -3), true)
    else if (token.startsWith('</')) endTag(token.slice(2, -1).trimEnd())
    else if (token.startsWith('<?') && first && DECLARATION.test(token)) return
    else if (token.startsWith('<!') || token.startsWith('<?')) {
      malformed(`XMPP forbids comments, processing instructions and DTDs: ${token.slice(0, 40)}`)
    } else if (token.startsWith('<')) startTag(token.slice(1, -1))
    else characters(token, false)
  }

  return {
    write(chunk) {
      try {
        pending += decoder.decode(chunk, { stream: true })
      } catch {
        malformed('the bytes are not UTF-8')
      }
      for (let token = nextToken(); token !== undefined; token = nextToken()) {
        pending = pending.slice(token.length)
        scanned = 0
        take(token)
      }
      if (bytes + pending.length > limit.bytes) {
        throw new StreamFault(limit.condition, `the stanza is larger than ${limit.bytes} bytes`)
      }
    },
  }
}

/** Reads one element; `ns` is the namespace in force around it. Throws `StreamFault` for anything that is not exactly one. */
export function parseXml(text: string, ns = ''): XmlElement {
  const read: XmlElement[] = []
  const reader = makeStreamReader(
    { opened: () => undefined, stanza: (element) => read.push(element), closed: () => undefined },
    { bytes: Number.MAX_SAFE_INTEGER, condition: 'policy-violation' },
  )
  reader.write(
    Buffer.from(`<around xmlns='${ns}' xmlns:stream='http://etherx.jabber.org/streams'>${text.trim()}</around>`),
  )
  const [element] = read
  if (element === undefined || read.length > 1) malformed(`not one element but ${read.length}: ${text.slice(0, 60)}`)
  return element
}

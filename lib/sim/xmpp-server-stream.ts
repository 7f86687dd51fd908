/** One connection of a component (XEP-0114 v1.6): header, handshake, stanzas both ways, and the faults played on it. */
import { createHash, randomUUID, timingSafeEqual } from 'node:crypto'
import { type Socket } from 'node:net'
import { type Greeting } from './xmpp-server-faults'
import { type Personality } from './xmpp-server-personality'
import { makeStreamReader, type StreamReader } from './xmpp-server-reader'
import { StreamFault } from './xmpp-server-tag'
import { escapeXml, type XmlElement } from './xmpp-server-xml'

const ERRORS = 'urn:ietf:params:xml:ns:xmpp-streams'
const NAMESPACE = 'jabber:component:accept'
/** Prosody's `component_stanza_size_limit`; the least of all servers, so what passes here passes everywhere. */
export const LARGEST_STANZA = 512 * 1024

export interface ComponentStream {
  /** The domain that the component asked for; empty until its header came. */
  readonly domain: string
  readonly isOnline: boolean
  send(bytes: string | Buffer): void
  /** Ends the stream with an error of RFC 6120 §4.9.3. */
  fail(condition: string, text?: string): void
  /** Closes without a word, as a server that is stopped does. */
  end(): void
  /** Resets the connection. */
  drop(): void
  /** Stops reading and writing; the function returned goes on with what has gathered. */
  freeze(): () => void
}

/** What the server knows and decides for a stream. */
export interface StreamHost {
  readonly personality: Personality
  readonly serverDomain: string
  readonly greeting: Greeting
  readonly streamId: string | undefined
  splitBytes(): number | undefined
  secretOf(domain: string): string | undefined
  /** Called once the handshake is right; returns the text of a `conflict`, or undefined where the stream is let in. */
  admit(stream: ComponentStream): string | undefined
  /** Called when the handshake has been answered: from now on stanzas flow. */
  online(stream: ComponentStream): void
  stanza(stream: ComponentStream, element: XmlElement, text: string): void
  violation(what: string, xml: string): void
  closed(stream: ComponentStream): void
}

type State = 'opening' | 'handshake' | 'online' | 'closed'

const sha1 = (text: string): Buffer => createHash('sha1').update(text, 'utf8').digest()

export function makeComponentStream(socket: Socket, host: StreamHost): ComponentStream {
  const { personality, greeting } = host
  const id = host.streamId ?? randomUUID()
  let state: State = 'opening'
  let domain = ''
  let headerSent = false
  let frozen: (string | Buffer)[] | undefined
  let writing = Promise.resolve()

  function write(bytes: string | Buffer): void {
    if (frozen !== undefined) frozen.push(bytes)
    else if (socket.writable) {
      const size = host.splitBytes()
      if (size === undefined) writing = writing.then(() => void socket.write(bytes))
      else writing = writing.then(() => writeSplit(Buffer.from(bytes), size))
    }
  }

  async function writeSplit(bytes: Buffer, size: number): Promise<void> {
    for (let at = 0; at < bytes.length && socket.writable; at += size) {
      await new Promise<void>((written) => socket.write(bytes.subarray(at, at + size), () => setImmediate(written)))
    }
  }

  function hangUp(): void {
    state = 'closed'
    void writing.then(() => {
      socket.end()
      // The other side has been told; what it still sends is read and thrown away, so that no reset eats the last words.
      socket.resume()
    })
  }

  function header(streamId: string): void {
    if (headerSent) return
    headerSent = true
    write(
      `<?xml version='1.0'?><stream:stream xmlns='${NAMESPACE}' xmlns:stream='http://etherx.jabber.org/streams' ` +
        `from='${escapeXml(domain)}' id='${escapeXml(streamId)}' xml:lang='en'>`,
    )
  }

  function fail(condition: string, text?: string): void {
    if (state === 'closed') return
    header('')
    const told = text === undefined ? '' : `<text xmlns='${ERRORS}'>${escapeXml(text)}</text>`
    write(`<stream:error><${condition} xmlns='${ERRORS}'/>${told}</stream:error></stream:stream>`)
    hangUp()
  }

  function opened(element: XmlElement): void {
    domain = element.attrs['to'] ?? ''
    if (greeting === 'silent') return
    if (element.name !== 'stream:stream' || element.ns !== 'http://etherx.jabber.org/streams') return fail('bad-format')
    if (element.attrs['xmlns'] !== NAMESPACE) return fail('invalid-namespace')
    if (domain === host.serverDomain) return fail(personality.connection.ownDomain)
    if (host.secretOf(domain) === undefined && personality.connection.unknownDomain === 'at the header') {
      return fail('host-unknown', `${domain} does not match any configured external components`)
    }
    header(id)
    state = 'handshake'
  }

  function handshake(element: XmlElement, text: string): void {
    if (element.name !== 'handshake') {
      host.violation(`sends <${element.name}/> before the handshake`, text)
      if (personality.connection.beforeHandshake === 'not-authorized') return fail('not-authorized')
      write(
        `<${element.name} type='error'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></${element.name}>`,
      )
      return
    }
    if (greeting === 'no answer to the handshake') return
    const secret = host.secretOf(domain)
    const given = Buffer.from(element.text().trim(), 'latin1')
    const wanted = Buffer.from(secret === undefined ? '' : sha1(id + secret).toString('hex'), 'latin1')
    const isRight = secret !== undefined && given.length === wanted.length && timingSafeEqual(given, wanted)
    if (!isRight && personality.connection.wrongSecret === 'not a word') return hangUp()
    if (!isRight || greeting === 'refuse the handshake')
      return fail('not-authorized', 'Given token does not match calculated token')
    const conflict = host.admit(stream)
    if (conflict !== undefined) return fail('conflict', conflict)
    state = 'online'
    write('<handshake/>')
    host.online(stream)
  }

  const reader: StreamReader = makeStreamReader(
    {
      opened,
      stanza(element, text) {
        if (greeting === 'silent' || state === 'closed') return
        if (state === 'online') host.stanza(stream, element, text)
        else handshake(element, text)
      },
      closed() {
        if (greeting !== 'silent') write('</stream:stream>')
        hangUp()
      },
    },
    { bytes: LARGEST_STANZA, condition: personality.connection.oversized },
  )

  const stream: ComponentStream = {
    get domain() {
      return domain
    },
    get isOnline() {
      return state === 'online'
    },
    send: write,
    fail,
    end: hangUp,
    drop() {
      state = 'closed'
      socket.resetAndDestroy()
    },
    freeze() {
      frozen ??= []
      socket.pause()
      return () => {
        const gathered = frozen ?? []
        frozen = undefined
        gathered.forEach(write)
        socket.resume()
      }
    },
  }

  socket.setNoDelay(true)
  socket.on('error', () => undefined)
  socket.on('close', () => {
    state = 'closed'
    host.closed(stream)
  })
  socket.on('data', (bytes: Buffer) => {
    if (state === 'closed') return
    try {
      reader.write(bytes)
    } catch (fault) {
      if (!(fault instanceof StreamFault)) throw fault
      host.violation(fault.message, bytes.toString('utf8').slice(0, 200))
      fail(fault.condition, fault.message)
    }
  })
  if (greeting === 'hang up') stream.drop()
  return stream
}

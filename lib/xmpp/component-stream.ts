/**
 * One connection of a component (XEP-0114 v1.6): dialled, opened, authenticated, read, closed. @xmpp/component does the stream and the
 * handshake; its middleware, its reconnect, its timers, its way with errors and with see-other-host are taken out.
 * Refuses to know what a stanza means, when to try again, and whether a silent connection is alive.
 */
import { type Socket } from 'node:net'
import { component, type ComponentEntity } from '@xmpp/component'
import { type Element } from 'ltx'
import { type Clock } from '../clock'
import { type Opaque } from '../model/opaque'
import {
  faultOfFirstBytes,
  faultOfHangUp,
  faultOfHeader,
  faultOfSilence,
  faultOfSocket,
  faultOfStanza,
  faultOfStreamEnd,
  faultOfStreamError,
  type Attached,
  type Fault,
  type Stage,
} from './link-faults'
import { dial } from './service-address'
import { StanzaParser, type ParserName } from './stanza-parser'
import { XmlFault } from './xml-fault'
import { type StanzaLimits } from './xml-reader'

/** How long each of connecting, opening and handshaking may take. */
const STAGE_MS = 10_000
/** How long a server may take to read our last words before the socket is torn down. */
const LAST_WORDS_MS = 2000
const STREAM_ERRORS = 'urn:ietf:params:xml:ns:xmpp-streams'

export interface StreamOptions {
  readonly to: Attached
  readonly secret: Opaque
  readonly ca?: Buffer
  readonly limits: StanzaLimits
  readonly parser: ParserName
  readonly clock: Clock
}

/** What a stream tells. After `ended`, which comes exactly once unless `close` came first, it tells nothing. */
export interface StreamListener {
  /** The handshake is done; from now on `socket` may be written to. */
  online(socket: Socket): void
  /** Some bytes came, whatever they are. */
  heard(): void
  stanza(stanza: Element): void
  ended(fault: Fault, stage: Stage): void
}

export interface ComponentStream {
  /** Ends it without a word to the server, which is not there to hear it. */
  drop(fault: Fault): void
  /** Closes in good order; resolves when the server has closed too, or after so many milliseconds. Never rejects. */
  close(graceMs: number): Promise<void>
}

// The library hashes id and secret as Latin-1; XEP-0114 §3 wants the bytes as they are on the wire, which is UTF-8.
const asLatin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

const textOf = (error: Element): string => error.getChildText('text', STREAM_ERRORS) ?? ''

function conditionOf(error: Element): string {
  const condition = error.getChildElements().find((child) => child.getNS() === STREAM_ERRORS && child.name !== 'text')
  return condition?.getName() ?? 'undefined-condition'
}

/** The library's entity with nothing left in it that acts by itself. */
function strippedEntity({ to, secret, limits, parser }: StreamOptions): ComponentEntity {
  const entity = component({
    service: '',
    domain: to.domain,
    password: asLatin1(secret.reveal()),
  })
  entity.reconnect.stop()
  // Here sit its middleware and iqCallee, which would answer every iq a second time.
  entity.removeAllListeners('element')
  entity.timeout = 0
  entity._end = () => Promise.resolve()
  entity.Parser = class extends StanzaParser {
    constructor() {
      super(limits, parser)
    }
  }
  return entity
}

/** Begins at once. Throws only if `ca` is no PEM. */
export function openStream(options: StreamOptions, listener: StreamListener): ComponentStream {
  const { to, clock } = options
  const { socket, ready } = dial(to.address, options.ca)
  const entity = strippedEntity(options)
  let stage: Stage | 'over' = 'connecting'
  let closed: () => void = () => undefined
  const whenClosed = new Promise<void>((resolve) => {
    closed = resolve
  })
  let cancelDeadline: () => void = () => undefined

  function enter(next: Stage): void {
    cancelDeadline()
    stage = next
    if (next === 'online') return
    cancelDeadline = clock.after(STAGE_MS, () => end(faultOfSilence(next, STAGE_MS / 1000, to)))
  }

  function end(fault: Fault, lastWords?: string): void {
    if (stage === 'over') return
    const was = stage
    stage = 'over'
    cancelDeadline()
    if (lastWords === undefined || socket.destroyed) socket.destroy()
    else sayLast(lastWords, LAST_WORDS_MS)
    listener.ended(fault, was)
  }

  function sayLast(words: string, graceMs: number): void {
    const cancel = clock.after(graceMs, () => socket.destroy())
    socket.once('close', cancel)
    socket.end(words)
    // What still comes is thrown away; unread, it would keep the socket from closing.
    socket.resume()
  }

  socket.on('error', (error) => {
    if (stage !== 'over') end(faultOfSocket(error, stage, to))
  })
  socket.on('close', () => {
    if (stage !== 'over') end(faultOfHangUp(stage, to))
    closed()
  })
  socket.once(ready, () => {
    if (stage === 'over') return
    enter('opening')
    entity._attachSocket(socket)
    // It rejects where `error` tells the same.
    entity.open({ domain: to.domain }).catch(() => undefined)
  })

  const authenticate = entity.authenticate.bind(entity)
  entity.authenticate = async (id: unknown, password) => {
    // COMPAT(Prosody ≤ 13): the header for an unknown domain has an empty id; the reason follows in a stream error.
    if (stage === 'handshaking' && typeof id === 'string' && id !== '') await authenticate(asLatin1(id), password)
  }
  let isFirst = true
  entity._onData = (data) => {
    if (stage === 'over') return
    if (isFirst) {
      isFirst = false
      const fault = faultOfFirstBytes(data, to)
      if (fault !== undefined) return end(fault)
    }
    listener.heard()
    if (entity.parser instanceof StanzaParser) entity.parser.read(data)
  }
  entity._onParserError = (error) => {
    const condition = error instanceof XmlFault ? error.condition : 'not-well-formed'
    end(
      faultOfStanza(condition, error.message),
      `<stream:error><${condition} xmlns='${STREAM_ERRORS}'/></stream:error></stream:stream>`,
    )
  }
  entity._onStreamError = (error) => {
    if (stage !== 'over') end(faultOfStreamError(conditionOf(error), textOf(error), stage, to), '</stream:stream>')
  }
  entity.on('error', (error: Error) => {
    // Only the library's own words are left: the answer to the handshake was something else.
    end({ why: `the handshake failed: ${error.message}`, mend: "The server's log may say more" }, '</stream:stream>')
  })
  // Before the library's own listener, which sends the handshake.
  entity.prependListener('open', (header: Element) => {
    if (stage !== 'opening') return
    const fault = faultOfHeader(header.getName(), header.attrs['xmlns'] as string | undefined, to)
    if (fault === undefined) enter('handshaking')
    else end(fault, '</stream:stream>')
  })
  // The library says `online` some turns after it has read the answer; what came in the same segment must not be lost until then.
  let early: Element[] | undefined
  entity.on('nonza', (element: Element) => {
    if (element.name === 'handshake') early ??= []
  })
  entity.on('online', () => {
    if (stage !== 'handshaking') return
    enter('online')
    listener.online(socket)
    for (const stanza of early ?? []) listener.stanza(stanza)
    early = undefined
  })
  entity.on('stanza', (stanza: Element) => {
    if (stage === 'online') listener.stanza(stanza)
    else if (stage === 'handshaking') early?.push(stanza)
  })
  entity.on('close', () => {
    if (stage !== 'over') end(faultOfStreamEnd(stage, to), '</stream:stream>')
  })
  enter('connecting')

  return {
    drop: (fault) => end(fault),
    async close(graceMs) {
      if (stage === 'over') return whenClosed
      const open = stage === 'handshaking' || stage === 'online'
      stage = 'over'
      cancelDeadline()
      if (open) sayLast('</stream:stream>', graceMs)
      else socket.destroy()
      await whenClosed
    },
  }
}

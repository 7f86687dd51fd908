/** The port that components connect to, their connections, and who of several for one domain gets the next stanza. */
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { closing } from './closing'
import { type After } from './time'
import { type Faults } from './xmpp-server-faults'
import { type Personality } from './xmpp-server-personality'
import { type ComponentStream, makeComponentStream, type StreamHost } from './xmpp-server-stream'

export interface Links {
  readonly port: number
  readonly faults: Faults
  /** The connections of a domain that are through with their handshake. */
  online(domain: string): readonly ComponentStream[]
  /** The connection that the next stanza for a domain goes to, in turn where there are several. */
  next(domain: string): ComponentStream | undefined
  close(): Promise<void>
}

/** What the links ask of, and tell, the server. */
export type LinkEvents = Pick<StreamHost, 'serverDomain' | 'secretOf' | 'online' | 'stanza' | 'violation' | 'closed'>

/** Listens on 127.0.0.1, with direct TLS where a key and a certificate are given. */
export async function openLinks(
  personality: Personality,
  events: LinkEvents,
  {
    tls,
    after,
  }: {
    readonly tls: { readonly key: string | Buffer; readonly cert: string | Buffer } | undefined
    readonly after: After
  },
): Promise<Links> {
  const streams = new Set<ComponentStream>()
  let admitted: readonly ComponentStream[] = []
  let turn = 0
  let port = 0
  const online = (domain: string): readonly ComponentStream[] =>
    admitted.filter((stream) => stream.domain === domain && stream.isOnline)

  function admit(stream: ComponentStream): string | undefined {
    const others = admitted.filter((each) => each.domain === stream.domain)
    const rule = personality.connection.second
    if (others.length > 0 && rule === 'refused') return 'Component already connected'
    if (rule === 'kicks the first') others.forEach((each) => each.fail('conflict', 'Replaced by a new connection'))
    admitted = [...admitted, stream]
    return undefined
  }

  function connected(socket: Socket): void {
    const stream = makeComponentStream(socket, {
      ...events,
      personality,
      admit,
      greeting: faults.greeting,
      streamId: faults.streamId,
      splitBytes: () => faults.splitBytes,
      closed(gone) {
        streams.delete(gone)
        admitted = admitted.filter((each) => each !== gone)
        events.closed(gone)
      },
    })
    streams.add(stream)
    watch(socket, stream)
  }

  /** Cuts off a component that writes nothing, and sends the spaces, where the personality does. */
  function watch(socket: Socket, stream: ComponentStream): void {
    const { closesIdleAfter, spaceEvery } = personality.connection
    const calledOff = new Map<string, () => void>()
    const every = (what: string, ms: number | undefined, then: () => void): void => {
      calledOff.get(what)?.()
      if (ms !== undefined) calledOff.set(what, after(ms, then))
    }
    const listen = (): void => every('idle', closesIdleAfter, () => stream.end())
    const space = (): void =>
      every('space', spaceEvery, () => {
        if (stream.isOnline) stream.send(' ')
        space()
      })
    listen()
    space()
    socket.on('data', listen)
    socket.on('close', () => calledOff.forEach((callOff) => callOff()))
  }

  const server: Server = tls === undefined ? createServer(connected) : createTlsServer({ ...tls }, connected)
  const stop = closing(server)
  server.on('tlsClientError', () => undefined)

  const listen = (): Promise<void> =>
    new Promise((listening, failed) => {
      server.once('error', failed)
      server.listen({ port, host: '127.0.0.1' }, () => {
        server.off('error', failed)
        const address = server.address()
        port = typeof address === 'object' && address !== null ? address.port : port
        listening()
      })
    })

  const faults: Faults = {
    greeting: 'normal',
    splitBytes: undefined,
    streamId: undefined,
    halfOpen() {
      const thaws = [...streams].map((stream) => stream.freeze())
      return () => thaws.forEach((thaw) => thaw())
    },
    drop: () => streams.forEach((stream) => stream.drop()),
    end: () => streams.forEach((stream) => stream.end()),
    raw: (bytes) => streams.forEach((stream) => stream.send(bytes)),
    streamError: (condition, text) => streams.forEach((stream) => stream.fail(condition, text)),
    stopListening: stop,
    listenAgain: listen,
  }

  await listen()
  return {
    get port() {
      return port
    },
    faults,
    online,
    next(domain) {
      const all = online(domain)
      return all[turn++ % all.length]
    },
    close: () => (server.listening ? stop() : Promise.resolve()),
  }
}

/**
 * Stands between a component and the server that it attaches to, on loopback: passes every byte on as it came and tells
 * which stanzas it saw, so that a real server's can be shown. Alters nothing and answers nothing.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { makeStreamReader, type StreamReader } from './xmpp-server-reader'
import { type XmlElement } from './xmpp-server-xml'

/** A stanza on its way. */
export interface RelayedStanza {
  readonly by: 'server' | 'component'
  readonly stanza: XmlElement
}

export interface StanzaRelay {
  /** `xmpp://127.0.0.1:<port>`: where the component is to attach. */
  readonly service: string
  /** Cuts all connections and frees the port. */
  close(): Promise<void>
}

const LIMIT = { bytes: 1 << 20, condition: 'policy-violation' } as const

/** Feeds bytes to a reader until there is something it cannot read; from then on it is blind, for it has no say. */
function makeWatch(see: (stanza: XmlElement) => void): (bytes: Buffer) => void {
  const events = { opened: () => undefined, stanza: see, closed: () => undefined }
  let reader: StreamReader | undefined = makeStreamReader(events, LIMIT)
  return (bytes) => {
    try {
      reader?.write(bytes)
    } catch {
      reader = undefined
    }
  }
}

function join(from: Socket, to: Socket, see: (stanza: XmlElement) => void): void {
  const watch = makeWatch(see)
  from.on('data', watch)
  from.pipe(to)
  from.on('error', () => undefined)
}

/**
 * Relays connections of components to a server at `xmpp://host:port`, calls `tell` for each stanza of either side, and `left` when a server has
 * closed a connection whose component is gone: it sends nothing there any more.
 */
export async function startStanzaRelay(
  service: string,
  tell: (relayed: RelayedStanza) => void,
  left: () => void = () => undefined,
): Promise<StanzaRelay> {
  const { hostname, port } = new URL(service)
  const sockets = new Set<Socket>()
  const relay = createServer((component) => {
    const server = connect(Number(port), hostname)
    for (const socket of [component, server]) {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    }
    join(component, server, (stanza) => tell({ by: 'component', stanza }))
    join(server, component, (stanza) => tell({ by: 'server', stanza }))
    let isGone = false
    component.once('close', () => {
      isGone = true
      server.end()
    })
    server.once('close', () => {
      component.destroy()
      if (isGone) left()
    })
  })
  await new Promise<void>((listening, failed) => {
    relay.once('error', failed)
    relay.listen(0, '127.0.0.1', listening)
  })
  return Object.freeze({
    service: `xmpp://127.0.0.1:${(relay.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((closed) => {
        relay.close(() => closed())
        for (const socket of sockets) socket.destroy()
      }),
  })
}

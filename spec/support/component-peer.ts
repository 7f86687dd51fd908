/** The server's end of a component link, byte by byte, so that a spec can do what no sane server does. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'

const HEADER =
  "<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:component:accept'"

export interface PeerConnection {
  readonly socket: Socket
  /** All that came so far. */
  readonly received: string
  /** Resolves with all that came, once it matches. Rejects when the connection closes before. */
  until(pattern: RegExp): Promise<string>
  /** Resolves once the bytes are with the kernel. */
  says(bytes: string | Buffer): Promise<void>
  /** Waits for the other's stream header and answers it. */
  opens(id?: string): Promise<void>
  /** Plays the server until the link is online. */
  accepts(id?: string): Promise<void>
  /** Resolves when the connection is closed. */
  readonly closed: Promise<void>
}

export interface ComponentPeer {
  readonly port: number
  readonly service: string
  /** The next connection, in order of arrival. */
  next(): Promise<PeerConnection>
  readonly connections: number
  close(): Promise<void>
}

/** The handshake of XEP-0114 §3. */
export function handshakeOf(id: string, secret: string): string {
  return createHash('sha1').update(`${id}${secret}`, 'utf8').digest('hex')
}

function connectionOf(socket: Socket): PeerConnection {
  let received = ''
  let waiting: { pattern: RegExp; resolve: (all: string) => void; reject: (error: Error) => void }[] = []
  let isClosed = false
  const look = (): void => {
    const ready = waiting.filter(({ pattern }) => pattern.test(received))
    waiting = waiting.filter((one) => !ready.includes(one))
    for (const { resolve } of ready) resolve(received)
    if (isClosed)
      for (const { pattern, reject } of waiting.splice(0)) reject(new Error(`closed, no ${String(pattern)}`))
  }
  socket.setNoDelay(true)
  socket.setEncoding('utf8')
  socket.on('data', (text: string) => {
    received += text
    look()
  })
  socket.on('error', () => undefined)
  const closed = new Promise<void>((resolve) =>
    socket.once('close', () => {
      isClosed = true
      look()
      resolve()
    }),
  )
  const connection: PeerConnection = {
    socket,
    get received() {
      return received
    },
    until: (pattern) =>
      new Promise((resolve, reject) => {
        waiting.push({ pattern, resolve, reject })
        look()
      }),
    says: (bytes) => new Promise((resolve) => socket.write(bytes, () => resolve())),
    async opens(id = 's1') {
      await connection.until(/<stream:stream [^>]*>/)
      await connection.says(`${HEADER} id='${id}' from='push.example.com'>`)
    },
    async accepts(id) {
      await connection.opens(id)
      await connection.until(/<\/handshake>/)
      await connection.says('<handshake/>')
    },
    closed,
  }
  return connection
}

/** Listens on a free port of 127.0.0.1; with a certificate, by TLS. */
export async function componentPeer(tls?: {
  readonly certPem: string
  readonly keyPem: string
}): Promise<ComponentPeer> {
  const arrived: PeerConnection[] = []
  const awaited: ((connection: PeerConnection) => void)[] = []
  const open = new Set<Socket>()
  let connections = 0
  const take = (socket: Socket): void => {
    connections += 1
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    const connection = connectionOf(socket)
    const resolve = awaited.shift()
    if (resolve === undefined) arrived.push(connection)
    else resolve(connection)
  }
  const server: Server =
    tls === undefined ? createServer(take) : createTlsServer({ cert: tls.certPem, key: tls.keyPem }, take)
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    service: `${tls === undefined ? 'xmpp' : 'xmpps'}://127.0.0.1:${port}`,
    next: () =>
      new Promise((resolve) => {
        const connection = arrived.shift()
        if (connection === undefined) awaited.push(resolve)
        else resolve(connection)
      }),
    get connections() {
      return connections
    },
    async close() {
      for (const socket of open) socket.destroy()
      await new Promise((done) => server.close(done))
    },
  }
}

/** A component written down byte by byte, so that a spec can misbehave on purpose. */
import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'

export interface RawComponent {
  readonly socket: Socket
  /** All that the server has sent so far. */
  readonly heard: string
  send(bytes: string | Buffer): void
  /** Resolves when what was heard matches. Rejects if the server closes before that. */
  until(pattern: RegExp): Promise<RegExpExecArray>
  /** Resolves with all that was heard when the server has closed. */
  closed(): Promise<string>
}

const header = (domain: string): string =>
  `<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='${domain}'>`

/** Connects and says nothing. */
export function connectRaw(port: number): RawComponent {
  const socket = connect(port, '127.0.0.1')
  let heard = ''
  socket.on('data', (bytes: Buffer) => (heard += bytes.toString('utf8')))
  socket.on('error', () => undefined)
  const closed = new Promise<string>((done) => socket.on('close', () => done(heard)))
  return {
    socket,
    get heard() {
      return heard
    },
    send: (bytes) => void socket.write(bytes),
    until: (pattern) =>
      new Promise((found, failed) => {
        const look = (): void => {
          const match = pattern.exec(heard)
          if (match !== null) {
            socket.off('data', look)
            found(match)
          }
        }
        socket.on('data', look)
        socket.on('close', () => failed(new Error(`closed before ${String(pattern)}: ${heard}`)))
        look()
      }),
    closed: () => closed,
  }
}

/** Connects and opens the stream; resolves with the id that the server gave it. */
export async function openRaw(port: number, domain: string): Promise<{ component: RawComponent; id: string }> {
  const component = connectRaw(port)
  component.send(header(domain))
  const [, id = ''] = await component.until(/<stream:stream [^>]*id='([^']*)'/)
  return { component, id }
}

/** Connects and is through with the handshake, as a component should be. */
export async function attachRaw(port: number, domain: string, secret: string): Promise<RawComponent> {
  const { component, id } = await openRaw(port, domain)
  component.send(
    `<handshake>${createHash('sha1')
      .update(id + secret)
      .digest('hex')}</handshake>`,
  )
  await component.until(/<handshake\/>/)
  return component
}

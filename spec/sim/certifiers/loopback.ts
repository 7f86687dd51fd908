// Runs before a client that nobody here wrote: turns Google's hosts to the simulators on 127.0.0.1, by socket and nothing else,
// so that TLS, names and certificates stay what the client makes of them. First argument: {"host": port}.
import { Socket } from 'node:net'

const ports = JSON.parse(process.argv[2] ?? '{}') as Readonly<Record<string, number>>
const connect = Reflect.get(Socket.prototype, 'connect') as (...args: readonly unknown[]) => Socket

function turned(this: Socket, first: unknown, ...rest: readonly unknown[]): Socket {
  const options: unknown = Array.isArray(first) ? first[0] : first
  const host: unknown = typeof options === 'object' && options !== null ? Reflect.get(options, 'host') : undefined
  const port = typeof host === 'string' ? ports[host] : undefined
  if (port === undefined) throw new Error(`a certifier wants to leave the machine: ${String(host)}`)
  Object.assign(options as object, { host: '127.0.0.1', port })
  return Reflect.apply(connect, this, [first, ...rest])
}

Object.defineProperty(Socket.prototype, 'connect', { value: turned, writable: true, configurable: true })

// A strict HTTP proxy that only makes tunnels (CONNECT, RFC 9110 §9.3.6; Basic, RFC 7617): writes down who asked for what and each rule that
// was broken, resolves the names it was told of, and fails when told to. It knows nothing of what passes through.

import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** One request, as it came. */
export interface ProxyRequest {
  readonly authority: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** What was answered; 0 where nothing was. */
  readonly status: number
}

/** What the next request meets, in place of a tunnel. */
export type ProxyFault =
  /** A refusal of its own; `reason` stands in the status line, `headers` below it. */
  | { readonly is: 'refuse'; readonly status: number; readonly reason?: string; readonly headers?: readonly string[] }
  | { readonly is: 'silence' }
  | { readonly is: 'close' }
  /** Bytes in place of an answer. */
  | { readonly is: 'say'; readonly bytes: string }
  /** The tunnel is made, and something is said that the peer did not. */
  | { readonly is: 'early'; readonly bytes: string }
  /** The tunnel is made and nothing passes through it. */
  | { readonly is: 'black hole' }

export interface ConnectProxy {
  readonly port: number
  readonly requests: readonly ProxyRequest[]
  /** Rules that were broken, in words. */
  readonly violations: readonly string[]
  /** How many tunnels there are now. */
  readonly open: number
  /** The next request meets this; several in turn. */
  inject(fault: ProxyFault): void
  /** Ends every tunnel (TCP RST). */
  cut(): void
  close(): Promise<void>
}

export interface ConnectProxyOptions {
  /** `user:password`, demanded of everyone. */
  readonly who?: string
  /** Ports on this machine by `host:port`; what is not here does not exist for the proxy. */
  readonly hosts?: Readonly<Record<string, number>>
}

const LARGEST_HEAD = 8192
const AUTHORITY = /^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\]):\d{1,5}$/i

/** The head of a request, or undefined while it is not whole. Lines end with CRLF and nothing else. */
const headOf = (bytes: Buffer): { readonly lines: readonly string[]; readonly rest: Buffer } | undefined => {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  return { lines: bytes.subarray(0, end).toString('latin1').split('\r\n'), rest: bytes.subarray(end + 4) }
}

/** Starts one on a free port of 127.0.0.1. */
export const startConnectProxy = async (options: ConnectProxyOptions = {}): Promise<ConnectProxy> => {
  const { who, hosts = {} } = options
  const requests: ProxyRequest[] = []
  const violations: string[] = []
  const faults: ProxyFault[] = []
  const sockets = new Set<Socket>()
  let tunnels = 0

  const judge = (
    request: string,
    lines: readonly string[],
    headers: Readonly<Record<string, string>>,
    rest: Buffer,
  ) => {
    const [method = '', authority = '', version = ''] = request.split(' ')
    const wrong = (text: string) => violations.push(`${request}: ${text}`)
    if (method !== 'CONNECT') wrong('only CONNECT is served here')
    if (!AUTHORITY.test(authority)) wrong('the target is no host:port')
    if (version !== 'HTTP/1.1') wrong('the version is not HTTP/1.1')
    if (headers['host'] !== authority) wrong('Host is not the target')
    if (lines.some((line) => !/^[\w!#$%&'*+.^`|~-]+:[ \t]*[\x20-\x7e]*$/.test(line)))
      wrong('a header field has a wrong form')
    if (lines.length !== Object.keys(headers).length) wrong('a header field is there twice')
    for (const name of ['content-length', 'transfer-encoding', 'authorization', 'cookie']) {
      if (headers[name] !== undefined) wrong(`${name} has no business here`)
    }
    if (who === undefined && headers['proxy-authorization'] !== undefined) wrong('credentials for nobody who asked')
    if (rest.length > 0) wrong('something was sent before the answer')
    return authority
  }

  const serve = (near: Socket, request: string, lines: readonly string[], rest: Buffer): void => {
    const headers: Record<string, string> = {}
    for (const line of lines) {
      const colon = line.indexOf(':')
      headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
    }
    const authority = judge(request, lines, headers, rest)
    const note = (status: number) => requests.push({ authority, headers, status })
    const refuse = (status: number, reason: string, more: readonly string[] = []) => {
      note(status)
      const body = '<html>No tunnel for you.</html>'
      near.end([`HTTP/1.1 ${status} ${reason}`, ...more, `Content-Length: ${body.length}`, '', body].join('\r\n'))
    }
    const fault = faults.shift()
    if (fault?.is === 'refuse') return refuse(fault.status, fault.reason ?? 'No', fault.headers)
    if (fault?.is === 'silence') return void note(0)
    if (fault?.is === 'close') {
      note(0)
      near.destroy()
      return
    }
    if (fault?.is === 'say') {
      note(0)
      near.end(fault.bytes)
      return
    }
    const wanted = who === undefined ? undefined : `Basic ${Buffer.from(who).toString('base64')}`
    if (wanted !== undefined && headers['proxy-authorization'] !== wanted) {
      return refuse(407, 'Proxy Authentication Required', ['Proxy-Authenticate: Basic realm="proxy"'])
    }
    const port = hosts[authority]
    if (port === undefined) return refuse(502, 'Bad Gateway')
    const far = connect(port, '127.0.0.1')
    sockets.add(far)
    const start = () => {
      note(200)
      tunnels++
      near.write(`HTTP/1.1 200 Connection established\r\n\r\n${fault?.is === 'early' ? fault.bytes : ''}`)
      if (fault?.is !== 'black hole') near.on('data', (bytes) => far.write(bytes))
      if (fault?.is !== 'black hole') far.on('data', (bytes) => near.write(bytes))
      near.resume()
    }
    let isMade = false
    far.on('connect', () => {
      isMade = true
      start()
    })
    far.on('error', () => {
      if (!isMade) refuse(503, 'Service Unavailable')
    })
    far.on('close', () => {
      sockets.delete(far)
      if (isMade) near.destroy()
    })
    near.on('close', () => {
      if (isMade) tunnels--
      far.destroy()
    })
  }

  const server = createServer((near) => {
    sockets.add(near)
    near.on('error', () => undefined)
    near.on('close', () => sockets.delete(near))
    let bytes: Buffer = Buffer.alloc(0)
    const gather = (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk])
      const head = headOf(bytes)
      if (head === undefined) {
        if (bytes.length > LARGEST_HEAD) near.destroy()
        return
      }
      near.off('data', gather)
      near.pause()
      const [request = '', ...lines] = head.lines
      serve(near, request, lines, head.rest)
    }
    near.on('data', gather)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return Object.freeze({
    port: (server.address() as AddressInfo).port,
    requests,
    violations,
    get open() {
      return tunnels
    },
    inject: (fault: ProxyFault) => {
      faults.push(fault)
    },
    cut: () => {
      for (const socket of sockets) socket.resetAndDestroy()
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  })
}

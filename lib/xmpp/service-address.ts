/** `xmpp://host:port` and `xmpps://host:port` taken apart, and dialled: TCP, or TLS from the first byte. Knows nothing of XML. */
import { X509Certificate } from 'node:crypto'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** Where the server listens for components. */
export interface ServiceAddress {
  readonly host: string
  readonly port: number
  /** Direct TLS: XEP-0114 itself has none. */
  readonly secure: boolean
}

/** The port that most servers listen on for components. */
const USUAL_PORT = 5347
/** A first address that does not answer must not use up the time of the second (RFC 8305); Node's own 250 ms is too short for far away. */
const ADDRESS_TRY_MS = 2500
const KEEPALIVE_MS = 60_000

/** Undefined if the text is not of the form `xmpp://host[:port]` or `xmpps://host[:port]`. */
export function parseService(text: string): ServiceAddress | undefined {
  const found = /^(xmpps?):\/\/(?:\[([0-9a-f:.%]+)\]|([^\s/:@?#[\]]+))(?::(\d{1,5}))?\/?$/i.exec(text)
  if (found === null) return undefined
  const host = found[2] ?? found[3]
  const port = found[4] === undefined ? USUAL_PORT : Number(found[4])
  if (host === undefined || port < 1 || port > 65_535) return undefined
  return { host, port, secure: found[1]?.toLowerCase() === 'xmpps' }
}

export interface Dialled {
  readonly socket: Socket
  /** The event after which bytes may be written. */
  readonly ready: 'connect' | 'secureConnect'
}

/** Begins to connect. Throws if `ca` is no PEM; all else is told by the socket's `error`. */
export function dial(address: ServiceAddress, ca: Buffer | undefined): Dialled {
  const { host, port } = address
  // TLS itself passes over what is no certificate, and then trusts nobody.
  if (address.secure && ca !== undefined) new X509Certificate(ca)
  const where = { host, port, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: ADDRESS_TRY_MS }
  const socket = address.secure
    ? connectTls({
        ...where,
        ...(isIP(host) === 0 ? { servername: host } : {}),
        ...(ca === undefined ? {} : { ca }),
      })
    : connectTcp(where)
  socket.setNoDelay(true)
  socket.setKeepAlive(true, KEEPALIVE_MS)
  return { socket, ready: address.secure ? 'secureConnect' : 'connect' }
}

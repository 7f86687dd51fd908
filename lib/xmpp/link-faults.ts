/**
 * What can go wrong with a component link (XEP-0114 v1.6), each in one plain sentence with its mend.
 * Knows what Prosody, ejabberd, Tigase and Openfire do instead of what the XEP says. Refuses to know what is done about it.
 */
import { type ServiceAddress } from './service-address'

/** `why`: what happened, without a full stop. `mend`: a sentence for the operator, without a full stop. */
export interface Fault {
  readonly why: string
  readonly mend: string
  /** Another connection has the domain: ours was `refused`, or was online and `replaced`. */
  readonly conflict?: 'refused' | 'replaced'
  /** What came is no XML, and a reader that minds less might still read it. */
  readonly isUnreadable?: true
}

/** How far a connection has come; `online` is after the handshake. */
export type Stage = 'connecting' | 'opening' | 'handshaking' | 'online'

/** What the sentences name. */
export interface Attached {
  readonly domain: string
  readonly address: ServiceAddress
  /** True if the configuration gives `component.ca`. */
  readonly ownCa: boolean
}

const COMPONENT_PORT =
  "Name the server's component port in component.service (Prosody: component_ports, 5347; ejabberd: the port of the listener with module ejabberd_service)"
const OWN_DOMAIN = 'A component has a domain of its own, without accounts: correct component.domain'
const PATIENCE = 'Nothing is to be done if the server was stopped or restarted; if it goes on, its log says why'

const portOf = ({ host, port }: ServiceAddress): string => `${host} port ${port}`

/** Text that a stranger wrote, made fit for a line of the log. */
function quoted(text: string): string {
  const plain = text.replace(/[^\P{C}]+/gu, ' ').trim()
  return plain.length > 160 ? `${plain.slice(0, 160)}…` : plain
}

/** A stream error of the server (RFC 6120 §4.9.3). */
export function faultOfStreamError(condition: string, text: string, stage: Stage, to: Attached): Fault {
  const why = (what: string): string => `${what} (${condition}${text === '' ? '' : `: ${quoted(text)}`})`
  switch (condition) {
    case 'not-authorized':
      return {
        why: why('the server does not accept the secret'),
        mend: `Make component.secret the one that the server has for ${to.domain}; ejabberd says the same where ${to.domain} is not among the hosts of its ejabberd_service listener`,
      }
    case 'host-unknown':
    case 'host-gone':
      return {
        why: why(`the server has no component ${to.domain}`),
        mend: `Add it to the server's configuration (Prosody: Component "${to.domain}"; ejabberd: hosts of the ejabberd_service listener), or correct component.domain, which must not be a domain that has accounts`,
      }
    case 'conflict':
      // COMPAT(ejabberd): for a domain of its own; Prosody says host-unknown.
      if (/local domain/i.test(text))
        return { why: why(`${to.domain} is a domain of the server itself`), mend: OWN_DOMAIN }
      return stage === 'online'
        ? {
            why: why(`another connection took the place of this one`),
            mend: `Only one program may attach as ${to.domain} to this server: stop the other one, or give both instances one store (PostgreSQL), so that one stands by`,
            conflict: 'replaced',
          }
        : {
            why: why(`${to.domain} is attached already`),
            mend: `Stop the other program that attaches as ${to.domain}, or, if it is a second instance, give both one store (PostgreSQL) and spell component.service alike, so that one stands by; if there is none, it is our own earlier connection, which the server has not yet found dead (Prosody: component_conflict_resolve = "kick_old" lets the new one in)`,
            conflict: 'refused',
          }
    case 'invalid-namespace':
    case 'unsupported-version':
      return { why: why(`${portOf(to.address)} is not for components`), mend: COMPONENT_PORT }
    case 'invalid-from':
    case 'improper-addressing':
      return {
        why: why('the server did not like the address of one of our stanzas'),
        mend: 'This is a fault of this program: please report it',
      }
    case 'not-well-formed':
    case 'bad-format':
    case 'invalid-xml':
      return {
        why: why('the server could not read one of our stanzas'),
        mend: 'Prosody says so of a stanza over component_stanza_size_limit; otherwise this is a fault of this program: please report it',
      }
    case 'policy-violation':
    case 'resource-constraint':
      return {
        why: why('the server ended the stream by its policy'),
        mend: "The server's log says which of its limits was met",
      }
    case 'system-shutdown':
    case 'reset':
      return { why: why('the server is stopping or restarting'), mend: 'Nothing is to be done' }
    default:
      return { why: why('the server ended the stream'), mend: "The server's log says more" }
  }
}

const untrusted = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_UNTRUSTED',
])

function faultOfTls(code: string, message: string, to: Attached): Fault | undefined {
  if (untrusted.has(code)) {
    return {
      why: `the server's certificate is not trusted (${code})`,
      mend: to.ownCa
        ? 'component.ca must hold the certificate of the server, or of the authority that signed it, in PEM'
        : 'Put the certificate of the server, or of the authority that signed it, into a file and name it as component.ca',
    }
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return {
      why: `the server's certificate ${code === 'CERT_HAS_EXPIRED' ? 'has expired' : 'is not valid yet'} (${code})`,
      mend: 'Renew the certificate of the XMPP server, or set the clock of this machine right',
    }
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return {
      why: `the server's certificate is not for ${to.address.host} (${quoted(message)})`,
      mend: 'Write a name that the certificate holds into component.service, or have it issued for this one',
    }
  }
  if (/wrong version number|packet length too long|http request|unknown protocol/i.test(message)) {
    return {
      why: `${portOf(to.address)} does not speak TLS`,
      mend: 'Write xmpp:// in component.service for a port without TLS, or name the port that has direct TLS (ejabberd: tls: true and certfile in the listener; Openfire: 5276)',
    }
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL')) {
    return {
      why: `TLS could not be agreed on (${quoted(message)})`,
      mend: 'The server must offer TLS 1.2 or 1.3 with a certificate, and ask for none',
    }
  }
  return undefined
}

/** An error of the socket: name, route, port or TLS. */
export function faultOfSocket(error: Error, stage: Stage, to: Attached): Fault {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const at = portOf(to.address)
  const tls = to.address.secure && stage === 'connecting' ? faultOfTls(code, error.message, to) : undefined
  if (tls !== undefined) return tls
  switch (code) {
    case 'ECONNREFUSED':
      return {
        why: `nothing listens at ${at} (${code})`,
        mend: 'Start the XMPP server and let it listen there for components (Prosody: component_ports and component_interfaces; ejabberd: a listener with module ejabberd_service), or correct component.service',
      }
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_FAIL':
      return {
        why: `the name ${to.address.host} does not resolve (${code})`,
        mend: 'Correct the host in component.service, or what DNS or /etc/hosts say of it',
      }
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
    case 'EADDRNOTAVAIL':
      return { why: `${at} cannot be reached (${code})`, mend: 'Look at the route and the firewalls on the way to it' }
    case 'ECONNRESET':
    case 'EPIPE':
      return faultOfHangUp(stage, to, ` (${code})`)
    default:
      return { why: quoted(error.message) || code || 'the connection failed', mend: `Look at the way to ${at}` }
  }
}

/** The server closed the connection without a word of XMPP. */
export function faultOfHangUp(stage: Stage, to: Attached, how = ''): Fault {
  switch (stage) {
    case 'connecting':
    case 'opening':
      return {
        why: `${portOf(to.address)} closed the connection before a stream was open${how}`,
        mend: to.address.secure
          ? 'The port must speak direct TLS and be for components; the server may also refuse this address'
          : `${COMPONENT_PORT}; a port with direct TLS wants xmpps://; the server may also refuse this address`,
      }
    case 'handshaking':
      return {
        why: `the server closed the connection at the handshake and said nothing${how}`,
        mend: `Tigase does so when component.secret is wrong or ${to.domain} is not among its external components`,
      }
    case 'online':
      return { why: `the server closed the connection${how}`, mend: PATIENCE }
  }
}

/** The server closed its stream in good order. */
export function faultOfStreamEnd(stage: Stage, to: Attached): Fault {
  return stage === 'online' ? { why: 'the server closed the stream', mend: PATIENCE } : faultOfHangUp(stage, to)
}

/** Nothing came within the time for one stage. */
export function faultOfSilence(stage: Exclude<Stage, 'online'>, seconds: number, to: Attached): Fault {
  const at = portOf(to.address)
  switch (stage) {
    case 'connecting':
      return {
        why: `${at} did not take the connection within ${seconds} s`,
        mend: to.address.secure
          ? 'Look at the firewalls on the way to it, and whether the port speaks TLS'
          : 'Look at the firewalls on the way to it',
      }
    case 'opening':
      return {
        why: `${at} took the connection and did not open a stream within ${seconds} s`,
        mend: `${COMPONENT_PORT}; a port with direct TLS wants xmpps://`,
      }
    case 'handshaking':
      return {
        why: `the server did not answer the handshake within ${seconds} s`,
        mend: "The server's log says why; it may be overloaded or still starting",
      }
  }
}

/** No byte came, although the server was asked for one. */
export function faultOfDeath(seconds: number): Fault {
  return {
    why: `the link was dead: no byte for ${seconds} s, not even after a ping`,
    mend: 'The machine or the network between went away without a word; nothing is to be done unless it happens often',
  }
}

/** The server does not take what we write. */
export function faultOfStuckPeer(seconds: number): Fault {
  return { why: `the server has read nothing for ${seconds} s`, mend: 'It is overloaded or stopped: look at it' }
}

/** What answered is not an XMPP server, or speaks to others than components. Undefined if the bytes may well be XMPP. */
export function faultOfFirstBytes(bytes: Buffer, to: Attached): Fault | undefined {
  const at = portOf(to.address)
  const head = bytes.toString('latin1').trimStart()
  if (head === '' || head.startsWith('<') || head.startsWith('\u00ef\u00bb\u00bf')) return undefined
  if (head.startsWith('HTTP/')) return { why: `${at} speaks HTTP`, mend: COMPONENT_PORT }
  if (head.startsWith('\u0015\u0003')) {
    return { why: `${at} speaks TLS`, mend: 'Write xmpps:// in component.service for a port with direct TLS' }
  }
  return { why: `${at} does not speak XMPP`, mend: COMPONENT_PORT }
}

/** The stream header says whom the port is for. Undefined if it is for components, or does not say. */
export function faultOfHeader(name: string, ns: string | undefined, to: Attached): Fault | undefined {
  const at = portOf(to.address)
  if (name !== 'stream') return { why: `${at} does not speak XMPP`, mend: COMPONENT_PORT }
  if (ns === 'jabber:client') return { why: `${at} is for clients, not for components`, mend: COMPONENT_PORT }
  if (ns === 'jabber:server') return { why: `${at} is for other servers, not for components`, mend: COMPONENT_PORT }
  return undefined
}

/** What the server sent is beyond our limits, or no XML. */
export function faultOfStanza(condition: string, what: string): Fault {
  const why = `the server sent ${quoted(what)}; the stream was closed with ${condition}`
  return condition === 'policy-violation'
    ? {
        why,
        mend: "No publish is like that: the server's log may say who sent it; its own limits can stop it (Prosody: c2s_stanza_size_limit; ejabberd: max_stanza_size)",
      }
    : {
        ...{ why, mend: 'Update the XMPP server, or report what it sent' },
        ...(condition === 'restricted-xml' ? {} : { isUnreadable: true as const }),
      }
}

/** `component.service` is no address. */
export function faultOfService(service: string): Fault {
  return {
    why: `component.service is no address: ${quoted(service)}`,
    mend: 'Write xmpp://host:port, or xmpps://host:port for direct TLS',
  }
}

/** `component.ca` cannot be read as certificates. */
export function faultOfCa(error: unknown): Fault {
  return {
    why: `component.ca cannot be used (${quoted(error instanceof Error ? error.message : String(error))})`,
    mend: 'It must hold one or more certificates in PEM (-----BEGIN CERTIFICATE-----)',
  }
}

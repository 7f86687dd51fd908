/**
 * A user's client, small: RFC 6120 over plain TCP (loopback only), SASL PLAIN, resource binding, iq, presence, message.
 * No TLS, no roster, no stream management: what it does is leave when it says so, and a server then knows it is away.
 */
import { connect } from 'node:net'
import { after } from './time'
import { makeStreamReader, parseXml, type StreamReader } from './xmpp-server-reader'
import { escapeXml, withAttrs, type XmlElement } from './xmpp-server-xml'

export interface XmppClientOptions {
  /** `xmpp://host:port` */
  readonly service: string
  readonly domain: string
  readonly user: string
  readonly password: string
  readonly resource: string
}

export interface XmppClient {
  /** The full JID that the server bound. */
  readonly jid: string
  /** Sends an iq, with an id if it has none, and resolves with the answer, be it result or error. Rejects after 10 s. */
  iq(xml: string): Promise<XmlElement>
  /** Sends a stanza as it stands. */
  send(xml: string): void
  /** Closes the stream in order and resolves when the server has closed its side, or after 2 s. */
  close(): Promise<void>
}

const SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'
const BIND = 'urn:ietf:params:xml:ns:xmpp-bind'
const WITHIN = 10_000
const LIMIT = { bytes: 1 << 20, condition: 'policy-violation' } as const

type Test = (stanza: XmlElement) => boolean

/** Logs in and becomes available. Rejects with what the server objects to, or after 10 s of silence. */
export async function connectXmppClient(options: XmppClientOptions): Promise<XmppClient> {
  const { domain, user, password, resource } = options
  const { hostname, port } = new URL(options.service)
  const socket = connect(Number(port), hostname)
  const waiting = new Set<{ readonly test: Test; found(stanza: XmlElement): void; failed(why: Error): void }>()
  const closed = new Promise<void>((done) => socket.once('close', () => done()))
  let reader: StreamReader | undefined
  let ids = 0

  function fail(why: string): void {
    for (const one of [...waiting]) one.failed(new Error(`${user}@${domain}: ${why}`))
    socket.destroy()
  }

  function take(stanza: XmlElement): void {
    if (stanza.name === 'stream:error') return fail(`the server ended the stream: ${stanza.toString()}`)
    const { type, id = '', from } = stanza.attrs
    const one = [...waiting].find(({ test }) => test(stanza))
    if (one !== undefined) one.found(stanza)
    else if (stanza.name === 'iq' && (type === 'get' || type === 'set')) {
      const to = from === undefined ? '' : ` to='${escapeXml(from)}'`
      const error = `<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>`
      socket.write(`<iq type='error' id='${escapeXml(id)}'${to}><error type='cancel'>${error}</error></iq>`)
    }
  }

  function heard(test: Test, what: string): Promise<XmlElement> {
    return new Promise((found, failed) => {
      const end = (): void => {
        waiting.delete(one)
        giveUp()
      }
      const one = {
        test,
        found: (stanza: XmlElement) => (end(), found(stanza)),
        failed: (why: Error) => (end(), failed(why)),
      }
      const giveUp = after(WITHIN, () =>
        one.failed(new Error(`${user}@${domain}: ${what} did not come in ${WITHIN} ms`)),
      )
      waiting.add(one)
    })
  }

  function open(): Promise<XmlElement> {
    reader = makeStreamReader({ opened: () => undefined, stanza: take, closed: () => socket.end() }, LIMIT)
    const features = heard((stanza) => stanza.name === 'stream:features', 'the features of the stream')
    const names = `xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'`
    socket.write(`<?xml version='1.0'?><stream:stream to='${escapeXml(domain)}' version='1.0' ${names}>`)
    return features
  }

  function iq(xml: string): Promise<XmlElement> {
    const stanza = parseXml(xml)
    const id = stanza.attrs['id'] ?? `${resource}-${++ids}`
    const isAnswer: Test = ({ name, attrs }) =>
      name === 'iq' && attrs['id'] === id && (attrs['type'] === 'result' || attrs['type'] === 'error')
    const answer = heard(isAnswer, `the answer to ${id}`)
    socket.write(withAttrs(stanza, { id }).toString())
    return answer
  }

  async function logIn(): Promise<string> {
    const features = await open()
    const mechanisms = features.child('mechanisms', SASL)?.elements('mechanism') ?? []
    if (!mechanisms.some((one) => one.text() === 'PLAIN')) throw new Error(`${domain} does not offer SASL PLAIN`)
    const word = Buffer.from(`\0${user}\0${password}`).toString('base64')
    const verdict = heard((stanza) => stanza.ns === SASL, 'the verdict on the password')
    socket.write(`<auth xmlns='${SASL}' mechanism='PLAIN'>${word}</auth>`)
    if ((await verdict).name !== 'success') throw new Error(`${domain} refuses the password of ${user}`)
    await open()
    const bound = await iq(
      `<iq type='set'><bind xmlns='${BIND}'><resource>${escapeXml(resource)}</resource></bind></iq>`,
    )
    const jid = bound.child('bind', BIND)?.child('jid')?.text()
    if (jid === undefined) throw new Error(`${domain} binds no resource: ${bound.toString()}`)
    return jid
  }

  socket.on('data', (bytes) => {
    try {
      reader?.write(bytes)
    } catch (error) {
      fail(`cannot read the stream: ${error instanceof Error ? error.message : String(error)}`)
    }
  })
  socket.on('error', (error) => fail(error.message))
  void closed.then(() => fail('the server closed the connection'))

  try {
    const jid = await logIn()
    socket.write('<presence/>')
    return Object.freeze({
      jid,
      iq,
      send: (xml: string) => void socket.write(xml),
      async close() {
        socket.write('</stream:stream>')
        const giveUp = after(2_000, () => socket.destroy())
        await closed
        giveUp()
      },
    })
  } catch (error) {
    socket.destroy()
    throw error
  }
}

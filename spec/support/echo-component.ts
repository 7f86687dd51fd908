/** The least component: answers every iq with an empty result, or with the error it is told to, and keeps what it was sent. */
import { makeStreamReader } from '../../lib/sim/xmpp-server-reader'
import { errorTo, resultTo } from '../../lib/sim/xmpp-server-self'
import { type XmlElement } from '../../lib/sim/xmpp-server-xml'
import { attachRaw } from './raw-component'

export interface EchoComponent {
  /** The publishes it was sent, as elements and as they were written. */
  readonly publishes: readonly { readonly stanza: XmlElement; readonly text: string }[]
  /** The error to answer with from now on; undefined for results. */
  answerWith: { readonly type: string; readonly condition: string } | undefined
  /** Resolves with the nth publish (from 1). */
  publish(nth: number): Promise<{ readonly stanza: XmlElement; readonly text: string }>
  /** Resolves with the first publish to this node. */
  publishTo(node: string): Promise<{ readonly stanza: XmlElement; readonly text: string }>
  send(xml: string): void
  stop(): Promise<void>
}

export async function attachEcho(service: string, domain: string, secret: string): Promise<EchoComponent> {
  const raw = await attachRaw(Number(new URL(service).port), domain, secret)
  const publishes: { stanza: XmlElement; text: string }[] = []
  const waiting = new Set<() => void>()
  const once = (find: () => (typeof publishes)[number] | undefined): ReturnType<EchoComponent['publish']> =>
    new Promise((found) => {
      const look = (): void => {
        const published = find()
        if (published === undefined) return
        waiting.delete(look)
        found(published)
      }
      waiting.add(look)
      look()
    })
  const echo: EchoComponent = {
    publishes,
    answerWith: undefined,
    publish: (nth) => once(() => publishes[nth - 1]),
    publishTo: (node) =>
      once(() => publishes.find(({ stanza }) => stanza.child('pubsub')?.child('publish')?.attrs['node'] === node)),
    send: (xml) => raw.send(xml),
    async stop() {
      raw.send('</stream:stream>')
      raw.socket.end()
      await raw.closed()
    },
  }
  const reader = makeStreamReader(
    {
      opened: () => undefined,
      closed: () => undefined,
      stanza(stanza, text) {
        const { type } = stanza.attrs
        if (stanza.name !== 'iq' || (type !== 'get' && type !== 'set')) return
        const { answerWith } = echo
        raw.send(answerWith === undefined ? resultTo(stanza) : errorTo(stanza, answerWith.type, answerWith.condition))
        if (stanza.child('pubsub') !== undefined) publishes.push({ stanza, text })
        waiting.forEach((look) => look())
      },
    },
    { bytes: 1 << 20, condition: 'policy-violation' },
  )
  // What came with the handshake's answer is heard as well, or a stanza in the same segment would be lost.
  reader.write(Buffer.from(raw.heard))
  raw.socket.on('data', (bytes: Buffer) => reader.write(bytes))
  return echo
}

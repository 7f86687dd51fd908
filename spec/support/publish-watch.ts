/** Counts what a server publishes to a component, on the wire between them and in the order of the wire. Alters nothing. */
import { startStanzaRelay } from '../../lib/sim/stanza-relay'
import { type XmlElement } from '../../lib/sim/xmpp-server-xml'

/** A publish, and what the component answered. */
export interface WatchedPublish {
  readonly node: string
  readonly stanza: XmlElement
  /** `result`, or the condition of the error; undefined until it is answered. */
  readonly answer: string | undefined
}

export interface PublishWatch {
  /** Where the component is to attach in place of the server. */
  readonly service: string
  /** All publishes to a node so far. */
  publishes(node: string): readonly WatchedPublish[]
  /** Resolves once so many publishes to the node have been answered, counted from the start; rejects after 20 s. */
  answered(node: string, times: number): Promise<readonly WatchedPublish[]>
  close(): Promise<void>
}

const PATIENCE_MS = 20_000

function answerOf(stanza: XmlElement): string {
  const conditions = stanza.child('error')?.elements(undefined, 'urn:ietf:params:xml:ns:xmpp-stanzas') ?? []
  return stanza.attrs['type'] === 'error' ? (conditions[0]?.name ?? 'no condition') : 'result'
}

/** Stands before the component's port of a server. */
export async function startPublishWatch(server: string): Promise<PublishWatch> {
  const seen: { node: string; stanza: XmlElement; answer: string | undefined }[] = []
  const looking = new Set<() => void>()
  const relay = await startStanzaRelay(server, ({ by, stanza }) => {
    const publish = stanza.child('pubsub')?.child('publish')
    if (by === 'server' && publish !== undefined) {
      seen.push({ node: publish.attrs['node'] ?? '', stanza, answer: undefined })
    } else if (by === 'component' && stanza.name === 'iq') {
      const asked = seen.find((each) => each.stanza.attrs['id'] === stanza.attrs['id'] && each.answer === undefined)
      if (asked !== undefined) asked.answer = answerOf(stanza)
    }
    looking.forEach((look) => look())
  })
  const publishes = (node: string): readonly WatchedPublish[] => seen.filter((each) => each.node === node)
  return Object.freeze({
    service: relay.service,
    publishes,
    answered: (node: string, times: number) =>
      new Promise<readonly WatchedPublish[]>((found, failed) => {
        const end = (): void => {
          looking.delete(look)
          clearTimeout(timer)
        }
        const look = (): void => {
          const all = publishes(node)
          if (all.filter(({ answer }) => answer !== undefined).length < times) return
          end()
          found(all)
        }
        const timer = setTimeout(() => {
          end()
          const told = publishes(node).map(({ answer }) => answer ?? 'unanswered')
          failed(new Error(`${times} answered publishes to ${node} did not come; there are: ${told.join(', ')}`))
        }, PATIENCE_MS)
        looking.add(look)
        look()
      }),
    close: () => relay.close(),
  })
}

/** Counts what a server publishes to a component, on the wire between them and in the order of the wire. Alters nothing. */
import { startStanzaRelay, type RelayedStanza } from '../../lib/sim/stanza-relay'
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
  /** Resolves with all of them once the nth publish to the node (from 1) has been answered; rejects after 20 s. */
  answered(node: string, nth: number): Promise<readonly WatchedPublish[]>
  /** Resolves with the first answered publish to the node, past or to come, whose XML matches; rejects after 20 s. */
  matching(node: string, pattern: RegExp): Promise<WatchedPublish>
  /** Resolves once the server has closed so many connections whose component was gone: it publishes nothing there any more. */
  left(times: number): Promise<void>
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
  let gone = 0
  const leaving = new Set<() => void>()
  const left = (): void => {
    gone++
    leaving.forEach((look) => look())
  }
  const see = ({ by, stanza }: RelayedStanza): void => {
    const publish = stanza.child('pubsub')?.child('publish')
    if (by === 'server' && publish !== undefined) {
      seen.push({ node: publish.attrs['node'] ?? '', stanza, answer: undefined })
    } else if (by === 'component' && stanza.name === 'iq') {
      const asked = seen.find((each) => each.stanza.attrs['id'] === stanza.attrs['id'] && each.answer === undefined)
      if (asked !== undefined) asked.answer = answerOf(stanza)
    }
    looking.forEach((look) => look())
  }
  const relay = await startStanzaRelay(server, see, left)
  const publishes = (node: string): readonly WatchedPublish[] => seen.filter((each) => each.node === node)

  function until<Found>(
    what: string,
    node: string,
    find: (all: readonly WatchedPublish[]) => Found | undefined,
  ): Promise<Found> {
    return new Promise((found, failed) => {
      const end = (): void => {
        looking.delete(look)
        clearTimeout(timer)
      }
      const look = (): void => {
        const there = find(publishes(node))
        if (there === undefined) return
        end()
        found(there)
      }
      const timer = setTimeout(() => {
        end()
        const told = publishes(node).map(({ answer }) => answer ?? 'unanswered')
        failed(new Error(`there is no ${what} of node ${node}; the answers are: ${told.join(', ')}`))
      }, PATIENCE_MS)
      looking.add(look)
      look()
    })
  }

  return Object.freeze({
    service: relay.service,
    publishes,
    answered: (node: string, nth: number) =>
      until(`answer to the publish ${nth}`, node, (all) => {
        // None is asked for: there is nothing to wait for.
        return nth === 0 || all[nth - 1]?.answer !== undefined ? all : undefined
      }),
    matching: (node: string, pattern: RegExp) =>
      until(`publish like ${String(pattern)}`, node, (all) =>
        all.find(({ stanza, answer }) => answer !== undefined && pattern.test(stanza.toString())),
      ),
    left: (times: number) =>
      new Promise<void>((done) => {
        const look = (): void => {
          if (gone < times) return
          leaving.delete(look)
          done()
        }
        leaving.add(look)
        look()
      }),
    close: () => relay.close(),
  })
}

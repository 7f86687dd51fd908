/** A component link under test: its clock is moved by hand, what it observes and receives is kept. */
import { type Element } from 'ltx'
import { makeLink, type Link, type LinkOptions } from '../../lib/xmpp/component'
import { Opaque } from '../../lib/model/opaque'
import { type Event } from '../../lib/observe'
import { componentPeer, type ComponentPeer, type PeerConnection } from './component-peer'
import { handClock, type HandClock } from './hand-clock'

export const DOMAIN = 'push.example.com'
export const SECRET = 'correct horse'

type LinkEvent = Extract<Event, { at: 'link' }>

export interface Linked {
  readonly link: Link
  readonly clock: HandClock
  readonly events: Event[]
  readonly stanzas: Element[]
  /** Resolves with the event of the link that matches; each is found once. */
  told(is: LinkEvent['is']): Promise<LinkEvent>
  /** Resolves when so many stanzas were received in all. */
  stanza(count: number): Promise<Element>
  /** Resolves when there was trouble. */
  trouble(): Promise<string>
}

/** Resolves when the claim holds; it is asked again at each turn of the event loop. */
export async function holds<T>(claim: () => T | undefined): Promise<T> {
  for (;;) {
    const found = claim()
    if (found !== undefined) return found
    await new Promise((done) => setImmediate(done))
  }
}

/** Starts a link to the service. */
export function linkTo(service: string, options: Partial<LinkOptions> = {}): Linked {
  const clock = handClock()
  const events: Event[] = []
  const stanzas: Element[] = []
  const seen = new Set<Event>()
  const link = makeLink({
    domain: DOMAIN,
    service,
    secret: new Opaque(SECRET),
    clock,
    observe: (event) => events.push(event),
    onStanza: (stanza) => void stanzas.push(stanza),
    ...options,
  })
  link.start()
  return {
    link,
    clock,
    events,
    stanzas,
    async told(is) {
      const event = await holds(() =>
        events.find((e): e is LinkEvent => e.at === 'link' && e.is === is && !seen.has(e)),
      )
      seen.add(event)
      return event
    },
    stanza: (count) => holds(() => stanzas[count - 1]),
    trouble: () => holds(() => events.find((e) => e.at === 'trouble')?.text),
  }
}

export interface Pair extends Linked {
  readonly peer: ComponentPeer
  readonly server: PeerConnection
}

/** A link that is online, and the server's end of it. */
export async function onlinePair(options: Partial<LinkOptions> = {}): Promise<Pair> {
  const peer = await componentPeer()
  const linked = linkTo(peer.service, options)
  const server = await peer.next()
  await server.accepts()
  await linked.told('online')
  return { ...linked, peer, server }
}

/** One component's answers, put together: routes from their parts, disco from the routes. */
import { type Element } from 'ltx'
import { type Ask } from '../admin/questions'
import { type Clock } from '../clock'
import { type Dialect, type OfferedApp } from '../dialects/dialect'
import { type Nodes } from '../intake/nodes'
import { type Register } from '../intake/register'
import { type Jid } from '../model/jid'
import { type Opaque } from '../model/opaque'
import { type Observe } from '../observe'
import { administratorCommands } from './administrator-commands'
import { misdirectedRoute, pingRoute, timeRoute, versionRoute } from './basics'
import { commandsRoute, type Command } from './commands'
import { discoRoutes } from './disco'
import { pubsubRoutes } from './pubsub'
import { type Publish } from './publishing'
import { makePush2 } from './push2'
import { registeringCommands } from './registering'
import { makeRouter } from './router'
import { makeSessions } from './session-id'

export interface AnsweringOptions {
  readonly domain: string
  /** The component's secret, shared by all instances; session ids are signed with a key derived from it. */
  readonly secret: Opaque
  readonly version: string
  readonly dialects: readonly Dialect[]
  readonly apps: () => readonly OfferedApp[]
  readonly register: Register
  readonly publish: Publish
  readonly nodes: Nodes
  /** What the commands of administrators ask. */
  readonly ask: Ask
  readonly send: (stanza: Element | string) => void
  readonly clock: Clock
  readonly observe: Observe
}

/** Takes every stanza that the component receives; resolves when its one answer was sent. */
export function makeAnswering(options: AnsweringOptions): (stanza: Element) => void | Promise<void> {
  const { dialects, apps, register, publish, nodes, clock, observe } = options
  const registering = registeringCommands({ dialects, apps, register })
  const administrating = administratorCommands({ dialects, apps, register, ask: options.ask })
  const commands = (requester: Jid): readonly Command[] => [
    ...registering(requester),
    ...administrating.commands(requester),
  ]
  const sessions = makeSessions(options.secret.reveal())
  const routes = [
    pingRoute(),
    versionRoute(options.version),
    timeRoute(clock),
    misdirectedRoute(),
    commandsRoute({ commands, isClosed: (node) => administrating.has(node), sessions, clock }),
    ...pubsubRoutes(publish, nodes),
  ]
  const disco = discoRoutes({
    routes,
    commands,
    features: () => dialects.flatMap((dialect) => dialect.features(apps())),
    facts: () => dialects.flatMap((dialect) => dialect.facts?.(apps()) ?? []),
    nodesOf: (service, requester) => nodes.own({ service, requester }),
  })
  const route = makeRouter({
    domain: options.domain,
    routes: [...routes, ...disco],
    send: options.send,
    clock,
    observe,
  })
  const push2 = makePush2({ domain: options.domain, publish, send: options.send, observe })
  return (stanza) => push2(stanza) ?? route(stanza)
}

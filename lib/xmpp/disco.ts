/** Service discovery (XEP-0030 v2.5.0, extended by XEP-0128 v1.0.1): what is offered is what the routes handle; a requester sees only its own nodes. */
import xml from '@xmpp/xml'
import { type Element } from 'ltx'
import { type FormField } from '../dialects/dialect'
import { type Jid } from '../model/jid'
import { unknownNode, type Answer } from './answers'
import { COMMANDS } from './commands'
import { attribute } from './element'
import { FORMS, resultForm } from './forms'
import { PUSH } from './notification'
import { type Asked, type Route } from './router'

const INFO = 'http://jabber.org/protocol/disco#info'
const ITEMS = 'http://jabber.org/protocol/disco#items'
/** FORM_TYPE of the form that tells what the apps offer: a field `name of the app#what` for each (docs/webpush.md). */
const FACTS = 'xmpp-push:apps:0'
const PUBSUB = 'http://jabber.org/protocol/pubsub'

const formType: FormField = { var: 'FORM_TYPE', type: 'hidden', values: [FACTS] }

export interface DiscoOptions {
  /** Every other route; their features are announced. */
  readonly routes: readonly Route[]
  readonly commands: (requester: Jid) => readonly { readonly node: string; readonly name: string }[]
  /** Features beside the routes': those of the dialects, one per app name among them. */
  readonly features: () => readonly string[]
  /** What the dialects tell of the apps; a form of its own, left out where there is nothing to tell. */
  readonly facts: () => readonly FormField[]
  /** The nodes of an account at one of our JIDs. */
  readonly nodesOf: (service: string, requester: Jid) => Promise<readonly string[]>
}

export function discoRoutes(options: DiscoOptions): readonly Route[] {
  const info = (
    node: string | undefined,
    identities: readonly Element[],
    features: readonly string[],
    facts: readonly FormField[] = [],
  ): Answer => ({
    is: 'result',
    payload: xml(
      'query',
      { xmlns: INFO, ...(node === undefined ? {} : { node }) },
      ...identities,
      ...[...new Set(features)].map((feature) => xml('feature', { var: feature })),
      ...(facts.length === 0 ? [] : [resultForm([formType, ...facts])]),
    ),
  })
  const items = (node: string | undefined, list: readonly Record<string, string>[]): Answer => ({
    is: 'result',
    payload: xml(
      'query',
      { xmlns: ITEMS, ...(node === undefined ? {} : { node }) },
      ...list.map((attrs) => xml('item', attrs)),
    ),
  })
  const owns = async (asked: Asked, node: string): Promise<boolean> =>
    (await options.nodesOf(asked.service, asked.from)).includes(node)

  async function answerInfo(asked: Asked): Promise<Answer> {
    const node = attribute(asked.child, 'node')
    if (node === undefined || node === '') {
      const own = [
        INFO,
        ITEMS,
        PUSH,
        FORMS,
        ...options.routes.flatMap((route) => route.features),
        ...options.features(),
      ]
      return info(node, [identity('pubsub', 'push', 'xmpp-push')], own, options.facts())
    }
    if (node === COMMANDS)
      return info(node, [identity('automation', 'command-list', 'Commands')], [INFO, ITEMS, COMMANDS])
    const command = options.commands(asked.from).find((each) => each.node === node)
    if (command !== undefined) {
      return info(node, [identity('automation', 'command-node', command.name)], [INFO, COMMANDS, FORMS])
    }
    if (await owns(asked, node)) {
      return info(node, [identity('pubsub', 'leaf'), identity('pubsub', 'push')], [INFO, PUBSUB, PUSH])
    }
    return unknownNode
  }

  async function answerItems(asked: Asked): Promise<Answer> {
    const node = attribute(asked.child, 'node')
    if (node === COMMANDS) {
      const own = options.commands(asked.from)
      return items(
        node,
        own.map((command) => ({ jid: asked.service, node: command.node, name: command.name })),
      )
    }
    if (node === undefined || node === '') {
      const nodes = await options.nodesOf(asked.service, asked.from)
      return items(node, [
        { jid: asked.service, node: COMMANDS, name: 'Commands' },
        ...nodes.map((own) => ({ jid: asked.service, node: own })),
      ])
    }
    const isCommand = options.commands(asked.from).some((each) => each.node === node)
    return isCommand || (await owns(asked, node)) ? items(node, []) : unknownNode
  }

  return [
    { ns: INFO, names: ['query'], types: ['get'], features: [INFO], answer: answerInfo },
    { ns: ITEMS, names: ['query'], types: ['get'], features: [ITEMS], answer: answerItems },
  ]
}

function identity(category: string, type: string, name?: string): Element {
  return xml('identity', { category, type, ...(name === undefined ? {} : { name }) })
}

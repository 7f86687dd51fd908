/** Publish-Subscribe (XEP-0060 v1.30.0), as much of it as a `push` node service has; what it has not is refused by name. */
import { type Element } from 'ltx'
import { type Nodes } from '../intake/nodes'
import { badRequest, unsupported, type Answer } from './answers'
import { affiliations, ownAffiliations } from './pubsub-affiliations'
import { configureNode, createNode, deleteNode } from './pubsub-nodes'
import { publishOf, repeatedPublish, type Publish } from './publishing'
import { type Asked, type Route } from './router'

const PUBSUB = 'http://jabber.org/protocol/pubsub'
const OWNER = 'http://jabber.org/protocol/pubsub#owner'

/** The verbs that are not supported, by element and type, with XEP-0060's own feature names. */
const unsupportedVerbs: Readonly<Record<string, string>> = {
  'pubsub get default': 'retrieve-default-sub',
  'pubsub get items': 'retrieve-items',
  'pubsub get options': 'subscription-options',
  'pubsub get subscriptions': 'retrieve-subscriptions',
  'pubsub set options': 'subscription-options',
  'pubsub set retract': 'delete-items',
  'pubsub set subscribe': 'subscribe',
  'pubsub set unsubscribe': 'subscribe',
  'owner get default': 'retrieve-default',
  'owner get subscriptions': 'manage-subscriptions',
  'owner set purge': 'purge-nodes',
  'owner set subscriptions': 'manage-subscriptions',
}

/** What is announced beside publishing (XEP-0060 §10): what clients do that make their own node. */
const nodeFeatures = [
  ...['access-whitelist', 'config-node', 'create-and-configure', 'create-nodes', 'delete-nodes', 'instant-nodes'],
  ...['modify-affiliations', 'publish-only-affiliation', 'retrieve-affiliations'],
].map((name) => `${PUBSUB}#${name}`)

export function pubsubRoutes(publish: Publish, nodes: Nodes): readonly Route[] {
  return [
    {
      ns: PUBSUB,
      names: ['pubsub'],
      types: ['get', 'set'],
      features: [PUBSUB, `${PUBSUB}#publish`, `${PUBSUB}#publish-options`, ...nodeFeatures],
      answer: (asked) => {
        const verbs = asked.child.getChildElements()
        const named = (name: string): Element | undefined => verbs.find((child) => child.getName() === name)
        const [published, created] = [named('publish'), named('create')]
        if (published !== undefined && asked.type === 'set') return publishOf(asked, published, publish)
        if (created !== undefined && asked.type === 'set') return createNode(asked, created, nodes)
        const affiliated = named('affiliations')
        if (affiliated !== undefined && asked.type === 'get') return ownAffiliations(asked, affiliated, nodes)
        return refusal('pubsub', asked)
      },
      repeated: (asked, placeOf) => repeatedPublish(asked, placeOf, publish),
    },
    {
      ns: OWNER,
      names: ['pubsub'],
      types: ['get', 'set'],
      features: [],
      answer: (asked) => {
        const [verb] = asked.child.getChildElements()
        switch (verb?.getName()) {
          case 'configure':
            return configureNode(asked, verb, nodes)
          case 'affiliations':
            return affiliations(asked, verb, nodes)
          case 'delete':
            return asked.type === 'set' ? deleteNode(asked, verb, nodes) : refusal('owner', asked)
          default:
            return refusal('owner', asked)
        }
      },
    },
  ]
}

function refusal(where: 'pubsub' | 'owner', asked: Asked): Answer {
  const [verb] = asked.child.getChildElements()
  if (verb === undefined) return badRequest('The <pubsub/> element is empty.')
  const feature = unsupportedVerbs[`${where} ${asked.type} ${verb.getName()}`]
  return feature === undefined
    ? badRequest(`<${verb.getName()}/> is no ${asked.type} request of XEP-0060.`)
    : unsupported(feature)
}

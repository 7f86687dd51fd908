/** Affiliations of a node (XEP-0060 v1.30.0 §5.7, §8.9): the owner, and who may publish and nothing else (`publish-only`, XEP-0357 §5). */
import xml from '@xmpp/xml'
import { type Element } from 'ltx'
import { type Affiliation, type Nodes } from '../intake/nodes'
import { bareOf, parseJid } from '../model/jid'
import {
  badRequest,
  done,
  nodeIdRequired,
  notAcceptable,
  notAllowed,
  unknownNode,
  unsupported,
  type Answer,
} from './answers'
import { attribute } from './element'
import { type Asked } from './router'

const PUBSUB = 'http://jabber.org/protocol/pubsub'
const OWNER = `${PUBSUB}#owner`

/** §5.7: the affiliations of the requester, who owns its nodes and has none with others. */
export async function ownAffiliations(asked: Asked, verb: Element, nodes: Nodes): Promise<Answer> {
  const own = await nodes.own({ service: asked.service, requester: asked.from })
  const node = attribute(verb, 'node')
  const shown = node === undefined ? own : own.filter((each) => each === node)
  const items = shown.map((each) => xml('affiliation', { node: each, affiliation: 'owner' }))
  return { is: 'result', payload: xml('pubsub', { xmlns: PUBSUB }, xml('affiliations', {}, ...items)) }
}

/** §8.9.1 */
async function retrieve(asked: Asked, node: string, nodes: Nodes): Promise<Answer> {
  const answer = await nodes.read({ service: asked.service, requester: asked.from, node })
  if (answer.is !== 'node') return unknownNode
  const all: readonly (readonly [string, string])[] = [
    [bareOf(asked.from), 'owner'],
    ...[...answer.node.affiliations].filter(([, affiliation]) => affiliation !== 'none'),
  ]
  const items = all.map(([jid, affiliation]) => xml('affiliation', { jid, affiliation }))
  return { is: 'result', payload: xml('pubsub', { xmlns: OWNER }, xml('affiliations', { node }, ...items)) }
}

/** The changes that are asked for, by bare JID or domain; or what is wrong with one of them. */
function changesIn(verb: Element, owner: string): ReadonlyMap<string, Affiliation> | Answer {
  const changes = new Map<string, Affiliation>()
  for (const item of verb.getChildren('affiliation')) {
    const jid = parseJid(attribute(item, 'jid') ?? '')
    const affiliation = attribute(item, 'affiliation') ?? ''
    if (jid === undefined) return badRequest('Each <affiliation/> names a jid.')
    const bare = bareOf(jid)
    // §8.9: a node is never without its only owner. XEP-0357 §5 would have the owner's bare JID be `publish-only`, which it may do anyway.
    if (bare === owner && affiliation !== 'owner' && affiliation !== 'publish-only') {
      return notAcceptable('A node has one owner, who can only delete it.')
    }
    if (bare === owner) continue
    switch (affiliation) {
      case 'none':
      case 'publish-only':
        changes.set(bare, affiliation)
        break
      case 'owner':
        return notAcceptable('A node has one owner.')
      case 'publisher':
      case 'member':
      case 'outcast':
        return unsupported(`${affiliation}-affiliation`)
      default:
        return badRequest(`"${affiliation.slice(0, 64)}" is no affiliation of XEP-0060.`)
    }
  }
  return changes
}

/** §8.9: get and set. */
export async function affiliations(asked: Asked, verb: Element, nodes: Nodes): Promise<Answer> {
  const node = attribute(verb, 'node')
  if (node === undefined || node === '') return nodeIdRequired
  if (asked.type === 'get') return retrieve(asked, node, nodes)
  const changes = changesIn(verb, bareOf(asked.from))
  if ('is' in changes) return changes
  const answer = await nodes.affiliate({ service: asked.service, requester: asked.from, node }, changes)
  switch (answer.is) {
    case 'unknown':
      return unknownNode
    case 'not-allowed':
      return notAllowed(answer.why)
    default:
      return done
  }
}

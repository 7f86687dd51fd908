/** Making, setting up and deleting one's own node (XEP-0060 v1.30.0 §8.1, §8.2, §8.4), as far as a `push` node service has it. */
import xml from '@xmpp/xml'
import { type Element } from 'ltx'
import { type NodeAnswer, type Nodes, type NodeSettings } from '../intake/nodes'
import {
  badRequest,
  done,
  forbidden,
  nodeIdRequired,
  notAcceptable,
  notAllowed,
  nodeExists,
  unknownNode,
  unsupported,
  type Answer,
} from './answers'
import { attribute } from './element'
import { fieldsOf, FORMS, formIn } from './forms'
import { configForm, NODE_CONFIG } from './pubsub-config'
import { type Asked } from './router'

const PUBSUB = 'http://jabber.org/protocol/pubsub'
const OWNER = `${PUBSUB}#owner`
/** Bytes; PubSub nodes are as long as a part of a JID (RFC 7622 §3.3.1). */
const LONGEST_NODE = 1023
const LONGEST_TITLE = 256

type Read = { readonly settings: NodeSettings } | { readonly wrong: Answer }

/**
 * The settings in a form. A node of ours is a whitelist to which `publishers` may publish and nothing else; fields that are unknown
 * here are passed over, for each client sends what its usual service has.
 */
function settingsIn(form: Element | undefined): Read {
  if (form === undefined) return { settings: {} }
  const fields = fieldsOf(form)
  const type = fields.get('FORM_TYPE')?.[0]
  if (type !== undefined && type !== NODE_CONFIG) {
    return { wrong: badRequest(`The form must have FORM_TYPE ${NODE_CONFIG}.`) }
  }
  // XEP-0248
  if ((fields.get('pubsub#node_type')?.[0] ?? 'leaf') !== 'leaf') return { wrong: unsupported('collections') }
  const model = fields.get('pubsub#access_model')?.[0] ?? 'whitelist'
  if (model !== 'whitelist') {
    const text = 'Nodes of this service have access model "whitelist".'
    return { wrong: notAcceptable(text, 'unsupported-access-model') }
  }
  const publishers = fields.get('pubsub#publish_model')?.[0] ?? 'publishers'
  if (publishers !== 'publishers') {
    return { wrong: notAcceptable('Nodes of this service have publish model "publishers".') }
  }
  const title = fields.get('pubsub#title')?.[0]
  return { settings: title === undefined ? {} : { title: title.slice(0, LONGEST_TITLE) } }
}

function toOwner(answer: NodeAnswer, write?: (answer: Extract<NodeAnswer, { is: 'node' }>) => Element): Answer {
  switch (answer.is) {
    case 'node':
      return write === undefined ? done : { is: 'result', payload: write(answer) }
    case 'done':
      return done
    case 'exists':
      return nodeExists
    case 'unknown':
      return unknownNode
    case 'not-allowed':
      return notAllowed(answer.why)
  }
}

function nodeIn(verb: Element): string | undefined {
  const node = attribute(verb, 'node')
  return node === undefined || node === '' ? undefined : node
}

/** §8.1. COMPAT(MongooseIM's clients): `type='push'` on `<create/>` says what every node here is. */
export async function createNode(asked: Asked, create: Element, nodes: Nodes): Promise<Answer> {
  const node = nodeIn(create)
  if (node !== undefined && Buffer.byteLength(node) > LONGEST_NODE) {
    return notAcceptable(`The name of a node has at most ${LONGEST_NODE} bytes.`)
  }
  const children = asked.child.getChildElements()
  const configure = children.find((child) => child.getName() === 'configure')
  if (
    configure !== undefined &&
    (children.indexOf(configure) < children.indexOf(create) || attribute(configure, 'node') !== undefined)
  ) {
    return badRequest('<configure/> follows <create/> and names no node.')
  }
  const read = settingsIn(configure === undefined ? undefined : formIn(configure))
  if ('wrong' in read) return read.wrong
  const { service, from: requester } = asked
  const answer = await nodes.create({ service, requester, ...(node === undefined ? {} : { node }) }, read.settings)
  if (answer.is === 'not-allowed') return forbidden(answer.why)
  const instant = (made: Extract<NodeAnswer, { is: 'node' }>): Element =>
    xml('pubsub', { xmlns: PUBSUB }, xml('create', { node: made.node.node }))
  return toOwner(answer, node === undefined ? instant : undefined)
}

/** §8.4. */
export async function deleteNode(asked: Asked, verb: Element, nodes: Nodes): Promise<Answer> {
  const node = nodeIn(verb)
  if (node === undefined) return nodeIdRequired
  return toOwner(await nodes.remove({ service: asked.service, requester: asked.from, node }))
}

/** §8.2. */
export async function configureNode(asked: Asked, verb: Element, nodes: Nodes): Promise<Answer> {
  const node = nodeIn(verb)
  if (node === undefined) return nodeIdRequired
  const request = { service: asked.service, requester: asked.from, node }
  if (asked.type === 'get') {
    return toOwner(await nodes.read(request), ({ node: view }) =>
      xml('pubsub', { xmlns: OWNER }, xml('configure', { node }, configForm(view.settings))),
    )
  }
  const form = formIn(verb)
  if (form === undefined) return badRequest(`<configure/> needs a form: <x xmlns='${FORMS}' type='submit'/>.`)
  // §8.2.4: a form that was cancelled leaves everything as it was.
  if (attribute(form, 'type') === 'cancel') return toOwner(await nodes.read(request))
  const read = settingsIn(form)
  return 'wrong' in read ? read.wrong : toOwner(await nodes.configure(request, read.settings))
}

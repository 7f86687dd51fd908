/** Which answers design §4 allows for a stanza, written from its table alone. Knows the devices that the spec registered, and no code of ours. */
import { type XmlElement } from '../../lib/sim/xmpp-server-xml'
import { DOMAIN } from './house'

/** A device that the spec registered. */
export interface Device {
  readonly owner: string
  readonly node: string
  readonly secret?: string
}

export interface World {
  readonly devices: readonly Device[]
  /** Nodes of which it is not known for certain how they stand: mutated commands have had to do with them. */
  readonly unsure: (node: string) => boolean
  /** Domains that may publish to any node. */
  readonly publishers: readonly string[]
}

const PUBSUB = 'http://jabber.org/protocol/pubsub'
const FORMS = 'jabber:x:data'

/** `type condition` of an error, or `result`. */
export type Answered = string

const UNKNOWN = 'cancel item-not-found'
const FOREIGN = 'auth forbidden'
const MALFORMED = 'modify bad-request'
const TAKEN = 'result'

/** The answers that anything else than a publish may get: never one that says that we are in trouble, never one that Tigase deletes on. */
const others = [
  TAKEN,
  UNKNOWN,
  FOREIGN,
  MALFORMED,
  'cancel service-unavailable',
  'cancel feature-not-implemented',
  'cancel not-allowed',
  'cancel conflict',
  'modify not-acceptable',
]

/** `exact`: the table leaves no choice. */
export interface Verdict {
  readonly allowed: readonly Answered[]
  readonly is: 'exact' | 'open' | 'no publish'
}

function mayPublish(from: string, owner: string, publishers: readonly string[]): 'yes' | 'no' | 'perhaps' {
  const slash = from.indexOf('/')
  const bare = (slash < 0 ? from : from.slice(0, slash)).toLowerCase()
  if (bare.includes('@')) return bare !== owner ? 'no' : slash < 0 ? 'yes' : 'perhaps'
  return bare === owner.slice(owner.indexOf('@') + 1) || publishers.includes(bare) ? 'yes' : 'no'
}

/** Whether the publish carries one of these secrets: for certain, for certain not, or somewhere where it need not be looked for. */
function carries(pubsub: XmlElement, stanza: XmlElement, secrets: readonly string[]): 'yes' | 'no' | 'perhaps' {
  if (!secrets.some((secret) => stanza.toString().includes(secret))) return 'no'
  const options = pubsub.elements('publish-options')
  const forms = options[0]?.elements() ?? []
  const fields = forms[0]?.elements() ?? []
  const named = fields.filter((field) => field.name === 'field' && field.attrs['var'] === 'secret')
  const values = named[0]?.elements() ?? []
  const isPlain =
    options.length === 1 && forms.length === 1 && named.length === 1 && values.length === 1 && fields.length < 20
  const isNamed = options[0]?.ns === PUBSUB && forms[0]?.name === 'x' && forms[0].ns === FORMS && named[0]?.ns === FORMS
  const [value] = values
  const isRight = value?.name === 'value' && value.ns === FORMS && secrets.includes(value.text())
  return isPlain && isNamed && isRight ? 'yes' : 'perhaps'
}

/** Whether the options may name an app and an address. */
function mayBringDevice(pubsub: XmlElement): boolean {
  const options = pubsub.elements('publish-options').join('')
  return options.includes('pushModule') || (options.includes('service') && options.includes('device'))
}

function shapeOf(publish: XmlElement): 'good' | 'malformed' | 'odd' {
  const items = publish.elements()
  const [item] = items
  if (item === undefined) return 'malformed'
  const payload = item.elements()[0]
  const isGood =
    items.length === 1 &&
    item.name === 'item' &&
    item.ns === PUBSUB &&
    payload?.name === 'notification' &&
    payload.ns === 'urn:xmpp:push:0'
  if (isGood) return 'good'
  return publish.toString().includes('notification') ? 'odd' : 'malformed'
}

/** What may be answered to an iq that is none of type result or error. */
export function verdictOn(stanza: XmlElement, world: World): Verdict {
  const [pubsub, ...more] = stanza.elements()
  const { type, from = '', to = '' } = stanza.attrs
  const publishes = pubsub?.elements('publish') ?? []
  const [publish] = publishes
  const noPublish: Verdict = { allowed: others, is: 'no publish' }
  if (type !== 'get' && type !== 'set') return { allowed: [MALFORMED], is: 'no publish' }
  if (pubsub === undefined || publish === undefined || pubsub.ns !== PUBSUB || pubsub.name.includes(':'))
    return noPublish
  if (type !== 'set' || more.length > 0 || !(to === DOMAIN || to.startsWith(`${DOMAIN}/`))) return noPublish
  if (pubsub.name !== 'pubsub') return noPublish
  const anything: Verdict = { allowed: [TAKEN, UNKNOWN, FOREIGN, MALFORMED], is: 'open' }
  if (publishes.length > 1 || publish.ns !== PUBSUB) return anything
  const { node = '' } = publish.attrs
  if (world.unsure(node)) return anything
  const found = world.devices.filter((device) => device.node === node)
  if (found.length === 0 && mayBringDevice(pubsub)) {
    // Of clients that register nothing: only servers that are served may name a device, and what it is worth is not for this table.
    const isServed = mayPublish(from, 'anyone@example.com', world.publishers) !== 'no' && !from.includes('@')
    return isServed ? anything : { allowed: [UNKNOWN, FOREIGN], is: 'open' }
  }
  if (found.length === 0) return { allowed: [UNKNOWN], is: 'exact' }
  const may = found.map((device) => mayPublish(from, device.owner, world.publishers))
  if (may.every((each) => each === 'no')) return { allowed: [FOREIGN], is: 'exact' }
  const permitted = found.filter((_device, index) => may[index] !== 'no')
  const secrets = world.devices.flatMap((device) =>
    permitted.some(({ owner }) => owner === device.owner) && device.secret !== undefined ? [device.secret] : [],
  )
  const isOpen = permitted.some((device) => device.secret === undefined)
  const carried = isOpen ? 'yes' : carries(pubsub, stanza, secrets)
  if (carried === 'no') return { allowed: [FOREIGN], is: 'exact' }
  const shape = shapeOf(publish)
  const allowed = [
    ...(shape === 'malformed' ? [] : [TAKEN]),
    ...(shape === 'good' ? [] : [MALFORMED]),
    ...(carried === 'perhaps' || may.includes('perhaps') ? [FOREIGN] : []),
  ]
  return { allowed, is: allowed.length === 1 ? 'exact' : 'open' }
}

/** An answer in the words of a verdict. */
export function spelled(answer: XmlElement): Answered {
  if (answer.attrs['type'] === 'result') return TAKEN
  const error = answer.child('error')
  const condition = error
    ?.elements(undefined, 'urn:ietf:params:xml:ns:xmpp-stanzas')
    .find(({ name }) => name !== 'text')
  return `${error?.attrs['type'] ?? '?'} ${condition?.name ?? '?'}`
}

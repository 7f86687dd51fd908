/** Stanzas changed at random, and still what a server may hand to a component: well-formed XML with an id and an address of the sender. */
import * as fc from 'fast-check'
import { parseXml } from '../../lib/sim/xmpp-server-reader'
import { attributes, huge, names, namespaces, texts } from './stanza-words'
import { escapeXml, withAttrs, type XmlElement } from '../../lib/sim/xmpp-server-xml'

/** One change; the numbers choose among what there is. */
interface Change {
  readonly how: (typeof ways)[number]
  readonly at: number
  readonly pick: number
  readonly text: string
}

/** How one stanza comes about. */
export interface Recipe {
  readonly kind: number
  readonly seed: number
  readonly changes: readonly Change[]
  /** Which address sends it; undefined: as the seed has it. */
  readonly from: number | undefined
  readonly id: { readonly shape: number; readonly again: boolean }
  /** What `${name}` becomes. */
  readonly fill: number
}

const ways = [
  'drop',
  'duplicate',
  'swap',
  'rename',
  'attribute',
  'attribute name',
  'no attribute',
  'namespace',
  'prefix',
  'text',
  'own text',
  'text beside',
  'wrap',
  'nest',
  'graft',
  'known node',
] as const

const change: fc.Arbitrary<Change> = fc.record({
  how: fc.constantFrom(...ways),
  at: fc.nat(),
  pick: fc.nat(),
  text: fc.string({ unit: 'binary', maxLength: 24 }),
})

/** Every seventh stanza stays as it was, so that much passes the first door. */
export const recipe: fc.Arbitrary<Recipe> = fc.record({
  kind: fc.nat(),
  seed: fc.nat(),
  changes: fc.oneof(
    { weight: 1, arbitrary: fc.constant([]) },
    { weight: 6, arbitrary: fc.array(change, { minLength: 1, maxLength: 4 }) },
  ),
  from: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat() }),
  id: fc.record({ shape: fc.nat(), again: fc.integer({ min: 0, max: 9 }).map((n) => n === 0) }),
  fill: fc.nat(),
})

/** Bytes: what a server lets a user send (256 KiB), escaped. A larger one stays as its seed was. */
const LARGEST = 6 * 256 * 1024

interface Draft {
  name: string
  readonly ns: string
  attrs: Map<string, string>
  children: (Draft | string)[]
}

const draftOf = (element: XmlElement): Draft => ({
  name: element.name,
  ns: element.ns,
  attrs: new Map(Object.entries(element.attrs)),
  children: element.children.map((child) => (typeof child === 'string' ? child : draftOf(child))),
})

/** XML 1.0 §2.2: what a server would not let pass. Space in attributes is a space once it is read (§3.3.3). */
const legal = (text: string): string =>
  text.replace(
    /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    '',
  )
const inAttribute = (text: string): string => legal(text).replace(/[\t\n\r]/g, ' ')

function written(draft: Draft): string {
  const attrs = [...draft.attrs].map(([name, value]) => ` ${name}='${escapeXml(value)}'`).join('')
  const inside = draft.children.map((child) => (typeof child === 'string' ? escapeXml(child) : written(child))).join('')
  return `<${draft.name}${attrs}>${inside}</${draft.name}>`
}

function chosen<Item>(items: readonly Item[], pick: number): Item {
  const item = items[pick % items.length]
  if (item === undefined) throw new Error('there is nothing to choose from')
  return item
}

const textOf = ({ pick, text }: Change): string =>
  pick % 401 === 0 ? chosen(huge, pick >> 9) : pick % 4 === 0 ? text : chosen(texts, pick >> 2)

interface Place {
  readonly draft: Draft
  readonly parent: Draft | undefined
}

function placesOf(draft: Draft, parent?: Draft): readonly Place[] {
  const inside = draft.children.flatMap((child) => (typeof child === 'string' ? [] : placesOf(child, draft)))
  return [{ draft, parent }, ...inside]
}

/** What a change may bring in from elsewhere. */
export interface Surroundings {
  /** Any other seed. */
  readonly stanza: (pick: number) => string
  readonly nodes: readonly string[]
}

function apply(root: Draft, step: Change, around: Surroundings): void {
  const { draft, parent } = chosen(placesOf(root), step.at)
  const { pick } = step
  const siblings = parent?.children ?? []
  const index = siblings.indexOf(draft)
  const isRoot = parent === undefined
  const own = [...draft.attrs.keys()].filter((name) => !name.startsWith('xmlns:'))
  switch (step.how) {
    case 'drop':
      return void siblings.splice(index, isRoot ? 0 : 1)
    case 'duplicate':
      return void siblings.splice(index, 0, ...(isRoot ? [] : Array.from({ length: 1 + (pick % 3) }, () => draft)))
    case 'swap':
      return void draft.children.reverse()
    case 'rename':
      draft.name = isRoot ? chosen(['iq', 'iq', 'message', 'presence'], pick) : chosen(names, pick)
      return
    case 'attribute': {
      const name = own.length === 0 || pick % 3 === 0 ? chosen(attributes, pick >> 3) : chosen(own, pick >> 3)
      if (!isRoot || name !== 'xmlns') draft.attrs.set(name, inAttribute(textOf(step)))
      return
    }
    case 'attribute name': {
      const old = own.length === 0 ? 'x' : chosen(own, pick)
      const value = draft.attrs.get(old) ?? ''
      const name = chosen(attributes, pick >> 4)
      if (isRoot && name === 'xmlns') return
      draft.attrs.delete(old)
      return void draft.attrs.set(name, value)
    }
    case 'no attribute':
      if (own.length > 0) draft.attrs.delete(chosen(own, pick))
      return
    case 'namespace':
      return void (isRoot || draft.attrs.set('xmlns', chosen(namespaces, pick)))
    case 'prefix':
      if (isRoot || draft.ns === '' || draft.name.includes(':')) return
      draft.name = `q:${draft.name}`
      return void draft.attrs.set('xmlns:q', draft.ns)
    case 'text':
      draft.children = [...draft.children.filter((child) => typeof child !== 'string'), legal(textOf(step))]
      return
    case 'own text':
      if (!isRoot) draft.children = [legal(textOf(step))]
      return
    case 'text beside':
      return void draft.children.splice(pick % (draft.children.length + 1), 0, legal(textOf(step)))
    case 'wrap':
      if (!isRoot) siblings[index] = { name: chosen(names, pick), ns: '', attrs: new Map(), children: [draft] }
      return
    case 'nest': {
      let deep: Draft = draft
      for (let level = pick % 80; level > 0 && !isRoot; level--) {
        deep = { name: draft.name, ns: draft.ns, attrs: new Map(draft.attrs), children: [deep] }
      }
      siblings[index] = deep
      return
    }
    case 'graft': {
      const other = placesOf(draftOf(parseXml(around.stanza(pick)))).filter((place) => place.parent !== undefined)
      if (other.length > 0) draft.children.push(chosen(other, pick >> 8).draft)
      return
    }
    case 'known node':
      return void (isRoot || draft.attrs.set('node', chosen(around.nodes, pick)))
  }
}

/** Ids as servers make them, and as none does. */
function idOf(shape: number, count: number): string {
  const forms = [
    `s${count}`,
    `rr-${count}-+/=aGVsbG8=+-${count}`,
    `${count}${'a'.repeat(64)}`,
    `${'é\u{1f600}'.repeat(50)}${count}`,
    `  ${count}  `,
    `<&>'"${count}`,
    `__proto__${count}`,
    `${count}${'+/='.repeat(1000)}`,
  ]
  return chosen(forms, shape)
}

const bareDomain = (text: string): string => text.replace(/\/.*$/su, '').replace(/^.*@/, '')

/** Addresses as a server lets them come in; what comes from ourselves is the echo of a ping of ours. */
const isSender = (text: string | undefined): boolean =>
  text !== undefined &&
  bareDomain(text) !== 'push.example.com' &&
  /^([\w.+-]+@)?[\w-]+(\.[\w-]+)+(\/[^\u0000-\u0020\u007f]+)?$/.test(text)
const isRecipient = (text: string | undefined): boolean =>
  text !== undefined && /^([\w.+-]+@)?push\.example\.com(\/[^\u0000-\u0020\u007f]+)?$/.test(text)

/** The stanza of a recipe: its seed changed, with an id, a sender and us as its recipient. Parsed again, so it is well-formed. */
export function mutated(
  text: string,
  { changes, id }: Recipe,
  around: Surroundings & {
    readonly from: string | undefined
    readonly count: number
    /** An id that was used before. */
    readonly spent: string | undefined
  },
): XmlElement {
  const seed = parseXml(text)
  const root = draftOf(seed)
  for (const step of changes) apply(root, step, around)
  const { from, to } = Object.fromEntries(root.attrs)
  const sender = around.from ?? (isSender(from) ? from : seed.attrs['from'])
  root.attrs.set('from', sender ?? 'example.com')
  root.attrs.set('to', isRecipient(to) && to !== undefined ? to : 'push.example.com')
  root.attrs.set('id', around.spent ?? idOf(id.shape, around.count))
  const xml = written(root)
  if (Buffer.byteLength(xml) <= LARGEST) return parseXml(xml)
  return withAttrs(seed, Object.fromEntries(['from', 'to', 'id'].map((name) => [name, root.attrs.get(name)])))
}

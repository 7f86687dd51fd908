/** What is spelled as a stanza before it is read without a tree: to the same tree, the same verdict, the same request and the same answer. */
import fc from 'fast-check'
import { type Element } from 'ltx'
import { type PublishRequest } from '../../lib/model/request'
import { systemClock } from '../../lib/clock'
import { isAlike } from '../../lib/xmpp/alike'
import { pubsubRoutes } from '../../lib/xmpp/pubsub'
import { makeRouter } from '../../lib/xmpp/router'
import { StanzaParser } from '../../lib/xmpp/stanza-parser'
import { type XmlFault } from '../../lib/xmpp/xml-fault'

const DOMAIN = 'push.example.com'
const HEADER = "<?xml version='1.0'?><s:s xmlns='jabber:component:accept' xmlns:s='http://etherx.jabber.org/streams'>"
/** So many of a kind, and the next one is known. */
const OFTEN = 40
const limits = { maxStanzaBytes: 100_000, maxDepth: 64 }

/** What a publish is made of; `undefined` leaves a part out. */
interface Parts {
  readonly id?: string
  readonly from: string
  readonly node?: string
  readonly type?: string
  readonly fields: readonly (readonly [name: string, values: readonly string[]])[]
  readonly options: readonly (readonly [name: string, value: string])[]
  readonly beside?: string
}

const attribute = (name: string, value?: string): string => (value === undefined ? '' : ` ${name}='${value}'`)

function fieldOf([name, values]: readonly [string, readonly string[]]): string {
  const inside = values.map((value) => `<value>${value}</value>`).join('')
  return inside === '' ? `<field var="${name}"/>` : `<field var="${name}" type='text-single'>${inside}</field>`
}

const form = (fields: readonly (readonly [string, readonly string[]])[]): string =>
  `<x xmlns='jabber:x:data' type='submit'>${fields.map(fieldOf).join('')}</x>`

function publish({ id, from, node, type = 'set', fields, options, beside = '' }: Parts): string {
  const given = form(options.map(([name, value]) => [name, [value]]))
  return (
    `<iq type='${type}'${attribute('id', id)} from='${from}' to='${DOMAIN}'><pubsub xmlns='http://jabber.org/protocol/pubsub'>` +
    `<publish${attribute('node', node)}><item id='i'><notification xmlns='urn:xmpp:push:0'>${form(fields)}${beside}</notification></item></publish>` +
    `${options.length === 0 ? '' : `<publish-options>${given}</publish-options>`}</pubsub></iq>`
  )
}

const plain: Parts = {
  ...{ id: '1', from: 'example.com', node: 'n' },
  fields: [
    ['FORM_TYPE', ['urn:xmpp:push:summary']],
    ['message-count', ['1']],
    ['last-message-body', ['New Message!']],
  ],
  options: [],
}

const value = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.constantFrom(
      '1',
      '7',
      'urn:xmpp:push:summary',
      'true',
      'New Message!',
      'juliet@example.com',
      'ü€😀',
      '',
    ),
  },
  { weight: 3, arbitrary: fc.constantFrom(' ', '\n', 'a > b', '&lt;b&gt;', '"', 'x'.repeat(5000)) },
  { weight: 1, arbitrary: fc.constantFrom(']]>', '&nbsp;', "it's", '<b/>', '\u0001', '\uffff') },
)
const parts: fc.Arbitrary<Parts> = fc.record(
  {
    ...{ id: value, node: value, from: fc.oneof(fc.constantFrom('example.com', 'example.com/hash', 'a@b@c'), value) },
    type: fc.constantFrom('set', 'get', 'result'),
    fields: fc.array(
      fc.tuple(
        fc.constantFrom('FORM_TYPE', 'message-count', 'last-message-body', 'last-message-sender', 'jingle-message'),
        fc.array(value, { maxLength: 2 }),
      ),
      { maxLength: 4 },
    ),
    options: fc.array(fc.tuple(fc.constantFrom('FORM_TYPE', 'secret', 'sandbox'), value), { maxLength: 3 }),
    beside: fc.constantFrom('', "<priority xmlns='tigase:push:priority:0'>high</priority>", '<field var="a"/>'),
  },
  { requiredKeys: ['from', 'fields', 'options'] },
)

function treeOf(element: Element): unknown {
  const children = element.children.map((child) => (typeof child === 'string' ? child : treeOf(child)))
  return [element.name, element.attrs, element.getNS(), children]
}

interface Told {
  readonly trees: unknown[]
  readonly asked: PublishRequest[]
  readonly said: string[]
  fault?: string
}

/** A connection: what came of the stanzas since it was last looked at. */
function connection(): { read(text: string): void; told(): Promise<Told>; known: () => number } {
  let told: Told = { trees: [], asked: [], said: [] }
  let known = 0
  const observe = (): void => undefined
  const publishing = (request: PublishRequest): Promise<{ is: 'unknown-node' }> => {
    told.asked.push(request)
    return Promise.resolve({ is: 'unknown-node' })
  }
  const route = makeRouter({
    ...{ domain: DOMAIN, clock: systemClock, observe, send: (stanza) => void told.said.push(String(stanza)) },
    routes: pubsubRoutes(publishing, {
      create: () => Promise.resolve({ is: 'exists' }),
      remove: () => Promise.resolve({ is: 'unknown' }),
      read: () => Promise.resolve({ is: 'unknown' }),
      configure: () => Promise.resolve({ is: 'unknown' }),
      affiliate: () => Promise.resolve({ is: 'unknown' }),
      own: () => Promise.resolve([]),
    }),
  })
  const stream = new StanzaParser(limits, 'own')
  stream.on('element', (stanza: Element) => {
    if (isAlike(stanza)) known += 1
    void route(stanza)
    told.trees.push(treeOf(stanza))
  })
  stream.on('error', (error: XmlFault) => (told.fault = error.condition))
  stream.read(Buffer.from(HEADER))
  return {
    read: (text) => stream.read(Buffer.from(text)),
    known: () => known,
    async told() {
      await new Promise((done) => setImmediate(done))
      const so = told
      told = { trees: [], asked: [], said: [] }
      return so
    },
  }
}

/** The same publish with other values. */
const like = (parts: Parts, values: readonly string[]): Parts => {
  let next = 0
  const other = (): string => values[next++ % values.length] ?? ''
  return {
    ...parts,
    ...(parts.id === undefined ? {} : { id: other() }),
    ...(parts.node === undefined ? {} : { node: other() }),
    fields: parts.fields.map(([name, its]) => [name, its.map(other)]),
    options: parts.options.map(([name]) => [name, other()]),
  }
}

describe('lib/xmpp/alike', () => {
  it('knows a publish again once some have come that are spelled like it, whatever its values', async () => {
    const stream = connection()
    for (let number = 0; number < OFTEN; number++)
      stream.read(publish({ ...plain, id: `i${number}`, node: `n${number}` }))
    const before = stream.known()
    await stream.told()
    stream.read(publish({ ...plain, id: 'last', from: 'other.example', node: 'another' }))
    expect(stream.known()).toBe(before + 1)
    const { asked, said } = await stream.told()
    expect(asked).toMatchObject([
      { service: DOMAIN, publisher: { domain: 'other.example' }, node: 'another', secrets: [] },
    ])
    expect(asked[0]?.notification).toEqual({ count: 1, body: 'New Message!', accountRemoved: false })
    expect(said).toEqual([expect.stringContaining('id="last"')])
  })

  it('makes of each publish what it makes of the first one: tree, verdict, request and answer', async () => {
    const seen = { known: 0, asked: 0, faults: 0 }
    await fc.assert(
      fc.asyncProperty(parts, fc.array(value, { minLength: 1, maxLength: 6 }), fc.nat(), async (one, values, cut) => {
        const [warm, fresh] = [connection(), connection()]
        const plainly = publish({ ...like(one, ['v']), from: 'example.com' })
        for (let number = 0; number < OFTEN; number++) warm.read(plainly)
        await warm.told()
        const before = warm.known()
        for (const text of [publish(like(one, values)), publish(one)]) {
          const at = cut % (2 * text.length)
          for (const stream of [warm, fresh])
            for (const piece of [text.slice(0, at), text.slice(at)]) stream.read(piece)
          const [its, expected] = [await warm.told(), await fresh.told()]
          expect(its).toEqual(expected)
          seen.asked += its.asked.length
          if (its.fault !== undefined) seen.faults += 1
        }
        seen.known += warm.known() - before
      }),
      { numRuns: 400 },
    )
    // None of this is proven where nothing of it comes.
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(20)
  })

  it('gives every stanza a tree of its own', async () => {
    const stream = connection()
    const seen = new Set<unknown>()
    const parser = new StanzaParser(limits, 'own')
    parser.on('element', (stanza: Element) => {
      const field = stanza.getChild('pubsub')?.getChild('publish')?.getChild('item')
      expect([stanza.attrs['id'], field?.attrs['id'], field?.parent?.parent?.parent]).toEqual(['1', 'i', stanza])
      seen.add(field).add(stanza.attrs)
      stanza.attrs['id'] = 'ours'
      if (field !== undefined) field.attrs['id'] = 'ours'
      stanza.children = []
      expect(stanza.children).toEqual([])
    })
    parser.read(Buffer.from(HEADER + publish(plain).repeat(100)))
    expect(seen.size).toBe(200)
    expect((await stream.told()).trees).toEqual([])
  })

  it.each([
    [
      'longer than it may be',
      { maxStanzaBytes: 700, maxDepth: 64 },
      { ...plain, node: 'n'.repeat(400) },
      'policy-violation',
    ],
    ['as long as it may be', { maxStanzaBytes: 1000, maxDepth: 64 }, { ...plain, node: 'n'.repeat(400) }, undefined],
  ])('holds a stanza that is %s against the limit', (_name, its, last, fault) => {
    const parser = new StanzaParser(its, 'own')
    let [stanzas, condition] = [0, undefined as string | undefined]
    parser.on('element', () => (stanzas += 1))
    parser.on('error', (error: XmlFault) => (condition = error.condition))
    parser.read(Buffer.from(HEADER + publish(plain).repeat(100)))
    parser.read(Buffer.from(publish(last)))
    expect([stanzas, condition]).toEqual([fault === undefined ? 101 : 100, fault])
  })

  it('passes over what is nested too deep, however often it comes', () => {
    const parser = new StanzaParser({ ...limits, maxDepth: 3 }, 'own')
    const trees = new Set<string>()
    parser.on('element', (stanza: Element) => trees.add(stanza.toString()))
    parser.read(Buffer.from(HEADER + '<a><b><c><d>x</d></c></b></a>'.repeat(200)))
    expect([...trees]).toEqual(['<a><b><c/></b></a>'])
  })

  it('is not kept from knowing publishes by a stranger whose stanzas are each spelled in another way', async () => {
    const stream = connection()
    const stranger = (number: number): string =>
      `<message to='${DOMAIN}' from='a@b' id='1'><e${number} xmlns='x'/></message>`
    for (let number = 0; number < 50 * OFTEN; number++) stream.read(stranger(number) + publish(plain))
    const before = stream.known()
    for (let number = 0; number < OFTEN; number++) stream.read(stranger(-number) + publish(plain))
    expect(stream.known() - before).toBe(OFTEN)
    await stream.told()
  })
})

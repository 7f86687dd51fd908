/** Batches of mutated stanzas, sent all at once to the whole service and judged when all are answered. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as fc from 'fast-check'
import { parseXml } from '../../lib/sim/xmpp-server-reader'
import { type XmlElement } from '../../lib/sim/xmpp-server-xml'
import { CHURN, REMEMBERED, type FuzzHouse } from './fuzz-house'
import { DOMAIN } from './house'
import { spelled, verdictOn, type Verdict, type World } from './publish-oracle'
import { mutated, recipe, type Recipe } from './stanza-mutations'
import { stanzaSeeds } from './stanza-seeds'

export interface Fuzz {
  /** Sends and judges one batch; the same stanzas for the same number. After a complaint there may be no link. */
  batch(number: number): Promise<void>
  /** What was not as it should be, in words. */
  readonly complaints: readonly string[]
  readonly judged: Readonly<Record<Verdict['is'] | 'silent', number>>
  /** Bytes, once the simulated server remembers nothing but pings. */
  heapUsed(): Promise<number>
}

const senders = [
  ...[
    'example.com',
    'example.com',
    'example.com/3f2a',
    'rooms.example.com',
    'rooms.example.com/room',
    'sub.example.com',
  ],
  ...[
    'romeo@example.com',
    'romeo@example.com/phone',
    'juliet@example.com',
    'nurse@example.com',
    'stranger@example.com/x',
  ],
  ...[
    'example.net',
    'example.net/1',
    'stranger@example.net/x',
    'ball@rooms.example.com/Tybalt',
    '__proto__@example.com/x',
  ],
  ...[
    'constructor@example.net',
    `example.com/${'r'.repeat(1000)}`,
    'stranger@example.com/é\u{1f600}',
    'xn--bcher-kva.example',
  ],
]

function collect(): void {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  gc()
  gc()
}

const seeds = stanzaSeeds()

/** A real stanza. */
export function textOf({ kind, seed }: { readonly kind: number; readonly seed: number }): string {
  const own = seeds[kind % seeds.length] ?? []
  return own[seed % own.length] ?? ''
}

/** Puts something in place of each `${name}`. */
export function filled(text: string, fill: number, { devices, known, dead }: FuzzHouse): string {
  const device = devices[fill % devices.length]
  const node = fill % 11 === 0 ? dead : fill % 13 === 0 ? 'no-such-node' : (device?.node ?? '')
  return text.replace(/\$\{([\w-]+)\}/g, (_all, name: string) => {
    if (name.endsWith('secret')) return device?.secret ?? 'no secret'
    const family = [...known.keys()].find(
      (key) => name === key || name.startsWith(`${key}-`) || name.endsWith(`-${key}`),
    )
    const values = (family === undefined ? undefined : known.get(family)) ?? [node]
    return values[fill % values.length] ?? ''
  })
}

interface Sent {
  readonly stanza: XmlElement
  /** Undefined where none is wanted; an error where none came. */
  readonly answer: Promise<XmlElement | Error> | undefined
}

const isAsked = ({ name, attrs }: XmlElement): boolean =>
  name === 'iq' && attrs['type'] !== 'result' && attrs['type'] !== 'error'
const isCommand = (stanza: XmlElement): boolean => stanza.toString().includes('http://jabber.org/protocol/commands')
const bareOf = (jid: string): string => jid.replace(/\/.*$/su, '')

/** The values of all fields that name a node, in the result of a command. */
function nodesIn(answer: XmlElement): readonly string[] {
  const fields = answer.child('command')?.child('x', 'jabber:x:data')?.elements('field') ?? []
  return fields.flatMap((field) =>
    field.attrs['var'] === 'node' || field.attrs['var'] === 'nodes'
      ? field.elements('value').map((value) => value.text())
      : [],
  )
}

/** Nodes that an account may have made, set up or deleted by this stanza without a command (XEP-0060 §8). */
function nodesHandled(stanza: XmlElement, answer: XmlElement): readonly string[] {
  if (answer.attrs['type'] !== 'result') return []
  const verbs = /<(?:create|delete|configure|affiliations)\b[^>]*?\bnode=(?:'([^']*)'|"([^"]*)")/g
  return [stanza, answer].flatMap((each) =>
    [...each.toString().matchAll(verbs)].map(([, single, double]) => single ?? double ?? ''),
  )
}

/** `batch`: how many stanzas. */
export function makeFuzz(scene: FuzzHouse, options: { readonly seed: number; readonly batch: number }): Fuzz {
  const { house } = scene
  const complaints: string[] = []
  const judged = { exact: 0, open: 0, 'no publish': 0, silent: 0 }
  /** Nodes that mutated commands have made, of accounts that are not swept. */
  const strays = new Set<string>()
  /** Nodes that mutated PubSub requests have had to do with. */
  const handled = new Set<string>()
  let spent: readonly string[] = []
  let count = 0

  function stanzaOf(one: Recipe): XmlElement {
    const text = filled(textOf(one), one.fill, scene)
    const churn = CHURN[one.fill % CHURN.length]
    const usual = isCommand(parseXml(text)) && one.fill % 20 !== 0 ? `${churn}/phone` : undefined
    count += 1
    return mutated(text, one, {
      stanza: (pick) => filled(textOf({ kind: pick, seed: pick >> 3 }), pick, scene),
      nodes: [...scene.devices.map(({ node }) => node), scene.dead, 'no-such-node', ...CHURN],
      from: one.from === undefined ? usual : senders[one.from % senders.length],
      count,
      spent: one.id.again ? spent[count % options.batch] : undefined,
    })
  }

  function send(stanza: XmlElement): Sent {
    if (isAsked(stanza)) return { stanza, answer: house.server.request(stanza).catch((error: Error) => error) }
    house.server.send(stanza.toString())
    return { stanza, answer: undefined }
  }

  function judge(stanza: XmlElement, answer: XmlElement | Error, world: World): void {
    const complain = (what: string): void =>
      void complaints.push(`${what}\n  sent ${stanza.toString().slice(0, 1500)}\n  got ${String(answer).slice(0, 400)}`)
    if (answer instanceof Error) return complain(answer.message.slice(0, 60))
    const { from, to, id } = stanza.attrs
    if (answer.attrs['from'] !== to || answer.attrs['to'] !== from || answer.attrs['id'] !== id)
      complain('wrong addresses or id')
    const verdict = verdictOn(stanza, world)
    const words = spelled(answer)
    judged[verdict.is] += 1
    if (!verdict.allowed.includes(words)) complain(`${words} where design §4 says ${verdict.allowed.join(' or ')}`)
  }

  /** The accounts among ours whose devices these stanzas may have changed. */
  function dirtyOwners(stanzas: readonly XmlElement[]): ReadonlySet<string> {
    const suspects = stanzas.flatMap((each) => {
      const text = each.toString()
      const isRemoval = text.includes('account-removed')
      return isRemoval || isCommand(each)
        ? [{ text, isRemoval, by: bareOf(each.attrs['from'] ?? '').toLowerCase() }]
        : []
    })
    const owners = scene.devices.filter(({ owner, node }) =>
      suspects.some(({ text, isRemoval, by }) => by === owner || (isRemoval && text.includes(node))),
    )
    return new Set(owners.map(({ owner }) => owner))
  }

  async function batch(number: number): Promise<void> {
    const unique = new Map<string, XmlElement>()
    for (const one of fc.sample(recipe, { seed: options.seed + number, numRuns: options.batch })) {
      const stanza = stanzaOf(one)
      // Of two questions with one id at the same time nobody could tell the answers apart.
      unique.set(stanza.attrs['id'] ?? '', stanza)
    }
    const sent = [...unique.values()].map(send)
    const answers: (XmlElement | Error | undefined)[] = []
    for (const { answer } of sent) answers.push(await answer)
    await house.server.request(`<iq type='get' to='${DOMAIN}'><ping xmlns='urn:xmpp:ping'/></iq>`)
    spent = [...unique.keys()]
    const dirty = dirtyOwners([...unique.values()])
    const made = new Set<string>()
    sent.forEach(({ stanza }, index) => {
      const answer = answers[index]
      if (answer === undefined || answer instanceof Error) return
      for (const node of nodesHandled(stanza, answer)) handled.add(node)
      const isSwept = CHURN.some((owner) => bareOf(stanza.attrs['from'] ?? '') === owner)
      for (const node of nodesIn(answer)) (isSwept ? made : strays).add(node)
    })
    for (const { owner, node } of scene.devices) if (dirty.has(owner)) made.add(node)
    const isOurs = (node: string): boolean => scene.devices.some((device) => device.node === node)
    const world: World = {
      devices: scene.devices,
      unsure: (node) => made.has(node) || handled.has(node) || (strays.has(node) && !isOurs(node)),
      publishers: ['rooms.example.com'],
    }
    sent.forEach(({ stanza }, index) => {
      const answer = answers[index]
      if (answer === undefined) judged.silent += 1
      else judge(stanza, answer, world)
    })
    if (house.server.connections() === 0) {
      complaints.unshift(`the link is lost: ${house.log.filter((line) => line.includes('"at":"link"')).join('')}`)
      return
    }
    await scene.restore(dirty)
    await scene.sweep()
    await house.pass(20_000)
    const log = house.log.join('').toLowerCase()
    for (const line of house.log) if (line.includes('"at":"trouble"')) complaints.push(line)
    for (const secret of scene.secrets()) if (log.includes(secret.toLowerCase())) complaints.push(`logged: ${secret}`)
    scene.forget()
  }

  async function heapUsed(): Promise<number> {
    const ping = `<iq type='get' to='${DOMAIN}'><ping xmlns='urn:xmpp:ping'/></iq>`
    for (let left = 2 * REMEMBERED; left > 0; left--) await house.server.request(ping)
    scene.forget()
    collect()
    return process.memoryUsage().heapUsed
  }

  return { heapUsed, batch, complaints, judged }
}

/**
 * CPU time of a stanza: reading a publish as Prosody sends it, by our reader, by ltx and by saxes; and the whole link, a publish in and an
 * empty result out, beside @xmpp/component as it comes. Each in a process of its own; the server in another.
 * `npm run build && npx tsx bench/stanza.ts [count] [under way]`
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { component } from '@xmpp/component'
import { type Element } from 'ltx'
import { SaxesParser } from 'saxes'
import { systemClock } from '../lib/clock'
import { Opaque } from '../lib/model/opaque'
import type * as Answers from '../lib/xmpp/answers'
import type * as Component from '../lib/xmpp/component'
import type * as Router from '../lib/xmpp/router'
import type * as Parser from '../lib/xmpp/stanza-parser'
import { publish } from './xmpp-load'

const DOMAIN = 'push.example.com'
const PUBSUB = 'http://jabber.org/protocol/pubsub'
const HEADER = `<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' id='bench' from='${DOMAIN}'>`
/** Stanzas that come in one read of the socket. */
const TOGETHER = 50
const ROUNDS = 7

type Reader = 'own' | 'ltx' | 'saxes'
type LinkName = 'own' | 'ltx' | '@xmpp/component'
type Order =
  | { readonly do: 'read'; readonly reader: Reader; readonly count: number }
  | { readonly do: 'link'; readonly link: LinkName; readonly service: string }
  | { readonly do: 'serve'; readonly count: number; readonly underway: number }

/** As it is built, not as tsx would run it: names that cross files cost more there. */
const built = <T>(file: string): Promise<T> =>
  import(join(__dirname, process.env['BENCH_DIST'] ?? '../dist', file)) as Promise<T>

/** Of 26 characters, as nodes are, and no two alike. */
const nodeOf = (number: number): string => (Math.imul(number + 1, 2_654_435_761) >>> 0).toString(36).padStart(26, 'n')

interface Reading {
  readonly read: (bytes: Buffer) => void
  readonly count: () => number
}

async function readingBy(reader: Reader): Promise<Reading> {
  let count = 0
  if (reader === 'saxes') {
    const saxes = new SaxesParser({ xmlns: true, position: false })
    const decoder = new TextDecoder()
    // Strict, and no tree: what a tree costs would come on top.
    for (const event of ['opentag', 'text'] as const) saxes.on(event, () => undefined)
    saxes.on('closetag', ({ name }) => (count += name === 'iq' ? 1 : 0))
    saxes.on('error', (error) => {
      throw error
    })
    return { read: (bytes) => void saxes.write(decoder.decode(bytes, { stream: true })), count: () => count }
  }
  const { StanzaParser } = await built<typeof Parser>('xmpp/stanza-parser.js')
  const parser = new StanzaParser({ maxStanzaBytes: 2 * 1024 * 1024, maxDepth: 64 }, reader)
  parser.on('element', () => (count += 1))
  return { read: (bytes) => parser.read(bytes), count: () => count }
}

/** Microseconds of CPU: the least of some rounds, so that what else the machine does counts little. */
async function read(reader: Reader, count: number): Promise<number> {
  const reading = await readingBy(reader)
  reading.read(Buffer.from(HEADER))
  let least = Infinity
  for (let round = 0; round < ROUNDS; round++) {
    const pieces = Array.from({ length: count / TOGETHER }, (_none, piece) =>
      Buffer.from(
        Array.from({ length: TOGETHER }, (_each, at) => {
          const number = (round * count + piece * TOGETHER + at) | 0
          return publish(String(number), nodeOf(number))
        }).join(''),
      ),
    )
    const before = process.cpuUsage()
    for (const piece of pieces) reading.read(piece)
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, (user + system) / count)
  }
  if (reading.count() !== ROUNDS * count) throw new Error(`${reader} read ${reading.count()} stanzas`)
  return least
}

/** Answers every publish with an empty result. */
async function link(name: LinkName, service: string): Promise<void> {
  if (name === '@xmpp/component') {
    const entity = component({ service, domain: DOMAIN, password: 'bench' })
    const whole = entity as typeof entity & {
      readonly iqCallee: { set(ns: string, name: string, answer: () => boolean): void }
      start(): Promise<unknown>
    }
    whole.iqCallee.set(PUBSUB, 'pubsub', () => true)
    await whole.start()
    return
  }
  const { makeLink } = await built<typeof Component>('xmpp/component.js')
  const { makeRouter } = await built<typeof Router>('xmpp/router.js')
  const { done } = await built<typeof Answers>('xmpp/answers.js')
  const observe = (): void => undefined
  const route = { ns: PUBSUB, names: ['pubsub'], types: ['set'], features: [], answer: () => done } as const
  const onStanza = makeRouter({
    ...{ domain: DOMAIN, routes: [route], clock: systemClock, observe },
    send: (stanza) => void made.send(stanza),
  })
  const options = { domain: DOMAIN, service, secret: new Opaque('bench'), clock: systemClock }
  const made = makeLink({ ...options, parser: name, observe, onStanza: (stanza: Element) => onStanza(stanza) })
  made.start()
}

/** A server that knows one component, and publishes to it: at most so many unanswered. Resolves once each has its result. */
function serve(socket: Socket, count: number, underway: number): Promise<void> {
  let sent = 0
  let results = 0
  let rest = ''
  const fill = (): void => {
    let text = ''
    while (sent < count && sent - results < underway) text += publish(String(sent), nodeOf(sent++))
    if (text !== '') socket.write(text)
  }
  return new Promise((resolve, reject) => {
    const hear = (chunk: string): void => {
      const parts = `${rest}${chunk}`.split('/>')
      rest = parts.pop() ?? ''
      for (const part of parts) {
        if (!/ type=["']result["']/.test(part)) reject(new Error(`answered ${part}`))
        results += 1
      }
      if (results < count) return fill()
      socket.off('data', hear)
      resolve()
    }
    socket.on('data', hear)
    fill()
  })
}

async function beServer(order: Extract<Order, { do: 'serve' }>): Promise<void> {
  const server = createServer((socket) => {
    socket.setEncoding('utf8').setNoDelay(true)
    socket.on('error', () => undefined)
    const greet = (chunk: string): void => {
      if (!chunk.includes('<handshake')) return void socket.write(HEADER)
      socket.off('data', greet)
      socket.write('<handshake/>')
      process.on('message', () => {
        void serve(socket, order.count, order.underway).then(() => process.send?.('served'))
      })
      process.send?.('attached')
    }
    socket.on('data', greet)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.send?.(`xmpp://127.0.0.1:${(server.address() as AddressInfo).port}`)
}

function start(order: Order): ChildProcess {
  const isProfile = (word: string): boolean => word.startsWith('--cpu-prof')
  const child = fork(__filename, [], { execArgv: ['--require', 'tsx/cjs', ...process.execArgv.filter(isProfile)] })
  child.send(order)
  return child
}

const told = async (child: ChildProcess): Promise<unknown> => ((await once(child, 'message')) as [unknown])[0]

async function costOfLink(name: LinkName, count: number, underway: number): Promise<number> {
  const server = start({ do: 'serve', count, underway })
  const service = String(await told(server))
  const attached = told(server)
  const child = start({ do: 'link', link: name, service })
  await attached
  let least = Infinity
  for (let round = 0; round < ROUNDS; round++) {
    child.send('usage')
    const before = Number(await told(child))
    server.send('go')
    await told(server)
    child.send('usage')
    least = Math.min(least, (Number(await told(child)) - before) / count)
  }
  for (const each of [child, server]) each.disconnect()
  return least
}

async function main(): Promise<void> {
  const [count = 20_000, underway = 200] = process.argv.slice(2).map(Number)
  const print = (name: string, value: string): void => void process.stdout.write(`${name.padEnd(68)}${value}\n`)
  print('machine', `${cpus().length} cores, ${cpus()[0]?.model ?? '?'}, Node ${process.version}`)
  print(
    'stanza',
    `a publish of ${publish('12345', nodeOf(12_345)).length} bytes; µs of CPU, least of ${ROUNDS} rounds of ${count}`,
  )
  for (const reader of ['own', 'ltx', 'saxes'] as const) {
    const child = start({ do: 'read', reader, count })
    const name = { own: 'our reader', ltx: 'ltx', saxes: 'saxes, without a tree' }[reader]
    print(`read by ${name}`, Number(await told(child)).toFixed(1))
    child.disconnect()
  }
  for (const name of ['own', 'ltx', '@xmpp/component'] as const) {
    const cost = await costOfLink(name, count, underway)
    const by = name === '@xmpp/component' ? `${name} 0.13.1 as it comes` : `our link, parser ${name}`
    print(`publish in, empty result out: ${by}`, cost.toFixed(1))
  }
}

function obey(order: Order): void {
  if (order.do === 'read') void read(order.reader, order.count).then((micros) => process.send?.(micros))
  else if (order.do === 'serve') void beServer(order)
  else {
    void link(order.link, order.service)
    process.on('message', () => {
      const { user, system } = process.cpuUsage()
      process.send?.(user + system)
    })
  }
}

process.on('disconnect', () => process.exit())
if (process.send === undefined) void main()
else process.once('message', obey)

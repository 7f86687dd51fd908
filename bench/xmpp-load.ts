/**
 * The XMPP server of the benchmarks, in a process of its own: as little work as possible, so that it is never the limit.
 * Told over IPC what to do; tells what it saw.
 */
import { createServer, type Socket } from 'node:net'

export type Order =
  | { readonly do: 'register'; readonly app: string; readonly tokens: readonly string[] }
  /** Publishes to so many registrations that are in the store already, under the names that `registrations.ts` gives. */
  | { readonly do: 'adopt'; readonly count: number }
  | {
      readonly do: 'publish'
      readonly count: number
      readonly window: number
      /** Evenly so many, however late the answers are (within the window); as many as the window lets through where absent. */
      readonly perSecond?: number
      /** Every so many-th carries content of its own, which replaces nothing. None where absent. */
      readonly contentEvery?: number
    }
  /** One at a time, each so many ms after the one before. */
  | { readonly do: 'beat'; readonly count: number; readonly every: number }

export type Told =
  | { readonly is: 'listening'; readonly port: number }
  | { readonly is: 'attached' }
  | { readonly is: 'registered'; readonly nodes: number }
  | { readonly is: 'adopted' }
  | {
      readonly is: 'published'
      readonly results: number
      readonly errors: number
      /** Milliseconds from publish to answer, sorted. */
      readonly p50: number
      readonly p99: number
      /** When those were sent and answered (ms since 1970) that took longer than the 99 % before them. */
      readonly slowest: readonly (readonly [sent: number, answered: number])[]
    }
  /** When each publish was sent (ms since 1970). */
  | { readonly is: 'beaten'; readonly sent: readonly number[] }

const DOMAIN = 'push.example.com'
const tell = (told: Told): void => void process.send?.(told)

const nodes: string[] = []
/** Of the instances that are attached; each gets its share, as ejabberd deals. */
const sockets: Socket[] = []
let onAnswer: (id: string, isResult: boolean, stanza: string) => void = () => undefined

const registration = (id: string, user: number, app: string, token: string): string =>
  `<iq type='set' id='${id}' from='user${user}@example.com/phone' to='${DOMAIN}'><command xmlns='http://jabber.org/protocol/commands' node='register-device'>` +
  `<x xmlns='jabber:x:data' type='submit'><field var='provider'><value>${app}</value></field><field var='device-token'><value>${token}</value></field></x></command></iq>`

const CONTENT = `<encrypted xmlns='tigase:push:encrypt:0' iv='AAAAAAAAAAAAAAAA' alg='aes-128-gcm'>${'QUJD'.repeat(100)}</encrypted>`

/** As Prosody publishes. */
export const publish = (id: string, node: string, more = ''): string =>
  `<iq type='set' from='example.com' to='${DOMAIN}' id='${id}'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='${node}'><item>` +
  `<notification xmlns='urn:xmpp:push:0'><x xmlns='jabber:x:data' type='form'><field var='FORM_TYPE' type='hidden'><value>urn:xmpp:push:summary</value></field>` +
  `<field var='message-count' type='text-single'><value>1</value></field><field var='pending-subscription-count' type='text-single'/>` +
  `<field var='last-message-sender' type='jid-single'/><field var='last-message-body' type='text-single'><value>New Message!</value></field></x>${more}</notification></item></publish></pubsub></iq>`

/** Sends `count` stanzas, at most `window` unanswered; the function makes the one of a number. */
async function inWindow(
  count: number,
  window: number,
  make: (number: number) => string,
  answered: (number: number, isResult: boolean, stanza: string) => void,
  perSecond = Infinity,
): Promise<void> {
  let sent = 0
  let done = 0
  const begun = performance.now()
  let ticking: NodeJS.Timeout | undefined
  await new Promise<void>((resolve) => {
    const fill = (): void => {
      const due = perSecond === Infinity ? count : ((performance.now() - begun) / 1000) * perSecond
      const texts = sockets.map(() => '')
      while (sent < count && sent < due && sent - done < window) texts[sent % texts.length] += make(sent++)
      texts.forEach((text, at) => text !== '' && sockets[at]?.write(text))
    }
    let isScheduled = false
    onAnswer = (id, isResult, stanza) => {
      if (!/^\d+$/.test(id)) return
      answered(Number(id), isResult, stanza)
      done += 1
      if (done === count) resolve()
      if (!isScheduled && perSecond === Infinity) {
        isScheduled = true
        setImmediate(() => {
          isScheduled = false
          fill()
        })
      }
    }
    if (perSecond !== Infinity) ticking = setInterval(fill, 2)
    fill()
  })
  clearInterval(ticking)
}

/** Neighbours in time are no neighbours in the store. */
const nodeOf = (number: number): string => nodes[(number * 7919) % nodes.length] ?? ''

/** How many publishes were sent before this order. */
let earlier = 0

async function beat(count: number, every: number): Promise<void> {
  const sent: number[] = []
  for (let number = 0; number < count; number++) {
    await new Promise((done) => setTimeout(done, every))
    await inWindow(
      1,
      1,
      () => {
        sent.push(performance.timeOrigin + performance.now())
        return publish('0', nodeOf(earlier++))
      },
      () => undefined,
    )
  }
  tell({ is: 'beaten', sent })
}

async function obey(order: Order): Promise<void> {
  if (order.do === 'register') {
    const { tokens, app } = order
    await inWindow(
      tokens.length,
      200,
      (number) => registration(String(number), number, app, tokens[number] ?? ''),
      (number, _isResult, stanza) => {
        nodes[number] = /var="node"[^>]*><value>([^<]+)/.exec(stanza)?.[1] ?? ''
      },
    )
    tell({ is: 'registered', nodes: nodes.filter((node) => node !== '').length })
    return
  }
  if (order.do === 'adopt') {
    for (let number = 0; number < order.count; number++) nodes[number] = `node${String(number).padStart(20, '0')}`
    tell({ is: 'adopted' })
    return
  }
  if (order.do === 'beat') return beat(order.count, order.every)
  const begun = new Float64Array(order.count)
  const took = new Float64Array(order.count)
  let results = 0
  let errors = 0
  await inWindow(
    order.count,
    order.window,
    (number) => {
      begun[number] = performance.now()
      const hasContent = order.contentEvery !== undefined && number % order.contentEvery === 0
      return publish(String(number), nodeOf(earlier + number), hasContent ? CONTENT : '')
    },
    (number, isResult) => {
      took[number] = performance.now() - (begun[number] ?? 0)
      if (isResult) results += 1
      else errors += 1
    },
    order.perSecond,
  )
  earlier += order.count
  const sorted = took.toSorted()
  const at = (share: number): number => sorted[Math.floor(order.count * share)] ?? 0
  const slowest: [number, number][] = []
  took.forEach((each, number) => {
    const sent = performance.timeOrigin + (begun[number] ?? 0)
    if (each > at(0.99)) slowest.push([sent, sent + each])
  })
  tell({ is: 'published', results, errors, p50: at(0.5), p99: at(0.99), slowest })
}

const server = createServer((connection) => {
  let text = ''
  let isOpen = false
  connection.setEncoding('utf8')
  connection.setNoDelay(true)
  connection.on('error', () => undefined)
  connection.on('close', () => {
    const at = sockets.indexOf(connection)
    if (at >= 0) sockets.splice(at, 1)
  })
  connection.on('data', (chunk: string) => {
    text += chunk
    if (!isOpen) {
      if (text.includes('<handshake')) {
        isOpen = true
        text = ''
        sockets.push(connection)
        connection.write('<handshake/>')
        tell({ is: 'attached' })
      } else if (text.includes('<stream:stream')) {
        connection.write(
          `<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' id='bench' from='${DOMAIN}'>`,
        )
      }
      return
    }
    let from = 0
    for (;;) {
      const begin = text.indexOf('<iq', from)
      if (begin < 0) break
      const head = text.indexOf('>', begin)
      if (head < 0) break
      const end = text[head - 1] === '/' ? head + 1 : text.indexOf('</iq>', head) + 5
      if (end < head) break
      const stanza = text.slice(begin, end)
      from = end
      const id = / id=["']([^"']*)/.exec(stanza)?.[1] ?? ''
      const type = / type=["']([^"']*)/.exec(stanza)?.[1]
      if (type === 'get') connection.write(`<iq type='result' id='${id}' from='example.com' to='${DOMAIN}'/>`)
      else onAnswer(id, type === 'result', stanza)
    }
    text = text.slice(from)
  })
})

if (require.main === module) {
  process.on('message', (order: Order) => void obey(order))
  process.on('disconnect', () => process.exit())
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    tell({ is: 'listening', port: typeof address === 'object' && address !== null ? address.port : 0 })
  })
}

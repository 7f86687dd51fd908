/**
 * What the same work costs with nothing around it, in a process of its own: a bare HTTP/2 request as frames made by hand, the same by
 * `node:http2`, a bare cut of the same stanza into a tree, the same by ltx, and a durable row put and taken away again in batches of 100.
 */
import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { connect, sensitiveHeaders, type ClientHttp2Session } from 'node:http2'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import xml from '@xmpp/xml'
import Libsql from 'libsql'
import { frame } from './light-peer'
import { publish } from './xmpp-load'

export interface FloorOrder {
  readonly url: string
  readonly ca: string
  /** A file that is not there yet, on the disk that the store is measured on. */
  readonly file: string
  readonly count: number
}

/** Microseconds of CPU for one push's share. */
export interface FloorTold {
  readonly is: 'floor'
  readonly frames: number
  readonly http2: number
  readonly scan: number
  readonly ltx: number
  readonly store: number
}

const WINDOW = 200
/** As long as a provider token is. */
const AUTHORIZATION = `bearer ${'a'.repeat(40)}.${'b'.repeat(60)}.${'c'.repeat(86)}`
const tokenOf = (number: number): string => (number % 20_000).toString(16).padStart(64, '0')
const EXPIRATION = String(Math.floor(Date.now() / 1000) + 3600)

const body = Buffer.from(
  JSON.stringify({
    aps: { alert: { 'loc-key': 'New message!' }, sound: 'default', 'mutable-content': 1 },
    account: 'user1234@example.com',
    'unread-messages': 1,
  }),
)

function used(before: NodeJS.CpuUsage, count: number): number {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / count
}

/** RFC 7541 §5.2, without Huffman coding. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1')
  if (bytes.length < 127) return Buffer.concat([Buffer.of(bytes.length), bytes])
  return Buffer.concat([Buffer.of(127, ((bytes.length - 127) & 127) | 128, (bytes.length - 127) >> 7), bytes])
}

/** Literals that enter the dynamic table, in this order: the last is 62 (RFC 7541 §2.3.3). */
const repeated = [
  [':authority', 'localhost'],
  ['authorization', AUTHORIZATION],
  ['apns-topic', 'org.example.bench'],
  ['apns-push-type', 'alert'],
  ['apns-priority', '10'],
  ['apns-expiration', EXPIRATION],
] as const
const first = Buffer.concat(repeated.flatMap(([name, value]) => [Buffer.of(0x40), text(name), text(value)]))
const again = Buffer.from(repeated.map((_each, at) => 0x80 | (62 + at)))
const FIXED = Buffer.of(0x83, 0x87)
/** `:path` by its name's index, `apns-id` by name: each a literal that is not kept. */
const PATH = Buffer.concat([FIXED, again, Buffer.of(0x04, '/3/device/'.length + 64), Buffer.from('/3/device/')])
const ID = Buffer.concat([Buffer.of(0), text('apns-id'), Buffer.of(36)])
const HEADERS = PATH.length + 64 + ID.length + 36
const ONE = 9 + HEADERS + 9 + body.length

/** One request, written over a template. */
const template = Buffer.concat([
  frame(1, 4, 0, Buffer.concat([PATH, Buffer.alloc(64), ID, Buffer.alloc(36)])),
  frame(0, 1, 0, body),
])

function write(into: Buffer, at: number, stream: number, number: number): void {
  template.copy(into, at)
  into.writeUInt32BE(stream, at + 5)
  into.write(tokenOf(number), at + 9 + PATH.length, 'latin1')
  into.write(randomUUID(), at + 9 + PATH.length + 64 + ID.length, 'latin1')
  into.writeUInt32BE(stream, at + 9 + HEADERS + 5)
}

function dial({ url, ca }: FloorOrder): Promise<TLSSocket> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const options = { host: hostname, port: Number(port), ca, ALPNProtocols: ['h2'], servername: 'localhost' }
    const socket = connectTls(options, () => resolve(socket))
    socket.once('error', reject)
  })
}

async function framesFloor(order: FloorOrder): Promise<number> {
  const socket = await dial(order)
  socket.setNoDelay(true)
  const SETTINGS = frame(4, 0, 0, Buffer.alloc(0))
  socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), SETTINGS]))
  let [sent, done, stream] = [0, 0, 1]
  let rest: Buffer = Buffer.alloc(0)
  const before = process.cpuUsage()
  await new Promise<void>((resolve) => {
    const fill = (): void => {
      const room = Math.min(WINDOW - (sent - done), order.count - sent)
      if (room <= 0) return
      const out = Buffer.allocUnsafe(room * ONE)
      for (let nth = 0; nth < room; nth++, stream += 2) write(out, nth * ONE, stream, sent++)
      socket.write(out)
    }
    socket.on('data', (chunk: Buffer) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      let at = 0
      while (rest.length - at >= 9) {
        const end = at + 9 + rest.readUIntBE(at, 3)
        if (rest.length < end) break
        if (rest[at + 3] === 4 && ((rest[at + 4] ?? 0) & 1) === 0) socket.write(frame(4, 1, 0, Buffer.alloc(0)))
        if (rest[at + 3] === 1 && ((rest[at + 4] ?? 0) & 1) === 1) done++
        at = end
      }
      rest = rest.subarray(at)
      if (done === order.count) resolve()
      else fill()
    })
    const opening = Buffer.concat([FIXED, first, Buffer.of(0x04), text(`/3/device/${tokenOf(0)}`)])
    socket.write(Buffer.concat([frame(1, 4, stream, opening), frame(0, 1, stream, body)]))
    stream += 2
    sent++
  })
  const micros = used(before, order.count)
  socket.destroy()
  return micros
}

function post(session: ClientHttp2Session, number: number): Promise<number> {
  return new Promise((resolve) => {
    let status = 0
    const stream = session.request({
      ':method': 'POST',
      ':path': `/3/device/${tokenOf(number)}`,
      authorization: AUTHORIZATION,
      'apns-topic': 'org.example.bench',
      'apns-push-type': 'alert',
      'apns-priority': '10',
      'apns-id': randomUUID(),
      'apns-expiration': EXPIRATION,
      [sensitiveHeaders]: ['authorization'],
    })
    stream.on('response', (headers) => (status = Number(headers[':status'])))
    stream.on('data', () => undefined)
    stream.on('error', () => undefined)
    stream.on('close', () => resolve(status))
    stream.end(body)
  })
}

async function http2Floor({ url, ca, count }: FloorOrder): Promise<number> {
  const session = connect(url, { ca })
  await new Promise((done) => session.once('remoteSettings', done))
  await post(session, 0)
  const before = process.cpuUsage()
  let [sent, refused] = [0, 0]
  const many = Math.min(count, 20_000)
  await Promise.all(
    Array.from({ length: WINDOW }, async () => {
      while (sent < many) if ((await post(session, sent++)) !== 200) refused += 1
    }),
  )
  session.close()
  if (refused > 0) throw new Error(`floor: ${refused} requests were refused`)
  return used(before, many)
}

interface Tag {
  readonly name: string
  readonly attrs: Record<string, string>
  readonly children: (Tag | string)[]
}

/** Trusts that the stanza is well-formed, has no entities and quotes by apostrophes. */
function scan(stanza: string): Tag {
  const root: Tag = { name: '', attrs: {}, children: [] }
  const open: Tag[] = [root]
  for (let at = 0; at < stanza.length;) {
    const begin = stanza.indexOf('<', at)
    const parent = open[open.length - 1] ?? root
    if (begin > at) parent.children.push(stanza.slice(at, begin))
    const end = stanza.indexOf('>', begin)
    at = end + 1
    if (stanza.charCodeAt(begin + 1) === 47) {
      open.pop()
      continue
    }
    const isEmpty = stanza.charCodeAt(end - 1) === 47
    const stop = isEmpty ? end - 1 : end
    const space = stanza.indexOf(' ', begin)
    const nameEnd = space < 0 || space > stop ? stop : space
    const tag: Tag = { name: stanza.slice(begin + 1, nameEnd), attrs: {}, children: [] }
    for (let from = nameEnd + 1; from < stop;) {
      const equals = stanza.indexOf('=', from)
      const close = stanza.indexOf("'", equals + 2)
      tag.attrs[stanza.slice(from, equals)] = stanza.slice(equals + 2, close)
      from = close + 2
    }
    parent.children.push(tag)
    if (!isEmpty) open.push(tag)
  }
  return root
}

function stanzaFloor(count: number, read: (stanza: string) => void): number {
  const stanzas = Array.from({ length: count }, (_each, number) => publish(String(number), `node-${number}`))
  for (const stanza of stanzas.slice(0, 2_000)) read(stanza)
  const before = process.cpuUsage()
  for (const stanza of stanzas) read(stanza)
  return used(before, count)
}

function ltx(): (stanza: string) => void {
  const parser = new xml.Parser()
  parser.on('element', () => undefined)
  parser.write(`<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'>`)
  return (stanza) => parser.write(stanza)
}

/** `synchronous = FULL`: one commit that puts a hundred rows, one that takes them away and counts. */
function storeFloor(file: string, count: number): number {
  const database = new Libsql(file)
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA locking_mode = EXCLUSIVE;
    CREATE TABLE delivery (id TEXT PRIMARY KEY, target TEXT, due INTEGER, content TEXT) WITHOUT ROWID;
    CREATE TABLE account (app TEXT PRIMARY KEY, delivered INTEGER); INSERT INTO account VALUES ('a', 0)`)
  const put = database.prepare('INSERT INTO delivery VALUES (?, ?, ?, ?)')
  const settle = database.prepare('DELETE FROM delivery WHERE id = ?')
  const add = database.prepare("UPDATE account SET delivered = delivered + ? WHERE app = 'a'")
  const [begin, commit] = [database.prepare('BEGIN IMMEDIATE'), database.prepare('COMMIT')]
  const content = 'x'.repeat(120)
  const batches = Array.from({ length: Math.ceil(count / 100) }, () => Array.from({ length: 100 }, () => randomUUID()))
  const before = process.cpuUsage()
  for (const batch of batches) {
    begin.run()
    for (const id of batch) put.run([id, id, 0, content])
    commit.run()
    begin.run()
    for (const id of batch) settle.run([id])
    add.run([batch.length])
    commit.run()
  }
  const micros = used(before, batches.length * 100)
  database.close()
  rmSync(file, { force: true })
  return micros
}

async function measure(order: FloorOrder): Promise<FloorTold> {
  const { file, count } = order
  await framesFloor({ ...order, count: 5_000 })
  return {
    is: 'floor',
    frames: await framesFloor(order),
    http2: await http2Floor(order),
    scan: stanzaFloor(count, scan),
    ltx: stanzaFloor(count, ltx()),
    store: storeFloor(file, count),
  }
}

if (require.main === module) {
  process.on('disconnect', () => process.exit())
  process.once('message', (order: FloorOrder) => void measure(order).then((told) => process.send?.(told)))
}

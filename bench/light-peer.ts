/**
 * A push service that costs almost nothing, in a process of its own, so that load is never limited by it: HTTP/2 over TLS, every request is
 * answered alike and counted, nothing is judged; Google's token endpoint beside it. What is asked of it is judged in other runs, by the simulators.
 */
import { createSecureContext, TLSSocket } from 'node:tls'
import { createServer as createTokenServer } from 'node:https'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { makeAuthority } from '../lib/sim/certificates'

export type LightOrder =
  | { readonly do: 'count' }
  /** From now on the moment of every request is kept; what was kept before is told. */
  | { readonly do: 'watch' }
  /** From now on everything is answered 503, or no longer. */
  | { readonly do: 'refuse'; readonly isDown: boolean }

export type LightTold =
  | { readonly is: 'listening'; readonly url: string; readonly ca: string; readonly tokenUri: string }
  /** `count`: what was taken. */
  | { readonly is: 'count'; readonly count: number; readonly refused: number; readonly connections: number }
  /** Moments in ms since 1970, in the order in which the requests came. */
  | { readonly is: 'watched'; readonly moments: readonly number[] }
  | { readonly is: 'turned' }

/** What each kind of push service says of what it took. */
const answers = {
  apns: { status: 200, headers: [['apns-id', '3f2504e0-4f89-41d3-9a0c-0305e82c3301']], body: '' },
  fcm: { status: 200, headers: [['content-type', 'application/json']], body: '{"name":"projects/p/messages/1"}' },
  webpush: { status: 201, headers: [['location', 'https://push.example/m/1']], body: '' },
} as const satisfies Record<string, { status: number; headers: readonly (readonly [string, string])[]; body: string }>
export type LightKind = keyof typeof answers

/** To whoever started it; by hand that is a person. */
function tell(told: LightTold): void {
  if (process.send === undefined) process.stdout.write(`${JSON.stringify(told)}\n`)
  else process.send(told)
}

/** RFC 9113 §4.1. */
export function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

const text = (value: string): Buffer => Buffer.concat([Buffer.of(value.length), Buffer.from(value, 'latin1')])

/** What is sent, and where in it the stream's number is to be written. */
interface Answer {
  readonly bytes: Buffer
  readonly streams: readonly number[]
}

const down = { status: 503, headers: [], body: '' } as const

function answerOf({ status, headers, body }: (typeof answers)[LightKind] | typeof down): Answer {
  const fields = headers.map(([name, value]) => Buffer.concat([Buffer.of(0), text(name), text(value)]))
  const line = status === 200 ? Buffer.of(0x88) : Buffer.concat([Buffer.of(0x08), text(String(status))])
  const head = frame(1, body === '' ? 5 : 4, 0, Buffer.concat([line, ...fields]))
  if (body === '') return { bytes: head, streams: [5] }
  return { bytes: Buffer.concat([head, frame(0, 1, 0, Buffer.from(body))]), streams: [5, head.length + 5] }
}

const SETTINGS = frame(4, 0, 0, Buffer.from([0, 3, 0, 0, 0x03, 0xe8, 0, 4, 0x7f, 0xff, 0xff, 0xff]))
const WIDE_OPEN = frame(8, 0, 0, Buffer.from([0x7f, 0xff, 0x00, 0x00]))
const PREFACE = 24

let count = 0
let refused = 0
let connections = 0
let isDown = false
let moments: number[] | undefined

function serve(socket: Socket, good: Answer, bad: Answer): void {
  let rest: Buffer = Buffer.alloc(0)
  let skipped = 0
  let taken = 0
  connections++
  socket.setNoDelay(true)
  socket.on('error', () => undefined)
  socket.write(Buffer.concat([SETTINGS, WIDE_OPEN]))
  socket.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    if (skipped === 0) {
      if (rest.length < PREFACE) return
      at = skipped = PREFACE
    }
    const out: Buffer[] = []
    while (rest.length - at >= 9) {
      const length = rest.readUIntBE(at, 3)
      if (rest.length - at < 9 + length) break
      const [type, flags, stream] = [rest[at + 3] ?? 0, rest[at + 4] ?? 0, rest.readUInt32BE(at + 5)]
      if (type === 4 && (flags & 1) === 0) out.push(frame(4, 1, 0, Buffer.alloc(0)))
      if (type === 6 && (flags & 1) === 0) out.push(frame(6, 1, 0, rest.subarray(at + 9, at + 9 + length)))
      if (type === 0) taken += length
      if (type <= 1 && (flags & 1) === 1) {
        if (isDown) refused++
        else count++
        moments?.push(performance.timeOrigin + performance.now())
        const { bytes, streams } = isDown ? bad : good
        const answer = Buffer.from(bytes)
        for (const place of streams) answer.writeUInt32BE(stream, place)
        out.push(answer)
      }
      at += 9 + length
    }
    rest = rest.subarray(at)
    if (taken > 1_000_000) {
      const more = Buffer.alloc(4)
      more.writeUInt32BE(taken)
      out.push(frame(8, 0, 0, more))
      taken = 0
    }
    if (out.length > 0) socket.write(Buffer.concat(out))
  })
}

const port = (server: Server): number => (server.address() as AddressInfo).port

/** Words: the kind; then, where it is to stand in for a host of that name at its own port, an address and the name. */
if (require.main === module) {
  const [kind, address = '127.0.0.1', name = 'localhost'] = process.argv.slice(2)
  const authority = makeAuthority()
  const { certPem: cert, keyPem: key } = authority.issueServer({ names: [name, '127.0.0.1'] })
  const secureContext = createSecureContext({ cert, key })
  const [good, bad] = [answerOf(answers[kind as LightKind]), answerOf(down)]
  const server = createServer((plain) => {
    const socket = new TLSSocket(plain, { isServer: true, secureContext, ALPNProtocols: ['h2'] })
    plain.on('error', () => undefined)
    serve(socket, good, bad)
  })
  const grants = createTokenServer({ cert, key }, (asked, answer) => {
    asked.resume()
    answer.setHeader('content-type', 'application/json')
    answer.end(JSON.stringify({ access_token: 'ya29.bench', expires_in: 3599, token_type: 'Bearer' }))
  })
  process.on('disconnect', () => process.exit())
  process.on('SIGINT', () => {
    tell({ is: 'count', count, refused, connections })
    process.exit()
  })
  process.on('message', (order: LightOrder) => {
    if (order.do === 'count') tell({ is: 'count', count, refused, connections })
    else if (order.do === 'watch') {
      tell({ is: 'watched', moments: moments ?? [] })
      moments = []
    } else {
      ;({ isDown } = order)
      tell({ is: 'turned' })
    }
  })
  server.listen(name === 'localhost' ? 0 : 443, address, () => {
    grants.listen(0, '127.0.0.1', () => {
      const tokenUri = `https://127.0.0.1:${port(grants)}/token`
      tell({ is: 'listening', url: `https://${name}:${port(server)}`, ca: authority.caPem, tokenUri })
    })
  })
}

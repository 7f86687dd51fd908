/**
 * CPU time of one small POST over HTTP/2: our own sessions beside those of `node:http2`, through the same pool, against `nghttpd`, which is
 * no program of ours and leaves a core to the client. Each in a process of its own. `npm run bench:wire -- [count] [under way]`
 */
import { fork, spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../lib/clock'
import { makeAuthority } from '../lib/sim/certificates'
import type * as Wire from '../lib/wire/http2'
import { type Http2, type WireRequest } from '../lib/wire/wire'

interface Order {
  readonly http2: Http2
  readonly url: string
  readonly ca: string
  readonly count: number
  readonly underway: number
}

interface Told {
  readonly micros: number
  readonly perSecond: number
  readonly wrong: number
}

/** The length of a provider token. */
const JWT = randomBytes(120).toString('base64url')
const EXPIRATION = '1767225600'
const BODY = JSON.stringify({
  aps: { alert: { 'loc-key': 'New message!' }, sound: 'default', 'mutable-content': 1 },
  account: 'user1234@example.com',
  'unread-messages': 1,
})
const TOKEN = 'ab'.repeat(32)
const SENSITIVE = [':path', 'authorization', 'apns-id', 'apns-expiration', 'apns-collapse-id']

/** What lib/providers/apns-request.ts makes of a push. */
const push = (): WireRequest => ({
  method: 'POST',
  path: `/3/device/${TOKEN}`,
  headers: {
    'apns-topic': 'org.example.bench',
    'apns-push-type': 'alert',
    'apns-priority': '10',
    'apns-expiration': EXPIRATION,
    'apns-id': randomUUID(),
    authorization: `bearer ${JWT}`,
  },
  sensitive: SENSITIVE,
  body: BODY,
})

async function measure({ http2, url, ca, count, underway }: Order): Promise<Told> {
  // As it is built, not as tsx would run it: names that cross files cost more there.
  const { makeHttp2Origin } = (await import(join(__dirname, '../dist/wire/http2.js'))) as typeof Wire
  const origin = makeHttp2Origin(
    {
      url,
      ca: Buffer.from(ca),
      requestTimeout: 10_000,
      connectTimeout: 10_000,
      pingAfter: 15_000,
      maxBody: 4096,
      initialStreams: 0,
      maxStreams: 1500,
      http2,
      notice: (text) => void process.stderr.write(`${text}\n`),
    },
    systemClock,
  )
  let wrong = 0
  const round = async (most: number): Promise<void> => {
    let sent = 0
    await Promise.all(
      Array.from({ length: underway }, async () => {
        while (sent++ < most) {
          const reply = await origin.request(push())
          if (reply.is === 'failure' || reply.status !== 200) wrong++
        }
      }),
    )
  }
  await round(Math.min(count, 20_000))
  const begun = performance.now()
  const before = process.cpuUsage()
  await round(count)
  const used = process.cpuUsage(before)
  const seconds = (performance.now() - begun) / 1000
  await origin.close(1000)
  return { micros: (used.user + used.system) / count, perSecond: count / seconds, wrong }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

async function main(): Promise<void> {
  const [count = 100_000, underway = 200] = process.argv.slice(2).map(Number)
  const folder = mkdtempSync(join(tmpdir(), 'xmpp-push-wire-'))
  const authority = makeAuthority()
  const { certPem, keyPem } = authority.issueServer()
  writeFileSync(join(folder, 'cert.pem'), certPem)
  writeFileSync(join(folder, 'key.pem'), keyPem, { mode: 0o600 })
  // It answers 200, with an empty body, where there is a file.
  mkdirSync(join(folder, '3', 'device'), { recursive: true })
  writeFileSync(join(folder, '3', 'device', TOKEN), '')
  const port = await freePort()
  const words = ['-a', '127.0.0.1', '-d', folder, '-m', '1000', '--max-concurrent-streams=1000']
  const server = spawn('nghttpd', [...words, String(port), join(folder, 'key.pem'), join(folder, 'cert.pem')], {
    stdio: 'ignore',
  })
  server.on('error', (error) => {
    throw new Error(`nghttpd can't be run (${error.message}); Debian has it in nghttp2-server`)
  })
  await new Promise((done) => setTimeout(done, 500))
  const print = (name: string, value: string): void => void process.stdout.write(`${name.padEnd(44)}${value}\n`)
  print('machine', `${cpus().length} cores, ${cpus()[0]?.model ?? '?'}, Node ${process.version}`)
  print('requests', `${count}, ${underway} under way, bodies of ${BODY.length} bytes`)
  for (const http2 of ['own', 'node'] as const) {
    const child = fork(__filename, [], { execArgv: ['--require', 'tsx/cjs', ...process.execArgv.filter(isProfile)] })
    child.send({ http2, url: `https://localhost:${port}`, ca: authority.caPem, count, underway } satisfies Order)
    const [told] = (await once(child, 'message')) as [Told]
    child.disconnect()
    print(`${http2}: CPU per request`, `${told.micros.toFixed(1)} µs`)
    print(`${http2}: requests per second`, told.perSecond.toFixed(0))
    if (told.wrong > 0) print(`${http2}: not answered 200`, String(told.wrong))
  }
  server.kill()
  rmSync(folder, { recursive: true })
}

const isProfile = (word: string): boolean => word.startsWith('--cpu-prof')

if (process.send === undefined) void main()
else process.once('message', (order: Order) => void measure(order).then((told) => process.send?.(told)))

/**
 * The same work by gorush, where its toolchain is: one HTTP request a push, handed to APNs over HTTP/2 with a signed token. It is built from
 * the Go module proxy at its newest version that can be had there, and sees a push service under Apple's own name, for it knows no other: a
 * mount namespace of its own has another /etc/hosts. That takes Linux, root and a free port 443 on one loopback address.
 */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeProviderKey } from '../lib/sim/certificates'
import { part } from './house'
import { usageOf } from './usage'
import { type LightOrder, type LightTold } from './light-peer'

const MODULE = 'github.com/appleboy/gorush'
const VERSION = 'v1.15.0'
/** What it pins of these does not work when it is built by a Go of today. */
const NEWER = 'require github.com/json-iterator/go v1.1.12\nrequire github.com/modern-go/reflect2 v1.0.2\n'
const APPLE = 'api.push.apple.com'
/** An address of the loopback network that nobody else listens on. */
const ADDRESS = '127.0.0.77'

export type GorushTold =
  | { readonly is: 'measured'; readonly version: string; readonly micros: number; readonly rate: number }
  | { readonly is: 'left out'; readonly why: string }

function built(): string | { readonly why: string } {
  const folder = join(tmpdir(), `xmpp-push-bench-gorush-${VERSION}`)
  const program = join(folder, 'gorush')
  if (existsSync(program)) return program
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'go.mod'), `module bench\n\ngo 1.17\n\nrequire ${MODULE} ${VERSION}\n${NEWER}`)
  try {
    execFileSync('go', ['build', '-mod=mod', '-o', program, MODULE], { cwd: folder, stdio: 'pipe', timeout: 600_000 })
    return program
  } catch (error) {
    return { why: `gorush can't be built: ${String((error as Error).message).split('\n')[0]}` }
  }
}

/**
 * Its defaults, which it does not take by itself; what is needed to send to APNs differs, and its queue, which takes all: when that is full
 * (8,192 where nobody says more) it answers 500.
 */
const configOf = (port: number, key: string): string => `core:
  enabled: true
  address: "127.0.0.1"
  port: "${port}"
  mode: "release"
  max_notification: 100
  queue_num: 100000
api:
  push_uri: "/api/push"
  stat_go_uri: "/api/stat/go"
  stat_app_uri: "/api/stat/app"
  config_uri: "/api/config"
  sys_stat_uri: "/sys/stats"
  metric_uri: "/metrics"
  health_uri: "/healthz"
android:
  enabled: false
ios:
  enabled: true
  key_path: "${key}"
  key_type: "p8"
  key_id: "BENCHKEY01"
  team_id: "BENCHTEAM1"
  production: true
  max_concurrent_pushes: 100
queue:
  engine: "local"
log:
  format: "string"
  access_log: "stdout"
  access_level: "debug"
  error_log: "stderr"
  error_level: "error"
  hide_token: true
stat:
  engine: "memory"
`

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

/** As an application server asks it: one device each. */
function pusher(port: number): (number: number) => Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 200 })
  return (number) =>
    new Promise((resolve, reject) => {
      const token = (number % 20_000).toString(16).padStart(64, '0')
      const notification = {
        tokens: [token],
        platform: 1,
        message: 'New message!',
        topic: 'org.example.ios',
        priority: 'high',
      }
      const body = JSON.stringify({ notifications: [notification] })
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
      const asked = request({ port, path: '/api/push', method: 'POST', agent, headers }, (answer) => {
        answer.resume()
        answer.on('end', () =>
          answer.statusCode === 200 ? resolve() : reject(new Error(`gorush: ${answer.statusCode}`)),
        )
      })
      asked.on('error', reject)
      asked.end(body)
    })
}

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))

export async function measureGorush(folder: string, count: number): Promise<GorushTold> {
  if (process.getuid?.() !== 0) return { is: 'left out', why: 'it takes root to stand in for Apple under its own name' }
  const program = built()
  if (typeof program !== 'string') return { is: 'left out', why: program.why }
  const peer = part<LightOrder, LightTold>('light-peer.ts', 'apns', ADDRESS, APPLE)
  const { ca } = await peer.hear('listening')
  const port = await freePort()
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const hosts = file('hosts', `127.0.0.1 localhost\n${ADDRESS} ${APPLE}\n`)
  const config = file('gorush.yml', configOf(port, file('gorush.p8', makeProviderKey().privatePem)))
  const out = openSync(join(folder, 'gorush.log'), 'w')
  const child = spawn(
    'unshare',
    ['-m', 'sh', '-c', `mount --bind ${hosts} /etc/hosts && exec ${program} -c ${config}`],
    {
      stdio: ['ignore', out, out],
      env: { ...process.env, SSL_CERT_FILE: file('gorush-ca.pem', ca), http_proxy: '', https_proxy: '' },
    },
  )
  try {
    const push = pusher(port)
    const taken = async (): Promise<number> => (await peer.ask({ do: 'count' }, 'count')).count
    for (let tries = 0; ; tries++) {
      const isUp = await push(0).then(
        () => true,
        () => false,
      )
      if (isUp) break
      if (tries === 100) return { is: 'left out', why: `gorush does not answer; see ${folder}/gorush.log` }
      await sleep(100)
    }
    const all = async (many: number): Promise<void> => {
      const before = await taken()
      let sent = 0
      await Promise.all(
        Array.from({ length: 200 }, async () => {
          while (sent < many) await push(sent++)
        }),
      )
      for (let waited = 0; (await taken()) - before < many; waited++) {
        if (waited === 300)
          throw new Error(`gorush: ${many} pushed, ${(await taken()) - before} taken by the push service`)
        await sleep(100)
      }
    }
    await sleep(500)
    await all(3_000)
    const [before, begun] = [usageOf(child.pid ?? 0), performance.now()]
    await all(count)
    const micros = ((usageOf(child.pid ?? 0).cpu - before.cpu) * 1e6) / count
    return { is: 'measured', version: VERSION, micros, rate: count / ((performance.now() - begun) / 1000) }
  } finally {
    child.kill('SIGKILL')
    peer.end()
  }
}

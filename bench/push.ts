/**
 * CPU time per push, pushes per second and peak memory: XMPP publish in → durable → accepted by APNs → settled. The
 * service runs as it does in production, in a process of its own; load and simulator run in others. The floor is
 * measured in the same run. `npm run bench -- [count] [window]`
 */
import { fork, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FloorTold } from './floor'
import { type PeerTold } from './apns-peer'
import { type Told } from './xmpp-load'

const [count = 20_000, window = 200] = process.argv.slice(2).map(Number)
const DEVICES = 2_000
const APP = 'org.example.bench'
const source = { execArgv: ['--require', 'tsx/cjs'] }

const start = (file: string): ChildProcess => fork(join(__dirname, file), [], source)

function heard<T extends { readonly is: string }, K extends T['is']>(
  child: ChildProcess,
  is: K,
): Promise<Extract<T, { is: K }>> {
  return new Promise((resolve, reject) => {
    const listen = (told: T): void => {
      if (told.is !== is) return
      child.off('message', listen)
      resolve(told as Extract<T, { is: K }>)
    }
    child.on('message', listen)
    child.once('exit', (code) => reject(new Error(`a part of the benchmark ended with ${String(code)}`)))
  })
}

/** Seconds of CPU and peak kilobytes of a process, as Linux accounts them. */
function usage(pid: number): { readonly cpu: number; readonly peak: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return { cpu: (Number(fields[11]) + Number(fields[12])) / 100, peak: Number(peak ?? 0) }
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'xmpp-push-bench-'))
  const load = start('xmpp-load.ts')
  const peer = start('apns-peer.ts')
  const [{ port }, { url, ca, key, floorKey }] = await Promise.all([
    heard<Told, 'listening'>(load, 'listening'),
    heard<PeerTold, 'listening'>(peer, 'listening'),
  ])
  peer.send({ do: 'devices', count: DEVICES })
  const { tokens } = await heard<PeerTold, 'devices'>(peer, 'devices')

  writeFileSync(join(folder, 'key.p8'), key)
  writeFileSync(join(folder, 'ca.pem'), ca)
  const config = {
    component: { domain: 'push.example.com', service: `xmpp://127.0.0.1:${port}`, secret: 'bench' },
    store: { kind: 'sqlite', file: 'bench.db' },
    apps: {
      [APP]: {
        provider: 'apns',
        profile: 'siskin',
        topic: APP,
        key: { file: 'key.p8' },
        keyId: 'BENCHKEY01',
        teamId: 'BENCHTEAM1',
        endpoint: url,
        ca: { file: 'ca.pem' },
      },
    },
  }
  writeFileSync(join(folder, 'component.config.json'), JSON.stringify(config))
  const log = join(folder, 'service.log')
  const cli = join(__dirname, '..', 'dist', 'cli.js')
  const attached = heard<Told, 'attached'>(load, 'attached')
  const service = spawn(process.execPath, [cli, 'run', '--config', join(folder, 'component.config.json')], {
    stdio: ['ignore', openSync(log, 'w'), 'inherit'],
  })
  const pid = service.pid ?? 0
  await attached
  load.send({ do: 'register', app: APP, tokens })
  const { nodes } = await heard<Told, 'registered'>(load, 'registered')

  // Warm: connections, code, caches.
  load.send({ do: 'publish', count: 2_000, window })
  await heard<Told, 'published'>(load, 'published')
  await allArrived(peer, log)

  const before = usage(pid)
  const begun = performance.now()
  load.send({ do: 'publish', count, window })
  const { results, errors, p50, p99 } = await heard<Told, 'published'>(load, 'published')
  const { accepted, distinct, violations } = await allArrived(peer, log)
  const seconds = (performance.now() - begun) / 1000
  const after = usage(pid)
  service.kill('SIGTERM')
  await new Promise((done) => service.once('exit', done))

  const floor = start('floor.ts')
  floor.send({ url, ca, key: floorKey, tokens, count })
  const bare = await new Promise<FloorTold>((resolve) => floor.once('message', (told: FloorTold) => resolve(told)))
  load.disconnect()
  peer.disconnect()

  const micros = ((after.cpu - before.cpu) * 1e6) / count
  const print = (name: string, value: string): void => void process.stdout.write(`${name.padEnd(44)}${value}\n`)
  print('machine', `${cpus().length} cores, ${cpus()[0]?.model ?? '?'}, Node ${process.version}`)
  print('publishes', `${count}, at most ${window} unanswered, ${nodes} devices`)
  print('answered', `${results} result, ${errors} error; p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`)
  print('accepted by APNs since the start', `${accepted} (${distinct} different, ${violations} violations)`)
  print('CPU per push', `${micros.toFixed(0)} µs`)
  print('pushes per second, one process', (count / seconds).toFixed(0))
  print('peak memory', `${(after.peak / 1024).toFixed(0)} MB`)
  print('floor: bare node:http2 request', `${bare.http2.toFixed(0)} µs`)
  print('floor: bare parse of the stanza (ltx)', `${bare.xml.toFixed(0)} µs`)
  print('CPU per push ÷ floor', (micros / (bare.http2 + bare.xml)).toFixed(2))
  rmSync(folder, { recursive: true, force: true })
}

/** Waits until the log has a line for each settled delivery and no new one comes. */
async function allArrived(
  peer: ChildProcess,
  log: string,
): Promise<{ accepted: number; distinct: number; violations: number }> {
  let settled = -1
  for (;;) {
    await new Promise((done) => setTimeout(done, 500))
    const now = readFileSync(log, 'utf8').split('"at":"settled"').length
    if (now === settled) break
    settled = now
  }
  peer.send({ do: 'count' })
  const { accepted, distinct, violations } = await heard<PeerTold, 'count'>(peer, 'count')
  return { accepted, distinct, violations }
}

void main()

/** Real NATS servers for specs: one, or three as a cluster, on 127.0.0.1 and in folders of their own; ended with the spec. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../lib/sim/server-process'
import { programPath } from './available'

export interface NatsCluster {
  /** Addresses of all servers. */
  readonly servers: readonly string[]
  /** Where each keeps its data. */
  readonly folders: readonly string[]
  /** Of those that run. */
  pids(): readonly number[]
  /** Kills one: no word of goodbye. */
  kill(index: number): Promise<void>
  /** Starts it again on the same data and ports, unless it runs; resolves once it takes part. */
  start(index: number): Promise<void>
  stop(): Promise<void>
}

export interface NatsPlace {
  readonly size?: 1 | 3
  /** Further arguments of every server. */
  readonly args?: readonly string[]
}

/** A minute: a majority has to find itself. */
const MOST_TRIES = 600
/** A port that was free a moment ago may be somebody's by now. */
const MOST_STARTS = 3

interface Node {
  readonly client: number
  readonly route: number
  readonly monitor: number
  process: ChildProcess | undefined
  /** The end of what it logs. */
  told: string
}

class NotUp extends Error {}

const isOver = ({ process: its }: Node): boolean => its !== undefined && (its.exitCode ?? its.signalCode) !== null

export async function startNats(place: NatsPlace = {}): Promise<NatsCluster> {
  for (let starts = 1; ; starts++) {
    try {
      return await startOnce(place)
    } catch (error) {
      if (!(error instanceof NotUp) || starts === MOST_STARTS) throw error
    }
  }
}

/** Rejects with `NotUp`, and leaves nothing behind. */
async function startOnce({ size = 1, args = [] }: NatsPlace): Promise<NatsCluster> {
  const program = programPath('nats-server') ?? 'nats-server'
  const folder = mkdtempSync(join(tmpdir(), 'xmpp-push-nats-'))
  const nodes: Node[] = []
  for (let index = 0; index < size; index++) {
    const ports = { client: await freePort(), route: await freePort(), monitor: await freePort() }
    nodes.push({ ...ports, process: undefined, told: '' })
  }
  const leave = (): void => nodes.forEach((node) => void node.process?.kill('SIGKILL'))
  process.once('exit', leave)

  const nodeAt = (index: number): Node => {
    const node = nodes[index]
    if (node === undefined) throw new Error(`there is no server ${index}`)
    return node
  }
  const isHealthy = async ({ monitor }: Node, query = ''): Promise<boolean> => {
    try {
      const answer = await fetch(`http://127.0.0.1:${monitor}/healthz${query}`)
      return answer.ok
    } catch {
      return false
    }
  }
  const launch = (index: number): void => {
    const node = nodeAt(index)
    const data = join(folder, String(index))
    mkdirSync(data, { recursive: true })
    const routes = nodes.map(({ route }) => `nats://127.0.0.1:${route}`).join(',')
    const cluster =
      size === 1 ? [] : ['--cluster_name', 'spec', '--cluster', `nats://127.0.0.1:${node.route}`, '--routes', routes]
    const own = ['-a', '127.0.0.1', '-p', String(node.client), '-m', String(node.monitor)]
    const files = ['-js', '-sd', data, '-n', `node-${index}`]
    const child = spawn(program, [...own, ...files, ...cluster, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
    child.stderr.setEncoding('utf8').on('data', (piece: string) => (node.told = (node.told + piece).slice(-1_000)))
    node.process = child
  }
  const up = async (index: number, query = ''): Promise<void> => {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      if (nodes.some(isOver) && query === '') break
      // Of one that comes back, a connection of somebody else may have the port for a moment.
      if (isOver(nodeAt(index))) launch(index)
      if (await isHealthy(nodeAt(index), query)) return
      await new Promise((done) => setTimeout(done, 100))
    }
    throw new NotUp(`NATS server ${index} did not come up; servers told: ${nodes.map(({ told }) => told).join(' | ')}`)
  }
  const end = async (index: number, signal: NodeJS.Signals): Promise<void> => {
    const { process: ending } = nodeAt(index)
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return
    const gone = once(ending, 'exit')
    ending.kill(signal)
    await gone
  }

  const stop = async (): Promise<void> => {
    await Promise.all([...nodes.keys()].map((index) => end(index, 'SIGKILL')))
    process.off('exit', leave)
    rmSync(folder, { recursive: true, force: true })
  }

  nodes.forEach((_, index) => launch(index))
  try {
    for (const index of nodes.keys()) await up(index)
  } catch (error) {
    await stop()
    throw error
  }
  return Object.freeze({
    servers: nodes.map(({ client }) => `nats://127.0.0.1:${client}`),
    folders: nodes.map((_, index) => join(folder, String(index))),
    pids: () => nodes.map((node) => node.process?.pid).filter((pid) => pid !== undefined),
    kill: (index: number) => end(index, 'SIGKILL'),
    async start(index: number) {
      if (isOver(nodeAt(index))) launch(index)
      await up(index, '?js-enabled=true')
    },
    stop,
  })
}

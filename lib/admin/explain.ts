/** Everything that is known of one push, device or person, without content: what is registered, what was, and each decision. */
import { type Registration } from '../model/registration'
import { type Tombstone, type Trace } from '../model/trace'
import { type Records } from '../stores/store'
import { ownerOf, viewOf } from './devices'
import { type Live } from './live'
import { type Explanation } from './questions'

const MOST = 100

interface Found {
  readonly is: Explanation['is']
  readonly devices: readonly Registration[]
  readonly tombstones: readonly Tombstone[]
  readonly traces: readonly Trace[]
}

export interface ExplainOptions {
  readonly records: Records
  readonly live: Live | undefined
  /** How many pushes of each device are told. */
  readonly perDevice: number
}

async function aboutMany(
  options: ExplainOptions,
  is: Found['is'],
  by: { readonly node: string } | { readonly owner: string },
): Promise<Found> {
  const { records, perDevice } = options
  const devices = await records.devices({ ...by, limit: MOST })
  const tombstones = await records.tombstones({ ...by, limit: MOST })
  const ids = [...devices.map(({ id }) => id), ...tombstones.flatMap(({ registration }) => registration ?? [])]
  const traces = await records.traces({ registrations: [...new Set(ids)], perTarget: perDevice })
  return { is, devices, tombstones, traces }
}

async function find(options: ExplainOptions, about: string): Promise<Found> {
  const { records, perDevice } = options
  const owner = about.includes('@') ? ownerOf(about) : undefined
  if (owner !== undefined) {
    const found = await aboutMany(options, 'owner', { owner })
    if (found.devices.length + found.tombstones.length > 0) return found
  }
  const byNode = await aboutMany(options, 'node', { node: about })
  if (byNode.devices.length + byNode.tombstones.length > 0) return byNode
  const devices = await records.devices({ id: about, limit: 1 })
  // One that is gone by now has its pushes still.
  const its = await records.traces({ registrations: [about], perTarget: perDevice })
  if (devices.length + its.length > 0) return { is: 'registration', devices, tombstones: [], traces: its }
  const traces = await records.traces({ deliveries: [about] })
  const target = traces[0]?.target
  if (target === undefined) return { is: owner === undefined ? 'unknown' : 'owner', devices, tombstones: [], traces }
  return { is: 'delivery', devices: await records.devices({ id: target, limit: 1 }), tombstones: [], traces }
}

/** `about`: an owner, a node, a registration's or a delivery's id, whichever it turns out to be. */
export async function explain(options: ExplainOptions, about: string, now: number): Promise<Explanation> {
  const { is, devices, tombstones, traces } = await find(options, about)
  const refusals = options.live?.refusals(about) ?? []
  const apps = new Set([...devices, ...traces].map(({ app }) => app))
  const held = Object.fromEntries([...(options.live?.held() ?? [])].filter(([app]) => apps.has(app)))
  const what = is === 'unknown' && refusals.length > 0 ? 'node' : is
  return { about, is: what, devices: devices.map(viewOf), tombstones, traces, refusals, held, at: now }
}

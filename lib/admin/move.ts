/**
 * Moves what one store holds into another, over their contract alone: whatever kinds they are. Every step may be broken off and
 * made again. The first store keeps its registrations; what waits in it is counted there as abandoned once the second has it.
 */
import { createHash } from 'node:crypto'
import { type Clock } from '../clock'
import { makeChecksum } from '../model/digest'
import { isToMove } from '../model/kept'
import { type Registration } from '../model/registration'
import { type Records, type Registry, type Store } from '../stores/store'
import { pagesOf } from './pages'

export interface Moving {
  readonly from: Store
  readonly to: Store
  readonly clock: Clock
}

/** How the registrations of the first store stood in the second. */
export interface MovedRegistrations {
  readonly moved: number
  /** Just so, from an earlier call. */
  readonly there: number
  /** Of the same device, registered there later: it counts. */
  readonly newer: number
}

/** Whether what waits stands in one queue already, beside two stores. */
export async function areOneQueue({ from, to }: Moving): Promise<boolean> {
  const [one, other] = await Promise.all([from.queue?.(), to.queue?.()])
  return one !== undefined && one === other
}

/** Everything about a registration but when it was last seen, and its id. */
function digestOf(registration: Registration): string {
  const { id: _id, seenAt: _seenAt, secret, address, callAddress, hints, ...rest } = registration
  const opaque = [secret, address, callAddress].map((each) => each?.reveal() ?? null)
  const sorted = (entries: object): unknown => Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1))
  const spelt = JSON.stringify([sorted(rest), opaque, sorted(hints)])
  return createHash('sha256').update(spelt).digest('hex').slice(0, 32)
}

/** Where the second store's registrations of an account are looked for. */
export type Owned = Pick<Registry, 'ownedBy'>

/** The same device's, or the same node's, in the other store. */
async function counterpart(registry: Owned, its: Registration): Promise<Registration | undefined> {
  const { service, owner, dialect, app, device, node } = its
  const owned = await registry.ownedBy(service, owner)
  const same = owned.find((each) => each.dialect === dialect && each.app === app && each.device === device)
  return same ?? owned.find((each) => each.node === node)
}

const pages = (records: Pick<Records, 'devices'>): AsyncGenerator<readonly Registration[]> =>
  pagesOf<Registration, string>(
    (where) => records.devices(where),
    ({ id }) => id,
  )

async function moveOne({ to }: Moving, its: Registration, other: Registration | undefined): Promise<void> {
  // What is there keeps its id, node and secret, whoever proposes others: it makes way, for it is older.
  if (other !== undefined && other.id !== its.id) {
    const { service, owner, node } = other
    await to.registry.unregister({ service, owner, node })
  }
  const { seenAt, registeredAt, environment, ...rest } = its
  const registering = to.registry.register({ ...rest, at: registeredAt })
  // Handed in along with it, so that no sweep ever finds a device that nobody saw for long.
  const noting = to.registry.seen([its.id], seenAt)
  const [{ id }] = await Promise.all([registering, noting])
  if (environment !== undefined && its.address !== undefined) await to.registry.prove(id, environment, its.address)
}

/** `told`: called after each page with how many were looked at. */
export async function moveRegistrations(
  moving: Moving,
  told: (count: number) => void = () => undefined,
): Promise<MovedRegistrations> {
  const { from, to } = moving
  const count = { moved: 0, there: 0, newer: 0 }
  for await (const page of pages(from.records)) {
    const how = page.map(async (its) => {
      const other = await counterpart(to.registry, its)
      if (other !== undefined && digestOf(other) === digestOf(its)) return 'there' as const
      if (other !== undefined && other.registeredAt > its.registeredAt) return 'newer' as const
      await moveOne(moving, its, other)
      return 'moved' as const
    })
    for (const each of await Promise.all(how)) count[each]++
    told(count.moved + count.there + count.newer)
  }
  return count
}

export interface Compared {
  readonly from: { readonly registrations: number; readonly checksum: string }
  readonly to: { readonly registrations: number; readonly checksum: string }
  /** Left out of both: the device registered in the second store later. */
  readonly newer: number
}

/** Counts and checksums of the first store's registrations on both sides, from what is on disk. `told`: called after each page with how many were compared. */
export async function compareRegistrations(
  from: Pick<Records, 'devices'>,
  to: Owned,
  told: (count: number) => void = () => undefined,
): Promise<Compared> {
  const [mine, theirs] = [makeChecksum(), makeChecksum()]
  let [count, found, newer] = [0, 0, 0]
  for await (const page of pages(from)) {
    const others = await Promise.all(page.map((its) => counterpart(to, its)))
    page.forEach((its, at) => {
      const other = others[at]
      if (other !== undefined && other.registeredAt > its.registeredAt) return void newer++
      count++
      mine.add(digestOf(its))
      if (other === undefined) return
      found++
      theirs.add(digestOf(other))
    })
    told(count + newer)
  }
  return {
    from: { registrations: count, checksum: mine.text() },
    to: { registrations: found, checksum: theirs.text() },
    newer,
  }
}

/** Blown fuses, certificates that were handed in and signed tokens; returns how many. A fuse that was reset is so there, too. */
export async function moveKept({ from, to }: Moving): Promise<number> {
  let moved = 0
  for (const name of (await from.past.keptNames()).filter(isToMove)) {
    const [mine, theirs] = await Promise.all([from.keep.get(name), to.keep.get(name)])
    if (mine === undefined || (theirs !== undefined && theirs.at >= mine.at)) continue
    if (mine.value === (theirs?.value ?? '')) continue
    await to.keep.put(name, mine.value, mine.at)
    moved++
  }
  return moved
}

/** The dialect of what is registered only to be ended at once, so that its server is told of it. */
const ENDED = 'ended'
const MOST = 1_000_000

/** Nodes that ended and that servers are still to be told of; returns how many. */
export async function moveRemoteDisables({ from, to }: Moving): Promise<number> {
  const [mine, theirs] = await Promise.all([
    from.remoteDisables.due(Number.MAX_SAFE_INTEGER, MOST),
    to.remoteDisables.due(Number.MAX_SAFE_INTEGER, MOST),
  ])
  const known = new Set(theirs.map(({ registration }) => registration))
  let moved = 0
  for (const { registration: id, service, node, owner, at } of mine) {
    const [found = []] = await to.registry.find([{ service, node }])
    const its = found.find((each) => each.owner === owner)
    if (known.has(id) || (its !== undefined && its.dialect !== ENDED)) continue
    await to.registry.register({ id, service, node, owner, dialect: ENDED, device: node, app: ENDED, hints: {}, at })
    await to.registry.unregister({ service, owner, node, dialect: ENDED }, { remoteDisable: true })
    moved++
  }
  return moved
}

/**
 * Moves what one store remembers of what ended into another: tombstones, and addresses that are known to be dead. May be broken off
 * and made again; proven by count and checksum, from what is on disk. The first store keeps both.
 */
import { createHash } from 'node:crypto'
import { makeChecksum } from '../model/digest'
import { type DeadTarget, type Grave } from '../model/past'
import { type Tombstone } from '../model/trace'
import { type Store } from '../stores/store'
import { type Moving } from './move'
import { pagesOf } from './pages'

/** Either of the two, on one side. */
export interface Sum {
  readonly count: number
  readonly checksum: string
}

/** How things of the first store stand in the second, once they were moved. */
export interface MovedPast {
  readonly moved: number
  /** Just so, from an earlier call. */
  readonly there: number
  /** The second store knows something newer: the node lives there, ended there later, or the address died there later. Left out of both sums. */
  readonly newer: number
  readonly from: Sum
  readonly to: Sum
}

/** Tombstones of one node: it may have been of several owners. */
const MOST = 1_000

const hash = (...words: readonly (string | number)[]): string =>
  createHash('sha256').update(JSON.stringify(words)).digest('hex').slice(0, 32)

/** An older program did not note whose tombstone it is; no registration is called like this. */
function graveOf(its: Tombstone): Grave {
  const { service, node, owner, registration = hash(service, node, owner) } = its
  return { ...its, registration }
}

async function* gravesOf({ past }: Store): AsyncGenerator<readonly Grave[]> {
  const pages = pagesOf<Tombstone, Tombstone>(
    (where) => past.graves(where),
    (last) => last,
  )
  for await (const page of pages) yield page.map(graveOf)
}

const deadOf = ({ past }: Store): AsyncGenerator<readonly DeadTarget[]> =>
  pagesOf<DeadTarget, string>(
    (where) => past.deadTargets(where),
    ({ target }) => target,
  )

type Stands = 'there' | 'newer' | 'missing'

interface Kind<T> {
  readonly pages: () => AsyncGenerator<readonly T[]>
  readonly digest: (its: T) => string
  /** How each stands in the second store, in order. */
  readonly stand: (page: readonly T[]) => Promise<readonly Stands[]>
  readonly take: (page: readonly T[]) => Promise<void>
}

/** Told after each page how many were looked at, in both rounds. */
type Told = (count: number) => void

/** Moves all, then looks at all once more. */
async function moveAll<T>({ pages, digest, stand, take }: Kind<T>, told: Told): Promise<MovedPast> {
  const before = { there: 0, newer: 0, missing: 0 }
  let looked = 0
  for await (const page of pages()) {
    const stands = await stand(page)
    for (const each of stands) before[each]++
    const missing = page.filter((_, at) => stands[at] === 'missing')
    if (missing.length > 0) await take(missing)
    told((looked += page.length))
  }
  const [mine, theirs] = [makeChecksum(), makeChecksum()]
  let [count, found] = [0, 0]
  for await (const page of pages()) {
    const stands = await stand(page)
    page.forEach((its, at) => {
      if (stands[at] === 'newer') return
      count++
      mine.add(digest(its))
      if (stands[at] !== 'there') return
      found++
      theirs.add(digest(its))
    })
    told((looked += page.length))
  }
  const [from, to] = [
    { count, checksum: mine.text() },
    { count: found, checksum: theirs.text() },
  ]
  return { moved: before.missing, there: before.there, newer: before.newer, from, to }
}

const digestOf = ({ service, node, owner, registration, diedAt, why }: Grave): string =>
  hash(service, node, owner, registration, diedAt, why)

/** Tombstones: what tells why a node is gone, and keeps a later import from taking it for new. */
export function moveTombstones({ from, to }: Moving, told: Told = () => undefined): Promise<MovedPast> {
  async function standOf(grave: Grave): Promise<Stands> {
    const { service, node, owner } = grave
    const graves = await to.records.tombstones({ node, limit: MOST })
    const other = graves.find((each) => each.service === service && each.owner === owner)
    if (other !== undefined) {
      if (digestOf(graveOf(other)) === digestOf(grave)) return 'there'
      const isNewer = other.registration !== grave.registration && other.diedAt > grave.diedAt
      return isNewer ? 'newer' : 'missing'
    }
    const [found = []] = await to.registry.find([{ service, node }])
    return found.some((each) => each.owner === owner) ? 'newer' : 'missing'
  }
  return moveAll(
    {
      pages: () => gravesOf(from),
      digest: digestOf,
      stand: (page) => Promise.all(page.map(standOf)),
      take: (page) => to.past.bury(page),
    },
    told,
  )
}

/** How many dead addresses stay behind; only those under one content key can be moved, for no more than a hash of them is known. */
export interface DeadLeft {
  readonly left: number
}

/** Addresses that callers brought along and that are dead, so that nobody pushes to them again to learn that. */
export async function moveDeadAddresses(
  { from, to }: Moving,
  told: Told = () => undefined,
): Promise<MovedPast | DeadLeft> {
  const [mine, theirs] = await Promise.all([from.past.addressKey(), to.past.addressKey()])
  if (mine !== theirs) {
    let left = 0
    for await (const page of deadOf(from)) left += page.length
    return { left }
  }
  const digest = ({ target, at, why }: DeadTarget): string => hash(target, at, why)
  return moveAll(
    {
      pages: () => deadOf(from),
      digest,
      async stand(page) {
        const found = await to.past.deadTargets({ targets: page.map(({ target }) => target) })
        const known = new Map(found.map((each) => [each.target, each]))
        return page.map((its) => {
          const other = known.get(its.target)
          if (other === undefined) return 'missing'
          if (digest(other) === digest(its)) return 'there'
          return other.at >= its.at ? 'newer' : 'missing'
        })
      },
      take: (page) => to.past.keepDead(page),
    },
    told,
  )
}

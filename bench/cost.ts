/**
 * One measured stretch: publishes go through the service, from the XMPP server to the push service, and every answer, request and term of the
 * accounting is held against the others afterwards. A figure of a run that does not come out is no figure.
 */
import { ends, type Account } from '../lib/model/accounting'
import { type BenchHouse, type Service } from './house'

export interface Stretch {
  readonly count: number
  /** Publishes unanswered at most. */
  readonly window: number
  readonly perSecond?: number
}

export interface Cost {
  /** Microseconds of CPU per push: user and system, all threads of the service. */
  readonly micros: number
  /** Publishes answered per second. */
  readonly answered: number
  /** Pushes taken by the push service per second, until the last is settled. */
  readonly rate: number
  /** Milliseconds from publish to answer. */
  readonly p50: number
  readonly p99: number
  /** When the slowest hundredth was sent and answered, in milliseconds since 1970. */
  readonly slowest: readonly (readonly [sent: number, answered: number])[]
  /** Part of the time that the service's threads, added up, were ready to run and had no core. */
  readonly waited: number
  /** Mebibytes, and of the whole life so far. */
  readonly resident: number
  readonly peak: number
}

/** Rejects if an answer, a request or a term is missing or too much. */
export async function measure(house: BenchHouse, service: Service, stretch: Stretch): Promise<Cost> {
  const { load, peer } = house
  const taken = async (): Promise<number> => (await peer.ask({ do: 'count' }, 'count')).count
  const booked = await house.settled()
  const [before, takenBefore] = [service.usage(), await taken()]
  const begun = performance.now()
  const { results, errors, p50, p99, slowest } = await load.ask({ do: 'publish', ...stretch }, 'published')
  const answeredIn = performance.now() - begun
  await settledByLog(service)
  const tookAll = performance.now() - begun - QUIET
  const after = service.usage()
  const books = await house.settled(booked.accepted + stretch.count)
  const arrived = (await taken()) - takenBefore
  expectAll(stretch.count, { results, errors, arrived, more: difference(books, booked) })
  return {
    micros: ((after.cpu - before.cpu) * 1e6) / stretch.count,
    answered: stretch.count / (answeredIn / 1000),
    rate: stretch.count / (tookAll / 1000),
    waited: ((after.waited - before.waited) * 1000) / tookAll,
    ...{ p50, p99, slowest, resident: after.resident, peak: after.peak },
  }
}

const QUIET = 400

/** Waits until the log, which has a line for each settled delivery, has not grown for a while: that asks nothing of the service. */
async function settledByLog(service: Service): Promise<void> {
  for (let before = -1; before !== service.logged();) {
    before = service.logged()
    await new Promise((done) => setTimeout(done, QUIET))
  }
}

function difference(after: Account, before: Account): Account {
  const of = (term: keyof Account): number => after[term] - before[term]
  return Object.fromEntries((Object.keys(after) as (keyof Account)[]).map((term) => [term, of(term)])) as Account
}

interface Seen {
  readonly results: number
  readonly errors: number
  readonly arrived: number
  readonly more: Account
}

function expectAll(count: number, { results, errors, arrived, more }: Seen): void {
  const others = ends.filter((end) => end !== 'delivered').reduce((sum, end) => sum + more[end], 0)
  const isWhole =
    results === count &&
    errors === 0 &&
    arrived === count &&
    more.accepted === count &&
    more.delivered === count &&
    others === 0 &&
    more.resent === 0
  if (isWhole) return
  const books = `accepted ${more.accepted}, delivered ${more.delivered}, other ends ${others}, resent ${more.resent}`
  throw new Error(
    `${count} published: ${results} results, ${errors} errors, ${arrived} taken by the push service; ${books}`,
  )
}

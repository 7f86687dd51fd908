/**
 * That a registration is still published to is noted once a day, so that what nobody publishes to any more can be told and swept; the day of
 * its registration counts, but for those that speak for their domain. Under load many are noted together, in the order of their ids, in which a
 * store may find them: even so, of very many each costs a page of its own. Knows no store.
 *
 * idle → (the first is noted at once, along with its put) → gathering for 5 s → the gathered ones, 500 at a time → gathering again, or idle
 * where nothing came. A stop notes what is gathered; what a process that is killed had gathered is noted with the next publish.
 */
import { type Clock } from '../clock'
import { type Registration } from '../model/registration'
import { type Registry } from '../stores/store'

/** How often, in milliseconds, it is noted that a registration is still published to. */
const SEEN_EVERY = 24 * 3600_000
const GATHERED_FOR = 5_000
/** In one question to the store: it is answered within a transaction, and others wait. */
const TOGETHER = 500
/** Gathered at most; one more is noted another time. */
const MOST = 100_000
/** How often, in milliseconds, one that registered today speaks for its domain: that its server publishes at all is to be known sooner. */
const SPOKEN_FOR = 3600_000
const MOST_DOMAINS = 10_000
/** Ids are random, and by id these come together: a sixteenth, in which whoever reads a part of a large domain finds some. */
const SAMPLE = '0'

export interface Noting {
  /** Takes a registration that is being published to; `now`: milliseconds since 1970. Never throws. */
  note(its: Registration, now: number): void
  /** Notes what was gathered, for so many milliseconds at most; what comes from now on is not taken. Never rejects. */
  close(graceMs: number): Promise<void>
}

export function makeNoting(registry: Pick<Registry, 'now' | 'seen'>, clock: Clock): Noting {
  let gathered = new Set<string>()
  /** Those that the store is being told of: until it has, they look as if they had to be noted. */
  let leaving: ReadonlySet<string> = new Set()
  let telling = Promise.resolve()
  let isGathering = false
  let cancelGathering = (): void => undefined
  let is: 'open' | 'closing' | 'closed' = 'open'
  /** When one that had registered that day spoke for its domain. */
  const spoken = new Map<string, number>()

  /** Of one that was not published to since it registered, today. */
  function speaks({ id, owner }: Registration, now: number): boolean {
    if (id.startsWith(SAMPLE)) return true
    const domain = owner.slice(owner.lastIndexOf('@') + 1)
    const before = spoken.get(domain)
    if (before !== undefined && now - before < SPOKEN_FOR && now >= before) return false
    if (spoken.size >= MOST_DOMAINS) spoken.clear()
    spoken.set(domain, now)
    return true
  }

  function isDue(its: Registration, now: number): boolean {
    const { seenAt, registeredAt } = its
    if (now - Math.max(seenAt, registeredAt) >= SEEN_EVERY) return true
    // By the first publish a domain that never publishes is told from one that seldom does.
    return seenAt <= registeredAt && speaks(its, now)
  }

  async function tell(): Promise<void> {
    leaving = gathered
    gathered = new Set()
    const ids = [...leaving].sort()
    const now = registry.now()
    for (let from = 0; from < ids.length && is !== 'closed'; from += TOGETHER) {
      // Where it can't be noted, the next publish has it noted.
      await registry.seen(ids.slice(from, from + TOGETHER), now).catch(() => undefined)
    }
    leaving = new Set()
  }

  function gather(): void {
    isGathering = is === 'open'
    if (!isGathering) return
    cancelGathering = clock.after(GATHERED_FOR, () => {
      if (gathered.size > 0) telling = tell().then(gather)
      else isGathering = false
    })
  }

  return Object.freeze({
    note(its: Registration, now: number) {
      const { id } = its
      if (is !== 'open' || gathered.has(id) || leaving.has(id) || gathered.size >= MOST || !isDue(its, now)) return
      gathered.add(id)
      if (isGathering) return
      telling = tell()
      gather()
    },
    async close(graceMs: number) {
      is = 'closing'
      cancelGathering()
      const told = new AbortController()
      const all = telling.then(tell).then(() => told.abort())
      await Promise.race([all, clock.sleep(graceMs, told.signal)])
      is = 'closed'
    },
  })
}

/**
 * The fuse of each app: so many tokens may be forgotten per hour and no more. Once it has blown nothing is forgotten until
 * an operator resets it, across restarts too. One account counts for a few tokens at most: a fault of ours meets everybody,
 * while somebody who registers made-up tokens meets himself.
 */
import { type Clock } from '../clock'
import { fuseName } from '../model/kept'
import { type Observe } from '../observe'
import { type Keep, type Registry } from '../stores/store'

/** When a fuse blows. */
export interface FuseLimits {
  /** More than so many tokens forgotten in an hour. */
  readonly tokens: number
  /** More than this share of the app's registrations in an hour, once `atLeast` were forgotten. */
  readonly share: number
  readonly atLeast: number
}

export const usualFuse: FuseLimits = { tokens: 1_000, share: 0.1, atLeast: 20 }

export interface Fuse {
  /** Whether one more token of the app may be forgotten now; counts it if so. `owner`: whose it is, where that is known. */
  allows(app: string, owner?: string): Promise<boolean>
  /** What was allowed and counted turned out to be forgotten already, or registered again: it does not count. */
  spare(app: string, owner?: string): void
  /** The fuses that have blown: why, by app. */
  blown(): ReadonlyMap<string, string>
  reset(app: string): Promise<void>
}

export interface FuseOptions {
  readonly keep: Pick<Keep, 'get' | 'put'>
  readonly registry: Pick<Registry, 'count'>
  readonly limits: (app: string) => FuseLimits
  readonly clock: Clock
  readonly observe: Observe
}

const HOUR = 3600_000
/** So many tokens of one account count in an hour: more devices than people carry. */
const MOST_PER_OWNER = 5

interface Spent {
  readonly since: number
  forgotten: number
  readonly registrations: number
  /** Forgotten tokens by owner, those that did not count included. */
  readonly byOwner: Map<string, number>
}

/** Reads which fuses had blown before. */
export async function makeFuse(options: FuseOptions, apps: Iterable<string>): Promise<Fuse> {
  const { keep, registry, clock, observe } = options
  const blown = new Map<string, string>()
  const spent = new Map<string, Spent>()
  for (const app of apps) {
    const why = (await keep.get(fuseName(app)))?.value
    if (why !== undefined && why !== '') blown.set(app, why)
  }

  /** By app: how often it was blown or reset here; what was read of it before says nothing any more. */
  const changes = new Map<string, number>()
  const changed = (app: string): void => void changes.set(app, (changes.get(app) ?? 0) + 1)

  /** Another instance may have blown or reset it meanwhile. */
  async function look(app: string): Promise<void> {
    const before = changes.get(app)
    const why = await keep.get(fuseName(app)).then(
      (kept) => kept?.value ?? '',
      // A store that is away says nothing; the token can't be forgotten then either.
      () => undefined,
    )
    if (why === undefined || changes.get(app) !== before) return
    if (why !== '') blown.set(app, why)
    else if (blown.delete(app)) spent.delete(app)
  }

  async function spentOf(app: string): Promise<Spent> {
    const current = (): Spent | undefined => {
      const known = spent.get(app)
      return known !== undefined && clock.elapsed() - known.since < HOUR ? known : undefined
    }
    const known = current()
    if (known !== undefined) return known
    const registrations = (await registry.count()).get(app) ?? 0
    // Many ask at once when a push service calls everything dead: the first to come back counts for all.
    const counted = current()
    if (counted !== undefined) return counted
    const fresh = { since: clock.elapsed(), forgotten: 0, registrations, byOwner: new Map<string, number>() }
    spent.set(app, fresh)
    return fresh
  }

  async function blow(app: string, why: string): Promise<void> {
    blown.set(app, why)
    changed(app)
    observe({
      at: 'trouble',
      about: `app ${app}`,
      text:
        `its fuse has blown: ${why}. No token of it is forgotten until \`xmpp-push fuse reset ${app}\`. ` +
        `See first whether its credential, topic or project is another than the app's`,
    })
    await keep.put(fuseName(app), why, clock.now())
    changed(app)
  }

  return Object.freeze({
    async allows(app: string, owner?: string) {
      await look(app)
      if (blown.has(app)) return false
      const count = await spentOf(app)
      if (owner !== undefined) {
        const its = count.byOwner.get(owner) ?? 0
        count.byOwner.set(owner, its + 1)
        if (its >= MOST_PER_OWNER) return !blown.has(app)
      }
      const { tokens, share, atLeast } = options.limits(app)
      const next = count.forgotten + 1
      if (next > tokens) await blow(app, `more than ${tokens} tokens would have been forgotten within an hour`)
      else if (next > atLeast && next > share * count.registrations) {
        const percent = Math.round(share * 100)
        await blow(
          app,
          `more than ${percent} % of its ${count.registrations} tokens would have been forgotten within an hour`,
        )
      } else count.forgotten = next
      return !blown.has(app)
    },
    spare(app: string, owner?: string) {
      const count = spent.get(app)
      if (count === undefined || count.forgotten === 0) return
      const its = owner === undefined ? 0 : (count.byOwner.get(owner) ?? 0)
      if (owner !== undefined && its > 0) count.byOwner.set(owner, its - 1)
      if (its <= MOST_PER_OWNER) count.forgotten -= 1
    },
    blown: () => new Map(blown),
    async reset(app: string) {
      blown.delete(app)
      spent.delete(app)
      changed(app)
      await keep.put(fuseName(app), '', clock.now())
      changed(app)
    },
  })
}

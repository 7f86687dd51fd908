/** The service at a glance, once for all who look: what is attached, how each app stands, what passes, what waits, what failed. Pure; whoever asks reads the parts. */
import { ends, type Account } from '../model/accounting'
import { type LinkView, type Noticed } from './questions'
import { appInWords, failureInWords, type Colour, type Said } from './plain-words'
import { type AppStanding } from './readiness'
import { type Failure, type Second, type Times } from './recent'

export interface GlanceParts {
  readonly version: string
  /** Milliseconds. */
  readonly uptime: number
  /** Why nothing is accepted at the moment. */
  readonly closed?: string
  /** Why nothing can be written. */
  readonly store?: string
  /** What this process does: `ingest`, `dispatch`, or both. */
  readonly roles: readonly string[]
  readonly links: readonly LinkView[]
  readonly apps: readonly AppStanding[]
  readonly noticed?: readonly Noticed[]
  /** Of the store; undefined where it does not answer. */
  readonly accounts?: ReadonlyMap<string, Account>
  readonly registrations?: ReadonlyMap<string, number>
  readonly oldest?: ReadonlyMap<string, number>
  readonly seconds: readonly Second[]
  readonly times: { readonly delivered?: Times; readonly answered?: Times }
  readonly failures: readonly Failure[]
  /** Milliseconds since 1970. */
  readonly now: number
}

export interface AppGlance {
  readonly app: string
  readonly colour: Colour
  readonly says: readonly Said[]
  readonly expiresAt?: number
  readonly registrations?: number
  readonly waiting: number
  readonly inFlight: number
  /** When the oldest that is not yet delivered was accepted. */
  readonly oldest?: number
  readonly accepted: number
  readonly delivered: number
}

/** Every time is ms since 1970, every span ms. */
export interface Glance {
  readonly service: {
    readonly version: string
    readonly startedAt: number
    readonly colour: Colour
    readonly says: readonly Said[]
    readonly roles: readonly string[]
    readonly links: readonly LinkView[]
  }
  readonly apps: readonly AppGlance[]
  readonly queue: { readonly waiting: number; readonly inFlight: number; readonly oldest?: number }
  readonly times: GlanceParts['times']
  /** The last one first. */
  readonly failures: readonly (Failure & { readonly says: Said })[]
  /** Whole seconds, oldest first. */
  readonly seconds: readonly Second[]
}

function missingOf(account: Account): number {
  return account.accepted - ends.reduce((sum, end) => sum + account[end], account.inFlight + account.waiting)
}

function appOf(standing: AppStanding, isConfigured: boolean, parts: GlanceParts): AppGlance {
  const { app, expiresAt } = standing
  const account = parts.accounts?.get(app)
  const registrations = parts.registrations === undefined ? undefined : (parts.registrations.get(app) ?? 0)
  const oldest = parts.oldest?.get(app)
  const missing = account === undefined ? 0 : missingOf(account)
  const facts = { ...standing, isConfigured, missing }
  const [waiting, inFlight] = [account?.waiting ?? 0, account?.inFlight ?? 0]
  return {
    ...{ app, ...appInWords(facts, parts.now), waiting, inFlight },
    ...{ accepted: account?.accepted ?? 0, delivered: account?.delivered ?? 0 },
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(registrations === undefined ? {} : { registrations }),
    ...(oldest === undefined || waiting + inFlight === 0 ? {} : { oldest }),
  }
}

function serviceSays({ closed, store, links, accounts }: GlanceParts): readonly Said[] {
  return [
    ...(closed === undefined ? [] : [{ text: `Nothing is accepted: ${closed}.` }]),
    ...(store === undefined
      ? []
      : [
          {
            text: `Nothing can be written, publishes are answered "wait": ${store}.`,
            cure: 'See that the disk has room and is in order; all goes on by itself then.',
          },
        ]),
    ...(store === undefined && accounts === undefined
      ? [{ text: 'The store does not answer; figures may be old.' }]
      : []),
    ...links
      .filter(({ isOnline, isStandby }) => !isOnline && isStandby !== true)
      .map(({ domain, service, why, mend }) => ({
        text: `${domain} is not attached to ${service}${why === undefined ? '' : `: ${why}`}.`,
        cure: `${mend === undefined ? '' : `${mend}. `}It is tried again by itself.`,
      })),
  ]
}

const worst = (colours: readonly Colour[]): Colour =>
  (['bad', 'look', 'unsure'] as const).find((each) => colours.includes(each)) ?? 'good'

export function tellGlance(parts: GlanceParts): Glance {
  const { version, uptime, roles, links, accounts, times, failures, seconds, now } = parts
  const configured = parts.apps.map(({ app }) => app)
  const strangers = [...(accounts?.keys() ?? [])].filter((app) => app !== '' && !configured.includes(app))
  const apps = [
    ...parts.apps.map((each) => appOf(each, true, parts)),
    ...strangers
      .map((app) => appOf({ app, isOpen: false }, false, parts))
      .filter(({ waiting, inFlight }) => waiting + inFlight > 0),
  ]
  const sum = (term: 'waiting' | 'inFlight'): number => apps.reduce((all, each) => all + each[term], 0)
  const oldest = apps.flatMap((each) => each.oldest ?? [])
  const broken = serviceSays(parts)
  const noticed = (parts.noticed ?? []).map(({ about, text, mend }) => ({
    text: `${about}: ${text}.`,
    cure: `${mend}.`,
  }))
  const says = [...broken, ...noticed]
  const milder = apps.map(({ colour }) => (colour === 'bad' ? 'look' : colour))
  const colour = broken.length > 0 ? 'bad' : worst(noticed.length > 0 ? [...milder, 'look'] : milder)
  return {
    service: {
      ...{ version, startedAt: Math.round((now - uptime) / 1000) * 1000, colour, says },
      ...{ roles, links },
    },
    apps,
    queue: {
      ...{ waiting: sum('waiting'), inFlight: sum('inFlight') },
      ...(oldest.length === 0 ? {} : { oldest: Math.min(...oldest) }),
    },
    times,
    failures: failures.map((each) => ({ ...each, says: failureInWords(each) })),
    seconds,
  }
}

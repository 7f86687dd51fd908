/** Whether the service may be given work, and which of its parts is red, with the reason. Pure. */
import { type LinkView, type Noticed } from './questions'

/** What is known of one app. */
export interface AppStanding {
  readonly app: string
  /** Its credentials could be used when it was opened. */
  readonly isOpen: boolean
  /** Why they could not. */
  readonly refused?: string
  /** Whether its push service took something with its credential within the hour; undefined where nobody can say. */
  readonly isProven?: boolean
  /** Why nothing is sent. */
  readonly held?: string
  /** What is to be done about that. */
  readonly mend?: string
  /** Why its credential is in doubt, although its pushes are tried. */
  readonly doubt?: string
  /** Why no token is forgotten. */
  readonly fuse?: string
  /** When its credential expires (ms since 1970). */
  readonly expiresAt?: number
}

export interface StandingParts {
  /** What this process does: `ingest`, `dispatch`, or both. */
  readonly roles: readonly string[]
  /** Why nothing is accepted at the moment: starting, stopping. */
  readonly closed?: string
  readonly links: readonly Omit<LinkView, 'service'>[]
  /** Why nothing can be written; undefined where it can. */
  readonly store?: string
  readonly apps: readonly AppStanding[]
  readonly noticed?: readonly Noticed[]
  /** Milliseconds since 1970. */
  readonly now: number
}

interface Part {
  readonly isReady: boolean
  /** Why it is not. */
  readonly why?: string
}

export interface AppReadiness extends Part {
  readonly app: string
  readonly isProven?: boolean
  /** ISO 8601. */
  readonly expiresAt?: string
  /** What an operator should know although it sends. */
  readonly warnings: readonly string[]
}

/** `degraded`: it takes and keeps everything, but what some app was given waits. */
export interface Readiness {
  readonly status: 'ready' | 'degraded' | 'not-ready'
  /** What this process does: `ingest`, `dispatch`, or both. */
  readonly roles: readonly string[]
  /** `isStandby`: another instance is attached, and this one is ready to take its place. */
  readonly components: readonly (Part & { readonly domain: string; readonly isStandby?: true })[]
  readonly store: Part
  readonly apps: readonly AppReadiness[]
  /** What the traffic itself says is wrong; it makes nothing red. */
  readonly noticed: readonly Noticed[]
  /** Why nothing is accepted at the moment. */
  readonly why?: string
}

const DAY = 24 * 3600_000
/** So long before a credential expires that is told. */
const SOON = 30 * DAY

const RENEW = 'put a new key or certificate in the place of the old file: it is read by itself'

function whyNot({ isOpen, refused, held, mend, doubt, expiresAt }: AppStanding, now: number): string | undefined {
  if (expiresAt !== undefined && expiresAt <= now) return `its credential expired ${dayOf(expiresAt)}; ${RENEW}`
  if (!isOpen) {
    return `its credentials could not be used${refused === undefined ? '; `xmpp-push check` tells why' : `: ${refused}`}`
  }
  if (held === undefined) return doubt
  return mend === undefined ? held : `${held.replace(/[.\s]+$/, '')}. ${mend}`
}

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10)

function tellApp(standing: AppStanding, now: number): AppReadiness {
  const { app, isProven, fuse, expiresAt } = standing
  const why = whyNot(standing, now)
  const left = expiresAt === undefined ? Infinity : expiresAt - now
  return {
    app,
    isReady: why === undefined,
    ...(why === undefined ? {} : { why }),
    ...(isProven === undefined ? {} : { isProven }),
    ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt).toISOString() }),
    warnings: [
      ...(fuse === undefined
        ? []
        : [`its fuse has blown: ${fuse}; see its credential, topic and project, then: xmpp-push fuse reset ${app}`]),
      ...(left > 0 && left < SOON ? [`its credential expires in ${Math.ceil(left / DAY)} days`] : []),
    ],
  }
}

/**
 * Ready: attached or standing by, able to write, every app sends. One that only takes in is ready whatever the apps are, one that only sends
 * has nothing to attach. An app whose push service is away makes it `degraded` only: its pushes are
 * kept, and whoever turned callers away for it would lose what could have been kept.
 */
export function tellReadiness({ roles, closed, links, store, apps, noticed = [], now }: StandingParts): Readiness {
  const told = apps.map((each) => tellApp(each, now))
  const components = links.map(({ domain, isOnline, isStandby, why, mend }) => {
    if (isOnline) return { domain, isReady: true }
    if (isStandby === true) return { domain, isReady: true, isStandby }
    const because = why === undefined ? '; the log tells why' : `: ${why}. ${mend ?? 'The log tells more'}`
    return { domain, isReady: false, why: `it is not attached to its XMPP server${because}` }
  })
  const isTaking = closed === undefined && store === undefined && components.every(({ isReady }) => isReady)
  const isSending = !roles.includes('dispatch') || told.some(({ isReady }) => isReady) || told.length === 0
  const isWhole = told.every(({ isReady, warnings }) => isReady && warnings.length === 0)
  return {
    status: isTaking && isSending ? (isWhole ? 'ready' : 'degraded') : 'not-ready',
    roles,
    components,
    store: store === undefined ? { isReady: true } : { isReady: false, why: store },
    ...{ apps: told, noticed },
    ...(closed === undefined ? {} : { why: closed }),
  }
}

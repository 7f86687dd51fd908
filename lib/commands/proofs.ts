/**
 * What `check --live` proves of links and credentials: by the service where one runs, for it holds the links and a server would throw one of
 * two out; by ourselves where none does.
 */
import { existsSync, statSync } from 'node:fs'
import { askService } from '../admin/asking'
import { makeProving } from '../admin/proving'
import { socketPath } from '../admin/office'
import { type Proven, type Reply } from '../admin/questions'
import { type Clock } from '../clock'
import { type Config } from '../config'
import { type App } from '../config/app'
import { standing } from './place'
import { type Terminal } from './terminal'

type Open = App['provider']['open']
type Provider = ReturnType<Open>
type Keep = Parameters<Open>[0]['keep']
type Store = Awaited<ReturnType<Config['store']['open']>>
type Finding = Proven['findings'][number]

/** What came of attaching to one XMPP server. `says`: what it answered about itself; with a mend, that it did not or what is odd about it. */
export type LinkProof =
  | { readonly is: 'online'; readonly says?: { readonly text: string; readonly mend?: string } }
  /** Another instance is attached. */
  | { readonly is: 'standby' }
  | { readonly is: 'refused'; readonly why: string; readonly mend: string }

/** Attaches each component once and detaches it again; what came of it, by domain. */
export type ProveLinks = (config: Config, clock: Clock) => Promise<ReadonlyMap<string, LinkProof>>

export interface Proofs {
  readonly links: ReadonlyMap<string, LinkProof>
  readonly apps: readonly Proven[]
  /** A service with this configuration runs, and was asked. */
  readonly isRunning: boolean
  /** Why the store can't be opened. */
  readonly refused?: string
  /** It was opened by ourselves, and let go of again. */
  readonly isStoreOpen?: true
}

const OFFLINE = {
  why: 'the service runs and is not attached',
  mend: 'Its log tells why, at each try; or stop it and check again',
}

/** Asking would sign a provider token that the service could not use, and Apple would not let it sign another one for 20 minutes. */
const UNASKED: Finding = {
  is: 'warning',
  text: 'not proven: APNs was not asked, for there is no store yet to keep what is signed for the question',
  mend: 'Start the service: it asks by itself, and the log, status and /ready tell what came of it; or check as the user it runs as',
}

function isOurs(folder: string): boolean {
  return process.getuid === undefined || statSync(folder).uid === process.getuid()
}

/** Nothing of it outlives the call. */
function keepNothing(): Keep {
  const values = new Map<string, { readonly value: string; readonly at: number }>()
  return {
    get: async (name) => values.get(name),
    put: async (name, value, at) => void values.set(name, { value, at }),
  }
}

/** By ourselves; an app that can't be opened is left out, for its faults were told. */
async function proveApps(config: Config, clock: Clock, store: Opened): Promise<readonly Proven[]> {
  const keep = 'store' in store ? store.store.keep : keepNothing()
  const opened: { readonly app: string; readonly fingerprint: string; readonly provider: Provider }[] = []
  for (const { name, provider, fingerprint } of config.apps.values()) {
    try {
      const open = provider.open({ app: name, clock, keep, notice: () => undefined })
      opened.push({ app: name, fingerprint, provider: open })
    } catch {
      // its faults stand above
    }
  }
  const isAsked = (app: string): boolean => !('absent' in store) || config.apps.get(app)?.provider.speaks !== 'apns'
  const unasked = opened.filter(({ app }) => !isAsked(app)).map(({ app }): Proven => ({ app, findings: [UNASKED] }))
  const apps = () =>
    opened
      .filter(({ app }) => isAsked(app))
      .map(({ app, fingerprint, provider: { prove } }) => ({
        ...{ app, fingerprint, isOpen: true },
        ...(prove === undefined ? {} : { prove }),
      }))
  try {
    return [...(await makeProving({ apps, keep, clock, observe: () => undefined }).now()), ...unasked]
  } finally {
    await Promise.all(opened.map(({ provider }) => provider.close()))
  }
}

type Opened =
  | { readonly store: Store }
  | { readonly refused: string }
  /** It is made at the service's first start, by the user that the service runs as. */
  | { readonly absent: true }

/**
 * What is signed for the question is kept in the store: Apple wants no key to sign twice within 20 minutes, and the service is to use what we
 * signed. One that is not there yet is made only where it will belong to whom its folder belongs to.
 */
async function openStore({ store }: Config, clock: Clock): Promise<Opened> {
  if (store.place !== undefined && !existsSync(store.place) && !isOurs(standing(store.place))) return { absent: true }
  try {
    return { store: await store.open({ clock, trouble: () => undefined }) }
  } catch (error) {
    return { refused: error instanceof Error ? error.message : String(error) }
  }
}

function storeProof(store: Opened): Pick<Proofs, 'refused' | 'isStoreOpen'> {
  if ('refused' in store) return { refused: store.refused }
  return 'store' in store ? { isStoreOpen: true } : {}
}

/** Never rejects. */
export async function proveAll(config: Config, proveLinks: ProveLinks, { clock }: Terminal): Promise<Proofs> {
  const asked = await askService(socketPath(config.file, config.store.place), { ask: 'prove' }, clock)
  const reply = asked.is === 'reply' ? (asked.reply as Reply<'prove'>) : undefined
  if (reply?.is === 'answer') {
    const links = new Map(
      reply.answer.links.map(({ domain, isOnline, isStandby, says, why, mend }): [string, LinkProof] => [
        domain,
        isOnline
          ? { is: 'online', ...(says === undefined ? {} : { says }) }
          : isStandby === true
            ? { is: 'standby' }
            : { is: 'refused', why: why ?? OFFLINE.why, mend: mend ?? OFFLINE.mend },
      ]),
    )
    return { links, apps: reply.answer.apps, isRunning: true }
  }
  const links = await proveLinks(config, clock)
  const store = await openStore(config, clock)
  try {
    const apps = await proveApps(config, clock, store)
    return { links, apps, isRunning: false, ...storeProof(store) }
  } finally {
    if ('store' in store) await store.store.close()
  }
}

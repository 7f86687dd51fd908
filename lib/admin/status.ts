/** How the service stands: links, apps with their accounting, what waits. */
import { closes, ends, type Account } from '../model/accounting'
import { type Records } from '../stores/store'
import { type Live } from './live'
import { readSilent, silentText } from './silent-domains'
import { type AppStatus, type HandedInView, type Status } from './questions'

function missingOf(account: Account): number {
  const found = ends.reduce((sum, end) => sum + account[end], account.inFlight + account.waiting)
  return closes(account) ? 0 : account.accepted - found
}

/** What is kept of apps besides their pushes, by app. */
export interface KeptOfApps {
  /** Why fuses have blown. */
  readonly fuses: ReadonlyMap<string, string>
  readonly handedIn: ReadonlyMap<string, HandedInView>
}

export interface StatusSources {
  readonly records: Records
  /** Absent where no service runs. */
  readonly live: Live | undefined
  readonly kept: KeptOfApps
}

/** `configured`: names of the apps of the configuration. */
export async function tellStatus(
  { records, live, kept }: StatusSources,
  configured: readonly string[],
  now: number,
): Promise<Status> {
  /** Nodes that their clients made belong to no app until a publish names one. */
  const isNamed = (app: string): boolean => app !== ''
  const [accounts, registrations] = await Promise.all([records.accounts(), records.count()])
  const oldest = await records.oldest()
  const noticed = live === undefined ? silentText(await readSilent(records, now)) : (live.noticed?.() ?? [])
  const [held, doubts] = [live?.held(), live?.doubts?.()]
  const apps = [...new Set([...configured, ...accounts.keys(), ...registrations.keys()])]
    .filter(isNamed)
    .map((app): AppStatus => {
      const account = accounts.get(app)
      const [why, doubt, fuse, first] = [held?.get(app), doubts?.get(app), kept.fuses.get(app), oldest.get(app)]
      const [handedIn, mend] = [kept.handedIn.get(app), live?.mend?.(app)]
      return {
        app,
        isConfigured: configured.includes(app),
        registrations: registrations.get(app) ?? 0,
        ...(account === undefined ? {} : { account }),
        missing: account === undefined ? 0 : missingOf(account),
        ...(why === undefined ? {} : { held: why }),
        ...(why === undefined || mend === undefined ? {} : { mend }),
        ...(doubt === undefined ? {} : { doubt }),
        ...(fuse === undefined ? {} : { fuse }),
        ...(handedIn === undefined ? {} : { handedIn }),
        ...(first === undefined ? {} : { oldest: first }),
      }
    })
  const sum = (term: 'waiting' | 'inFlight') => apps.reduce((all, { account }) => all + (account?.[term] ?? 0), 0)
  return {
    ...(live === undefined
      ? {}
      : {
          running: {
            version: live.version,
            uptime: live.uptime(),
            roles: live.roles,
            links: live.links(),
            interfaces: live.interfaces?.() ?? [],
          },
        }),
    apps,
    waiting: sum('waiting'),
    inFlight: sum('inFlight'),
    ...(oldest.size === 0 ? {} : { oldest: Math.min(...oldest.values()) }),
    ...(noticed.length === 0 ? {} : { noticed }),
    at: now,
  }
}

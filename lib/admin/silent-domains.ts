/**
 * Domains whose users registered devices and whose server never published for one of them: nothing fails, and no phone rings. Read from
 * the registrations, a bounded number at a time. Knows no app and no stanza.
 */
import { ANY_DOMAIN, isStandIn } from '../model/stand-in'
import { type Registration } from '../model/registration'
import { type Records } from '../stores/store'
import { type Noticed } from './questions'

/** What was read of one domain. */
export interface DomainSigns {
  readonly devices: number
  /** When the oldest device was registered (ms since 1970). */
  readonly since: number
  /** There was a sign of life after a registration: a publish. */
  readonly hasPublished: boolean
}

/** How far the walk through the registrations has come. */
export interface Walk {
  readonly signs: ReadonlyMap<string, DomainSigns>
  /** Where it goes on; undefined once all was read. */
  readonly after?: string
}

export interface Silent {
  readonly domain: string
  readonly devices: number
  readonly since: number
}

const PAGE = 500
/** Registrations that are read at a time at most. Their ids are random, so this many are a fair sample of all. */
const MOST_READ = 20_000
const DAY = 24 * 3600_000
/** One device alone may simply have had no mail for a while; several are heard of sooner. */
const QUIET = 3 * DAY
const SEVERAL = 3
const MOST_TOLD = 10

function domainOf({ owner }: Registration): string | undefined {
  const domain = owner.slice(owner.lastIndexOf('@') + 1)
  return isStandIn(owner) || domain === ANY_DOMAIN ? undefined : domain
}

/** Reads on from where the walk stands. Rejects only where the store is broken. */
export async function walkOn(records: Pick<Records, 'devices'>, from: Walk = { signs: new Map() }): Promise<Walk> {
  const signs = new Map(from.signs)
  let after = from.after
  for (let read = 0; read < MOST_READ; read += PAGE) {
    const page = await records.devices({ limit: PAGE, ...(after === undefined ? {} : { after }) })
    for (const each of page) {
      const domain = domainOf(each)
      if (domain === undefined) continue
      const { devices, since, hasPublished } = signs.get(domain) ?? { devices: 0, since: Infinity, hasPublished: false }
      signs.set(domain, {
        devices: devices + 1,
        since: Math.min(since, each.registeredAt),
        hasPublished: hasPublished || each.seenAt > each.registeredAt,
      })
    }
    after = page.at(-1)?.id
    if (page.length < PAGE || after === undefined) return { signs }
  }
  return { signs, ...(after === undefined ? {} : { after }) }
}

/** Those that ought to have published by now, the most devices first. */
export function silentAmong(signs: Walk['signs'], now: number): readonly Silent[] {
  return [...signs]
    .flatMap(([domain, { devices, since, hasPublished }]): Silent[] => {
      const isLong = now - since >= (devices >= SEVERAL ? DAY : QUIET)
      return hasPublished || !isLong ? [] : [{ domain, devices, since }]
    })
    .sort((one, other) => other.devices - one.devices)
    .slice(0, MOST_TOLD)
}

/** One reading, for where no service runs that reads on by itself. Rejects only where the store is broken. */
export async function readSilent(records: Pick<Records, 'devices'>, now: number): Promise<readonly Silent[]> {
  return silentAmong((await walkOn(records)).signs, now)
}

/** In words for the operator: cause and cure. */
export function silentText(silent: readonly Silent[]): readonly Noticed[] {
  return silent.map(({ domain, devices, since }) => ({
    about: domain,
    text: `${devices === 1 ? 'a device' : `${devices} devices`} of ${domain} registered, the first on ${new Date(since).toISOString().slice(0, 10)}, and its server has never published: its push module is not loaded, or it can't reach us`,
    mend: `Load the push module on the server of ${domain} (docs/servers names it), and see that it reaches the component, over s2s if it is another server; a client must enable push, too. Nothing is wrong if nobody there was written to while away`,
  }))
}

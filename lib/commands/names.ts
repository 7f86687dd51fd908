/** What the name of a component leads to, as an XMPP server would look for it (RFC 6120 §3.2): SRV first, then addresses. */
import { promises as dns } from 'node:dns'
import { type Clock } from '../clock'

/** `unsaid`: nobody answered in time, or with trouble of its own. */
export type Led =
  | { readonly is: 'somewhere'; readonly to: readonly string[] }
  | { readonly is: 'nowhere' }
  | { readonly is: 'unsaid'; readonly why: string }

/** The two questions; each resolves with an empty list where there is no such name, and rejects where nobody can tell. */
export interface Names {
  /** Addresses, from DNS or the machine's own files. */
  addresses(name: string): Promise<readonly string[]>
  /** The hosts of SRV records; `.` alone means that the service is decidedly not offered (RFC 2782). */
  servers(name: string): Promise<readonly string[]>
}

const PATIENCE = 5_000
const NO_SUCH = new Set(['ENOTFOUND', 'ENODATA', 'EAI_NONAME', 'EAI_NODATA'])

async function noneIfMissing(asked: Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await asked
  } catch (error) {
    if (NO_SUCH.has((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
}

/** The machine's own resolver. */
export const systemNames: Names = Object.freeze({
  addresses: (name: string) =>
    noneIfMissing(dns.lookup(name, { all: true }).then((all) => all.map(({ address }) => address))),
  servers: (name: string) =>
    noneIfMissing(
      new dns.Resolver({ timeout: 2_000, tries: 2 }).resolveSrv(name).then((all) => all.map((one) => one.name)),
    ),
})

async function follow(domain: string, names: Names): Promise<Led> {
  // Where SRV can't be asked for, an address is still an answer.
  const servers = await names.servers(`_xmpp-server._tcp.${domain}`).catch(() => [])
  const hosts = servers.length === 0 ? [domain] : servers.filter((host) => host !== '.' && host !== '')
  const to = (await Promise.all(hosts.map((host) => names.addresses(host)))).flat()
  return to.length === 0 ? { is: 'nowhere' } : { is: 'somewhere', to: [...new Set(to)] }
}

/** Never rejects; takes no longer than 5 s. */
export async function whereLeads(domain: string, names: Names, clock: Clock): Promise<Led> {
  const late = new AbortController()
  const tooLong = clock
    .sleep(PATIENCE, late.signal)
    .then((): Led => ({ is: 'unsaid', why: `no answer in ${PATIENCE / 1000} s` }))
  const led = follow(domain, names).catch((error: unknown): Led => {
    const why = error instanceof Error ? error.message : String(error)
    return { is: 'unsaid', why }
  })
  const first = await Promise.race([led, tooLong])
  late.abort()
  return first
}

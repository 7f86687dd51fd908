/** What `check --live` tells besides the configuration: the place of the store, links, what push services said, names, and our own door. */
import { type Clock } from '../clock'
import { type Config } from '../config'
import { type Report } from './check-report'
import { tellFindings } from './check-findings'
import { type Names, systemNames, whereLeads } from './names'
import { askOwnDoors } from './own-door'
import { type Place, placeOf } from './place'
import { proveAll, type ProveLinks, type Proofs } from './proofs'
import { type Terminal } from './terminal'

function tellLinks(config: Config, { links, isRunning }: Proofs, report: Report): void {
  for (const { domain, service } of config.components) {
    const proof = links.get(domain)
    if (proof?.is === 'online') {
      const how = isRunning ? 'is attached to' : 'attached to'
      const by = isRunning ? ', by the service that runs' : ' and detached again'
      report.fact('link', `${domain} ${how} ${service}${by}`)
      const { text, mend } = proof.says ?? {}
      if (text !== undefined && mend === undefined) report.fact('server', text)
      if (text !== undefined && mend !== undefined) report.warning({ about: 'server', text, mend })
    }
    if (proof?.is === 'standby') report.fact('link', `${domain} stands by at ${service}: another instance is attached`)
    if (proof?.is === 'refused') {
      report.fault({ path: `${domain} at ${service}`, text: proof.why, mend: proof.mend })
    }
  }
}

/** The store's sentence ends with what to do, after its last semicolon. */
function tellRefused(refused: string, report: Report): void {
  const at = refused.lastIndexOf('; ')
  const [text, mend] = at < 0 ? [refused, 'Mend it, then check again'] : [refused.slice(0, at), refused.slice(at + 2)]
  report.fault({ path: 'store', text, mend: `${mend.charAt(0).toUpperCase()}${mend.slice(1)}` })
}

function tellPlace(place: Place | undefined, report: Report): void {
  if (place === undefined) return
  if (place.is === 'good') report.fact('store', place.text)
  else report.fault({ path: 'store.file', text: place.text, mend: place.mend })
}

/** What a name without an address costs is told by the pages of docs/servers. Seen from here; the server's machine is what counts. */
async function tellNames(config: Config, names: Names, clock: Clock, report: Report): Promise<void> {
  const asked = config.components.map(async ({ domain }) => ({ domain, led: await whereLeads(domain, names, clock) }))
  for (const { domain, led } of await Promise.all(asked)) {
    if (led.is === 'somewhere') {
      report.fact('name', `${domain} leads to ${led.to.join(', ')}`)
      continue
    }
    const what =
      led.is === 'nowhere'
        ? 'has no address: neither by SRV _xmpp-server._tcp nor by A or AAAA nor in the hosts file of this machine'
        : `may have no address: it could not be looked up (${led.why})`
    report.warning({
      about: 'name',
      text: `${domain} ${what}`,
      mend: "Give it one, in DNS or in the hosts file of the XMPP server's machine, even if nothing listens there",
    })
    for (const text of [
      'While this service is away, be it for a second, a server looks for the name elsewhere. Without an address',
      'ejabberd and Tigase give up the registration of each user who is written to; MongooseIM does so with one, too;',
      'Prosody, Openfire and Metronome do not look, where the component is their own. See docs/servers.',
    ]) {
      report.fact('', text)
    }
  }
}

/** Asks the service that runs, or opens the store and attaches each component itself; asks push services, and the resolver. */
export async function checkLive(
  config: Config,
  proveLinks: ProveLinks,
  terminal: Terminal,
  report: Report,
): Promise<void> {
  report.live()
  tellPlace(placeOf(config.store.place), report)
  const proofs = await proveAll(config, proveLinks, terminal)
  if (proofs.refused !== undefined) tellRefused(proofs.refused, report)
  // Of one with a file of its own, that it can be written was told.
  else if (proofs.isStoreOpen === true && config.store.place === undefined) {
    report.fact('store', `${config.store.kind}: opened, its tables and its content key are in order`)
  }
  tellLinks(config, proofs, report)
  for (const { app, findings } of proofs.apps) tellFindings(app, findings, report, 'proof')
  await tellNames(config, terminal.names ?? systemNames, terminal.clock, report)
  for (const { text, mend } of await askOwnDoors(config, terminal)) {
    if (mend === undefined) report.fact('https', text)
    else report.warning({ about: 'https', text, mend })
  }
}

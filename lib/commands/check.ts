/** `xmpp-push check`: reads the configuration with every key and certificate in it and tells what is there and what is wrong. */
import { type AppStatus, type Proven, type Reply } from '../admin/questions'
import { type Clock } from '../clock'
import { type Config, readConfig } from '../config'
import { type App } from '../config/app'
import { type Fault } from '../config/fault'
import { faultLines } from './faults'
import { handedInText } from './handed-in'
import { type Place, placeOf } from './place'
import { proveAll, type ProveLinks, type Proofs } from './proofs'
import { type Names, systemNames, whereLeads } from './names'
import { askWhoIsThere } from './operate'
import { askOwnDoors } from './own-door'
import { type ExitCode, type Terminal } from './terminal'

export interface CheckWords {
  readonly file: string
  /** How to prove the component links; undefined: they are not asked for. */
  readonly proveLinks: ProveLinks | undefined
}

interface Report {
  readonly lines: string[]
  faults: number
  warnings: number
}

const MARGIN = ' '.repeat(10)

function note(report: Report, mark: string, text: string, mend?: string): void {
  report.lines.push(`${mark.padEnd(MARGIN.length)}${text}`)
  if (mend !== undefined) report.lines.push(`${MARGIN}→ ${mend}`)
}

function noteFault(report: Report, fault: Fault): void {
  report.faults++
  report.lines.push(...faultLines([fault]))
}

/** A sentence of its own list: `example.com, example.org`, or what it means that there is none. */
function listed(words: readonly string[], none: string): string {
  return words.length === 0 ? none : words.join(', ')
}

function tellHouse(config: Config, report: Report): void {
  for (const { domain, service } of config.components) note(report, 'component', `${domain}, attaches at ${service}`)
  const { register, publish, admins } = config.access
  note(report, 'access', `users of ${register.join(', ')} may register`)
  note(report, '', `their servers may publish, and besides: ${listed(publish, 'nobody')}`)
  note(report, '', `administrators: ${listed(admins, 'nobody')}`)
  note(report, 'store', config.store.kind)
  for (const { host, port, serve } of config.http.listeners) {
    note(report, 'http', `${host.includes(':') ? `[${host}]` : host}:${String(port)} serves ${serve.join(', ')}`)
  }
}

function tellFindings(app: string, findings: Proven['findings'], report: Report, mark = ''): void {
  for (const [at, { is, text, mend }] of findings.entries()) {
    const whose = mark === '' || at > 0 ? '' : `${app}: `
    if (is === 'fact') note(report, at === 0 ? mark : '', `${whose}${text}`, mend)
    else if (is === 'fault') noteFault(report, { path: `apps.${app}`, text, mend: mend ?? 'Correct it' })
    else {
      report.warnings++
      note(report, 'warning', `apps.${app}: ${text}`, mend)
    }
  }
}

/** What the credentials of an app say of themselves, and what its push service will see. */
async function tellApp(app: App, now: number, report: Report): Promise<void> {
  note(report, 'app', `${app.name}: ${app.provider.kind}, ${app.profile.name}`)
  tellFindings(app.name, await app.provider.check(now), report)
  note(report, '', `the push service sees: ${app.profile.reveals}`)
}

function warn(report: Report, app: string, text: string, mend: string): void {
  report.warnings++
  note(report, 'warning', `apps.${app}: ${text}`, mend)
}

/** What the configuration does not tell of an app: the service that runs, or its store. */
function tellStanding({ name, provider }: App, { fuse, handedIn }: AppStatus, report: Report): void {
  if (handedIn === undefined && provider.needsHandedIn) {
    const mend = 'Have an administrator run the command "Set APNS certificate" of the component'
    warn(report, name, 'no certificate has been handed in yet, and its pushes wait for it', mend)
  }
  if (handedIn !== undefined) {
    note(report, '', handedInText(handedIn))
    const mends = 'Hand in another one with the command "Set APNS certificate", or remove this one'
    for (const { is, text } of handedIn.findings) {
      if (is === 'fact') note(report, '', text)
      else if (is === 'warning') warn(report, name, text, mends)
      else noteFault(report, { path: `apps.${name}`, text, mend: mends })
    }
  }
  if (fuse === undefined) return
  const mend = `See that its credential, topic and project are right, then: xmpp-push fuse reset ${name}`
  warn(report, name, `its fuse has blown: ${fuse}. No token of it is forgotten`, mend)
}

/** By app; empty where no service runs and no store is there to read. */
async function standings(config: Config, terminal: Terminal): Promise<ReadonlyMap<string, AppStatus>> {
  const reply = (await askWhoIsThere(config, { ask: 'status' }, terminal)) as Reply<'status'>
  return new Map(reply.is === 'answer' ? reply.answer.apps.map((each) => [each.app, each]) : [])
}

function tellLinks(config: Config, { links, isRunning }: Proofs, report: Report): void {
  for (const { domain, service } of config.components) {
    const proof = links.get(domain)
    if (proof?.is === 'online') {
      const how = isRunning ? 'is attached to' : 'attached to'
      note(
        report,
        'link',
        `${domain} ${how} ${service}${isRunning ? ', by the service that runs' : ' and detached again'}`,
      )
      for (const line of proof.says ?? []) note(report, '', line)
    }
    if (proof?.is === 'refused') {
      noteFault(report, { path: `${domain} at ${service}`, text: proof.why, mend: proof.mend })
    }
  }
}

/** The store's sentence ends with what to do, after its last semicolon. */
function tellRefused(refused: string, report: Report): void {
  const at = refused.lastIndexOf('; ')
  const [text, mend] = at < 0 ? [refused, 'Mend it, then check again'] : [refused.slice(0, at), refused.slice(at + 2)]
  noteFault(report, { path: 'store', text, mend: `${mend.charAt(0).toUpperCase()}${mend.slice(1)}` })
}

function tellPlace(place: Place | undefined, report: Report): void {
  if (place === undefined) return
  if (place.is === 'good') note(report, 'store', place.text)
  else noteFault(report, { path: 'store.file', text: place.text, mend: place.mend })
}

/** What a name without an address costs is told by the pages of docs/servers. Seen from here; the server's machine is what counts. */
async function tellNames(config: Config, names: Names, clock: Clock, report: Report): Promise<void> {
  const asked = config.components.map(async ({ domain }) => ({ domain, led: await whereLeads(domain, names, clock) }))
  for (const { domain, led } of await Promise.all(asked)) {
    if (led.is === 'somewhere') {
      note(report, 'name', `${domain} leads to ${led.to.join(', ')}`)
      continue
    }
    report.warnings++
    const what =
      led.is === 'nowhere'
        ? 'has no address: neither by SRV _xmpp-server._tcp nor by A or AAAA nor in the hosts file of this machine'
        : `may have no address: it could not be looked up (${led.why})`
    note(
      report,
      'warning',
      `${domain} ${what}`,
      "Give it one, in DNS or in the hosts file of the XMPP server's machine, even if nothing listens there",
    )
    note(
      report,
      '',
      'While this service is away, be it for a second, a server looks for the name elsewhere. Without an address',
    )
    note(
      report,
      '',
      'ejabberd and Tigase give up the registration of each user who is written to; MongooseIM does so with one, too;',
    )
    note(report, '', 'Prosody, Openfire and Metronome do not look, where the component is their own. See docs/servers.')
  }
}

const counted = (count: number, noun: string): string => `${String(count)} ${noun}${count === 1 ? '' : 's'}`

/** Prints the report; 1 where there is a fault. Asks the service that runs, or reads its store; asks no push service. */
export async function check({ file, proveLinks }: CheckWords, terminal: Terminal): Promise<ExitCode> {
  const report: Report = { lines: [], faults: 0, warnings: 0 }
  const read = readConfig({ file })
  const now = terminal.clock.now()
  if (read.is === 'config') tellHouse(read.config, report)
  const known = read.is === 'config' ? await standings(read.config, terminal) : new Map<string, AppStatus>()
  for (const app of read.is === 'config' ? read.config.apps.values() : read.sound) {
    await tellApp(app, now, report)
    const standing = known.get(app.name)
    if (standing !== undefined) tellStanding(app, standing, report)
  }
  if (read.is === 'faults') for (const fault of read.faults) noteFault(report, fault)
  else if (proveLinks !== undefined) {
    tellPlace(placeOf(read.config.store.place), report)
    const proofs = await proveAll(read.config, proveLinks, terminal)
    if (proofs.refused !== undefined) tellRefused(proofs.refused, report)
    tellLinks(read.config, proofs, report)
    for (const { app, findings } of proofs.apps) tellFindings(app, findings, report, 'proof')
    await tellNames(read.config, terminal.names ?? systemNames, terminal.clock, report)
    for (const { text, mend } of await askOwnDoors(read.config, terminal)) {
      if (mend !== undefined) report.warnings++
      note(report, mend === undefined ? 'https' : 'warning', text, mend)
    }
  }
  const skipped =
    read.is === 'faults' && proveLinks !== undefined ? '; no link was tried, for the configuration comes first' : ''
  const warnings = report.warnings === 0 ? '' : `, ${counted(report.warnings, 'warning')}`
  const summary =
    report.faults === 0 ? `no faults${warnings}` : `${counted(report.faults, 'fault')}${warnings}${skipped}`
  terminal.out(`${[...report.lines, `${file}: ${summary}`].join('\n')}\n`)
  return report.faults === 0 ? 0 : 1
}

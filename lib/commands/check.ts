/** `xmpp-push check`: reads the configuration with every key and certificate in it and tells what is there and what is wrong. */
import { type AppStatus, type Noticed, type Reply } from '../admin/questions'
import { type Config, readConfig } from '../config'
import { tellApp, tellStanding } from './check-findings'
import { checkLive } from './check-live'
import { exposed } from './check-modes'
import { makeReport, type Report } from './check-report'
import { type ProveLinks } from './proofs'
import { askWhoIsThere } from './operate'
import { roleText } from './spelling'
import { type ExitCode, type Terminal } from './terminal'

export interface CheckWords {
  readonly file: string
  /** How to prove the component links; undefined: they are not asked for. */
  readonly proveLinks: ProveLinks | undefined
  /** Prints what was found as JSON. */
  readonly json: boolean
}

/** A sentence of its own list: `example.com, example.org`, or what it means that there is none. */
function listed(words: readonly string[], none: string): string {
  return words.length === 0 ? none : words.join(', ')
}

function tellHouse(config: Config, report: Report): void {
  for (const { domain, service } of config.components) report.fact('component', `${domain}, attaches at ${service}`)
  const { register, publish, admins } = config.access
  report.fact('access', `users of ${register.join(', ')} may register`)
  report.fact('', `their servers may publish, and besides: ${listed(publish, 'nobody')}`)
  report.fact('', `administrators: ${listed(admins, 'nobody')}`)
  report.fact('store', config.store.kind)
  if (config.roles.length === 1) report.fact('role', roleText(config.roles))
  for (const { host, port, serve } of config.http.listeners) {
    report.fact('http', `${host.includes(':') ? `[${host}]` : host}:${String(port)} serves ${serve.join(', ')}`)
  }
}

interface Standings {
  readonly apps: ReadonlyMap<string, AppStatus>
  readonly noticed: readonly Noticed[]
}

/** Empty where no service runs and no store is there to read. */
async function standings(config: Config, terminal: Terminal): Promise<Standings> {
  const reply = (await askWhoIsThere(config, { ask: 'status' }, terminal)) as Reply<'status'>
  if (reply.is === 'failed') return { apps: new Map(), noticed: [] }
  const { apps, noticed = [] } = reply.answer
  return { apps: new Map(apps.map((each) => [each.app, each])), noticed }
}

/** The report as JSON: documented in docs/operating.md, and kept. */
function asJson(file: string, report: Report): string {
  const faults = { configuration: report.count('fault', 'configuration'), live: report.count('fault', 'live') }
  const told = { file, faults, warnings: report.count('warning'), findings: report.findings() }
  return JSON.stringify(told, undefined, 2)
}

/** Prints the report; 1 where there is a fault. Asks the service that runs, or reads its store; asks no push service. */
export async function check({ file, proveLinks, json }: CheckWords, terminal: Terminal): Promise<ExitCode> {
  const report = makeReport()
  const read = readConfig({ file })
  const now = terminal.clock.now()
  if (read.is === 'config') tellHouse(read.config, report)
  const known = read.is === 'config' ? await standings(read.config, terminal) : undefined
  for (const app of read.is === 'config' ? read.config.apps.values() : read.sound) {
    await tellApp(app, now, report)
    const standing = known?.apps.get(app.name)
    if (standing !== undefined) tellStanding(app, standing, report)
  }
  for (const { about, text, mend } of known?.noticed ?? []) report.warning({ path: about, text, mend })
  let untried: string | undefined
  if (read.is === 'faults') {
    for (const fault of read.faults) report.fault(fault)
    if (proveLinks !== undefined) untried = 'no link was tried, for the configuration comes first'
  } else {
    for (const { text, mend } of exposed(read.config.secrets)) report.warning({ about: 'files', text, mend })
    if (proveLinks !== undefined) await checkLive(read.config, proveLinks, terminal, report)
  }
  const lines = json ? [asJson(file, report)] : [...report.lines(), `${file}: ${report.summary(untried)}`]
  terminal.out(`${lines.join('\n')}\n`)
  return report.count('fault') === 0 ? 0 : 1
}

/** `xmpp-push migrate`: everything that must move from one store into another, with proof by count and checksum. */
import { askService } from '../admin/asking'
import {
  areOneQueue,
  areOneStore,
  type Compared,
  compareRegistrations,
  moveKept,
  type MovedRegistrations,
  type Moving,
  moveRegistrations,
  moveRemoteDisables,
} from '../admin/move'
import { type MovedDeliveries, moveDeliveries } from '../admin/move-deliveries'
import { socketPath } from '../admin/office'
import { type Config, readConfig } from '../config'
import { faultLines } from './faults'
import { makeProgress, type Progress } from './progress'
import { aligned, counted } from './spelling'
import { type ExitCode, type Terminal } from './terminal'

export interface MigrateWords {
  /** Two configurations. */
  readonly from: string
  readonly to: string
  readonly json: boolean
  readonly dryRun: boolean
}

interface Report {
  readonly from: string
  readonly to: string
  readonly dryRun: boolean
  readonly registrations?: MovedRegistrations
  readonly kept?: number
  readonly remoteDisables?: number
  readonly deliveries?: MovedDeliveries
  /** What waits stays where it is: both configurations name the same queue. */
  readonly isOneQueue?: boolean
  readonly compared: Compared
  /** Apps of registrations or pushes that the second configuration does not have. */
  readonly unknownApps: readonly string[]
  readonly agrees: boolean
}

class Failed extends Error {}

function configOf(file: string): Config {
  const read = readConfig({ file })
  if (read.is === 'config') return read.config
  throw new Failed(`${file} is not in order:\n${faultLines(read.faults).join('\n')}`)
}

async function refuseRunning({ file, store }: Config, terminal: Terminal): Promise<void> {
  const asked = await askService(socketPath(file, store.place), { ask: 'status' }, terminal.clock)
  if (asked.is === 'nobody') return
  throw new Failed(`a service with ${file} runs; stop it first, or what comes in meanwhile would be left behind`)
}

function lines(report: Report): readonly string[] {
  const { from, to, dryRun, registrations, kept, remoteDisables, deliveries, isOneQueue } = report
  const { compared, unknownApps, agrees } = report
  const rows = [
    ['from', from],
    ['to', to],
    ...(registrations === undefined
      ? []
      : [
          [
            'devices',
            `${registrations.moved} moved, ${registrations.there} there already, ${registrations.newer} that registered there later`,
          ],
        ]),
    ...(deliveries === undefined
      ? []
      : [
          ['pushes', `${deliveries.moved} that waited moved, ${deliveries.ended} calls ended, ${deliveries.left} left`],
        ]),
    ...(isOneQueue === true ? [['pushes', 'stay in the queue that both name']] : []),
    ...(remoteDisables === undefined ? [] : [['servers', `${remoteDisables} still to be told of a node that ended`]]),
    ...(kept === undefined ? [] : [['kept', `${counted(kept, 'fuse or certificate', 'fuses and certificates')}`]]),
    ['first', `${counted(compared.from.registrations, 'device')}, checksum ${compared.from.checksum}`],
    ['second', `${counted(compared.to.registrations, 'device')}, checksum ${compared.to.checksum}`],
  ]
  const verdict = dryRun
    ? 'nothing was changed (--dry-run)'
    : agrees
      ? 'both agree'
      : 'they DIFFER: run the same command again; if they still differ, something else changes one of them'
  return [
    ...unknownApps.flatMap((app) => [
      `warning   the second configuration has no app ${app}`,
      '          → Add it before you start the service there, or pushes of its devices are answered with an error',
    ]),
    ...aligned(rows),
    verdict,
  ]
}

async function move(moving: Moving, words: MigrateWords, config: Config, progress: Progress): Promise<Report> {
  const { from } = moving
  const apps = [...new Set([...(await from.records.count()).keys(), ...(await from.accounts()).keys()])]
  const unknownApps = apps.filter((app) => !config.apps.has(app))
  const head = { from: words.from, to: words.to, dryRun: words.dryRun, unknownApps }
  const total = [...(await from.records.count()).values()].reduce((sum, count) => sum + count, 0)
  const compare = (): Promise<Compared> => {
    progress.next('devices compared')
    return compareRegistrations(moving, (done) => progress.at(done, total))
  }
  if (words.dryRun) return { ...head, compared: await compare(), agrees: true }
  const registrations = await moveRegistrations(moving, (done) => progress.at(done, total))
  // Before the pushes: nothing of an app whose fuse has blown may be forgotten there.
  const kept = await moveKept(moving, apps)
  const remoteDisables = await moveRemoteDisables(moving)
  progress.next('pushes moved')
  const isOneQueue = await areOneQueue(moving)
  const deliveries = isOneQueue ? undefined : await moveDeliveries(moving, (done, of) => progress.at(done, of))
  const compared = await compare()
  const isSame =
    compared.from.registrations === compared.to.registrations && compared.from.checksum === compared.to.checksum
  const agrees = isSame && (deliveries?.left ?? 0) === 0
  const its = deliveries === undefined ? { isOneQueue } : { deliveries }
  return { ...head, registrations, kept, remoteDisables, ...its, compared, agrees }
}

/** 0 where both agree and nothing waits any more in the first; else 1, with the reason. */
export async function migrate(words: MigrateWords, terminal: Terminal): Promise<ExitCode> {
  const { clock } = terminal
  const tell = (text: string): void => terminal.err(`xmpp-push: ${text}\n`)
  const opened: Moving['from'][] = []
  const progress = makeProgress('devices moved', { stream: terminal.progress, clock })
  try {
    const [from, to] = [configOf(words.from), configOf(words.to)]
    const same = `${words.from} and ${words.to} name the same store; name the configuration of another one`
    if (from.store.place !== undefined && from.store.place === to.store.place) throw new Failed(same)
    await refuseRunning(from, terminal)
    await refuseRunning(to, terminal)
    for (const { store } of [from, to]) opened.push(await store.open({ clock, trouble: tell }))
    const [first, second] = opened
    if (first === undefined || second === undefined) throw new Failed('a store is missing')
    const moving = { from: first, to: second, clock }
    if (await areOneStore(moving)) throw new Failed(same)
    const report = await move(moving, words, to, progress)
    progress.end()
    terminal.out(`${words.json ? JSON.stringify(report, undefined, 2) : lines(report).join('\n')}\n`)
    return report.agrees ? 0 : 1
  } catch (error) {
    progress.end()
    const why = error instanceof Error ? error.message : String(error)
    tell(
      error instanceof Failed || opened.length < 2
        ? why
        : `${why}; what was moved so far stays, and the same command goes on`,
    )
    return 1
  } finally {
    for (const store of opened) await store.close()
  }
}

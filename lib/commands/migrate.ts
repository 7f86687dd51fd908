/** `xmpp-push migrate`: everything that must move from one store into another, with proof by count and checksum. */
import { resolve } from 'node:path'
import { askService } from '../admin/asking'
import {
  areOneQueue,
  compareRegistrations,
  moveKept,
  type Moving,
  moveRegistrations,
  moveRemoteDisables,
} from '../admin/move'
import { moveDeliveries } from '../admin/move-deliveries'
import { moveDeadAddresses, moveTombstones } from '../admin/move-past'
import { socketPath } from '../admin/office'
import { type Config, readConfig } from '../config'
import { BrokenOff, type EndSignal, hearEndSignal, orBreakOff } from './end-signal'
import { faultLines } from './faults'
import { areOneFile, dryRun, lookAt, type Placed } from './migrate-dry-run'
import { agreeing, type DryReport, dryLines, type Report, reportLines } from './migrate-report'
import { makeProgress, type Progress } from './progress'
import { type ExitCode, type Terminal } from './terminal'

export interface MigrateWords {
  /** Two configurations. */
  readonly from: string
  readonly to: string
  readonly json: boolean
  readonly dryRun: boolean
}

class Failed extends Error {}

const STOP_IT = 'stop it first, or what comes in meanwhile would be left behind'

function configOf(file: string): Config {
  const read = readConfig({ file })
  if (read.is === 'config') return read.config
  throw new Failed(`${file} is not in order:\n${faultLines(read.faults).join('\n')}`)
}

/** Of the first configuration the store is needed, and the queue beside it if there is one: faults elsewhere in it are nobody's. */
function firstOf(file: string): Placed {
  const read = readConfig({ file })
  if (read.is === 'config') return read.config
  if (read.standing !== undefined) return { file: resolve(file), store: read.standing }
  const its = read.faults.filter(({ path }) => /^(store|outbox)($|\.)/.test(path))
  throw new Failed(`${file} is not in order:\n${faultLines(its.length > 0 ? its : read.faults).join('\n')}`)
}

async function refuseRunning({ file, store }: Placed, terminal: Terminal): Promise<void> {
  const asked = await askService(socketPath(file, store.place), { ask: 'status' }, terminal.clock)
  if (asked.is === 'nobody') return
  throw new Failed(`a service with ${file} runs; ${STOP_IT}`)
}

interface Step {
  next(what: string): void
  /** To be called after each page; throws `BrokenOff` once the operator wants it to end. */
  at(done: number, of?: number): void
}

function stepping(progress: Progress, end: EndSignal, first: string, rest: (step: string) => string): Step {
  let step = first
  let told = ''
  return {
    next(what) {
      step = what
      told = ''
      progress.next(what)
    },
    at(done, of) {
      told = `${done}${of === undefined ? '' : ` of ${of}`} `
      progress.at(done, of)
      orBreakOff(end, () => rest(`${told}${step}`))
    },
  }
}

const GOES_ON = (step: string): string =>
  `${step} by then; what was moved is in the second store, nothing is lost, and the same command goes on`
const NOTHING_CHANGED = (): string => 'nothing was changed (--dry-run)'

async function move(moving: Moving, words: MigrateWords, config: Config, step: Step): Promise<Report> {
  const { from, to } = moving
  const apps = [...new Set([...(await from.records.count()).keys(), ...(await from.accounts()).keys()])]
  const total = [...(await from.records.count()).values()].reduce((sum, count) => sum + count, 0)
  const registrations = await moveRegistrations(moving, (done) => step.at(done, total))
  // Before the pushes: nothing of an app whose fuse has blown may be forgotten there.
  const kept = await moveKept(moving)
  // Before the tombstones: each leaves one of its own.
  const remoteDisables = await moveRemoteDisables(moving)
  step.next('nodes that ended moved')
  const tombstones = await moveTombstones(moving, (done) => step.at(done))
  step.next('dead tokens moved')
  const deadAddresses = await moveDeadAddresses(moving, (done) => step.at(done))
  step.next('pushes moved')
  const isOneQueue = await areOneQueue(moving)
  const deliveries = isOneQueue ? undefined : await moveDeliveries(moving, (done, of) => step.at(done, of))
  step.next('devices compared')
  const compared = await compareRegistrations(from.records, to.registry, (done) => step.at(done, total))
  const report = {
    ...{ from: words.from, to: words.to, dryRun: false as const },
    unknownApps: apps.filter((app) => !config.apps.has(app)),
    ...{ registrations, kept, remoteDisables, tombstones, deadAddresses, compared },
    ...(deliveries === undefined ? { isOneQueue } : { deliveries }),
  }
  return { ...report, agrees: agreeing(report) }
}

/** 0 where both agree and nothing waits any more in the first; else 1, with the reason. */
export async function migrate(words: MigrateWords, terminal: Terminal): Promise<ExitCode> {
  const { clock } = terminal
  const tell = (text: string): void => terminal.err(`xmpp-push: ${text}\n`)
  const opened: Moving['from'][] = []
  const end = hearEndSignal()
  const progress = makeProgress(words.dryRun ? 'devices compared' : 'devices moved', {
    stream: terminal.progress,
    clock,
  })
  const print = (report: Report | DryReport, lines: readonly string[]): void => {
    progress.end()
    terminal.out(`${words.json ? JSON.stringify(report, undefined, 2) : lines.join('\n')}\n`)
  }
  try {
    const [from, to] = [firstOf(words.from), configOf(words.to)]
    const same = `${words.from} and ${words.to} name the same store; name the configuration of another one`
    if (areOneFile(from, to)) throw new Failed(same)
    await refuseRunning(from, terminal)
    await refuseRunning(to, terminal)
    const [one, other] = [await lookAt(from), await lookAt(to)]
    if (one.identity !== undefined && one.identity === other.identity) throw new Failed(same)
    if (one.isAtWork)
      throw new Failed(
        `a service works on the store of ${words.from}, on another machine or from another folder; ${STOP_IT}`,
      )
    if (other.isAtWork)
      throw new Failed(
        `a service works on the store of ${words.to}, on another machine or from another folder; ${STOP_IT}`,
      )
    if (words.dryRun) {
      const step = stepping(progress, end, 'devices compared', NOTHING_CHANGED)
      const report = await dryRun({ from, to }, { from: words.from, to: words.to }, (done, of) => step.at(done, of))
      print(report, dryLines(report))
      return 0
    }
    for (const { store } of [from, to]) opened.push(await store.open({ clock, trouble: tell }))
    const [first, second] = opened
    if (first === undefined || second === undefined) throw new Failed('a store is missing')
    const step = stepping(progress, end, 'devices moved', GOES_ON)
    const report = await move({ from: first, to: second, clock }, words, to, step)
    print(report, reportLines(report))
    return report.agrees ? 0 : 1
  } catch (error) {
    progress.end()
    const why = error instanceof Error ? error.message : String(error)
    const isWhole = error instanceof Failed || error instanceof BrokenOff || opened.length < 2
    tell(isWhole ? why : `${why}; what was moved so far stays, and the same command goes on`)
    return 1
  } finally {
    end.off()
    for (const store of opened) await store.close()
  }
}

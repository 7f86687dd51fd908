/** How an import of devices is told: an equation of what was read, what was left and why, and whether both sides agree. */
import { type LeftOut } from '../imports/import'
import { aligned, counted } from './spelling'
import { type ExitCode } from './terminal'

/** How many of what was left out are named for people; JSON has all. */
export const MOST_TOLD = 20

export interface DeviceReport {
  readonly peer: string
  readonly source: string
  readonly into: string
  readonly dryRun: boolean
  /** How the devices stood before. */
  readonly stood: {
    readonly new: number
    readonly changed: number
    readonly there: number
    readonly own: number
    readonly ended: number
  }
  readonly leftOut: number
  readonly left: readonly LeftOut[]
  readonly ended: readonly LeftOut[]
  /** Devices of the source that are to be found here afterwards, and that were. */
  readonly expected: number
  readonly found: number
  readonly checksum: { readonly source: string; readonly store: string | undefined }
}

function agrees({ dryRun, expected, found, checksum }: DeviceReport): boolean {
  return dryRun || (expected === found && checksum.source === checksum.store)
}

function leftLines(left: readonly LeftOut[], all: number): readonly string[] {
  const told = left.slice(0, MOST_TOLD)
  const more = all - told.length
  return [
    ...told.flatMap(({ where, why, mend }) => [`LEFT      ${where}: ${why}`, `          → ${mend}`]),
    ...(more > 0 ? [`          and ${more} more; --json names all`] : []),
  ]
}

function lines(report: DeviceReport): readonly string[] {
  const { peer, source, into, dryRun, stood, leftOut, left, ended, expected, found, checksum } = report
  const read = leftOut + stood.new + stood.changed + stood.there + stood.own + stood.ended
  const facts = [
    ['from', `${source} (${peer}): ${counted(read, 'device')}`],
    ['into', into],
    [dryRun ? 'to take' : 'taken', `${stood.new} new, ${stood.changed} changed there since they were taken before`],
    ['as before', `${stood.there} that stand already, ${stood.own} that registered here by themselves since`],
    ['left', `${leftOut} that can't be taken, ${stood.ended} that were here and ended`],
    ...(dryRun
      ? [['checksum', `${checksum.source} of ${counted(expected, 'device')} in the source`]]
      : [
          ['source', `${counted(expected, 'device')}, checksum ${checksum.source}`],
          ['store', `${counted(found, 'device')}, checksum ${checksum.store ?? ''}`],
        ]),
  ]
  const verdict = dryRun
    ? 'nothing was changed (--dry-run)'
    : agrees(report)
      ? 'both agree'
      : 'they DIFFER: run the same command again; if they still differ, something else changes these devices'
  return [...leftLines(left, leftOut), ...leftLines(ended, stood.ended), ...aligned(facts), verdict]
}

/** The text, and 0 where nothing is missing. */
export function deviceReport(report: DeviceReport, json: boolean): { readonly text: string; readonly code: ExitCode } {
  const isWhole = agrees(report) && report.leftOut === 0
  const told = json ? JSON.stringify({ ...report, agrees: agrees(report) }, undefined, 2) : lines(report).join('\n')
  return { text: `${told}\n`, code: isWhole ? 0 : 1 }
}

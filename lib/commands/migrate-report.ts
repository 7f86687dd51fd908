/** How a move from one store into another is told: what was moved, what stays and why, and whether both sides agree. */
import { type Compared, type MovedRegistrations } from '../admin/move'
import { type MovedDeliveries } from '../admin/move-deliveries'
import { type DeadLeft, type MovedPast } from '../admin/move-past'
import { aligned, counted } from './spelling'

interface Head {
  readonly from: string
  readonly to: string
  readonly compared: Compared
  /** Apps of registrations or pushes that the second configuration does not have. */
  readonly unknownApps: readonly string[]
}

export interface Report extends Head {
  readonly dryRun: false
  readonly registrations: MovedRegistrations
  readonly kept: number
  readonly remoteDisables: number
  readonly tombstones: MovedPast
  readonly deadAddresses: MovedPast | DeadLeft
  readonly deliveries?: MovedDeliveries
  /** What waits stays where it is: both configurations name the same queue. */
  readonly isOneQueue?: boolean
  readonly agrees: boolean
}

export interface DryReport extends Head {
  readonly dryRun: true
  /** Nothing was ever put into the second store. */
  readonly isSecondNew: boolean
  /** How many pushes wait in the first; absent where they wait beside it, in a queue that was not asked. */
  readonly waiting?: number
}

const isSame = (one: { readonly checksum: string }, other: { readonly checksum: string }): boolean =>
  one.checksum === other.checksum

/** Whether everything of the first store that is to be in the second is there. */
export function agreeing({ compared, tombstones, deadAddresses, deliveries }: Omit<Report, 'agrees'>): boolean {
  const { from, to } = compared
  const areDead = 'left' in deadAddresses || isSame(deadAddresses.from, deadAddresses.to)
  const areMoved = from.registrations === to.registrations && isSame(from, to) && isSame(tombstones.from, tombstones.to)
  return areMoved && areDead && (deliveries?.left ?? 0) === 0
}

function headLines({ unknownApps }: Head): readonly string[] {
  return unknownApps.flatMap((app) => [
    `warning   the second configuration has no app ${app}`,
    '          → Add it before you start the service there, or pushes of its devices are answered with an error',
  ])
}

const place = (at: string, { compared }: Head, side: 'from' | 'to'): readonly string[] => {
  const { registrations, checksum } = compared[side]
  return [at, `${counted(registrations, 'device')}, checksum ${checksum}`]
}

const ended = ({ moved, there, newer }: MovedPast, newerThere: string): string =>
  `${moved} moved, ${there} there already, ${newer} ${newerThere}`

function deadText(dead: MovedPast | DeadLeft): string {
  if (!('left' in dead)) return ended(dead, 'that died there later')
  if (dead.left === 0) return 'none'
  return `${dead.left} left, for they are known by a hash that the first store's content key makes, and the second has another`
}

/** Nothing is told of nothing. */
function sumRows({ from, to }: MovedPast, one: string, many: string): readonly (readonly string[])[] {
  if (from.count === 0) return []
  return [
    ['first', `${counted(from.count, one, many)}, checksum ${from.checksum}`],
    ['second', `${counted(to.count, one, many)}, checksum ${to.checksum}`],
  ]
}

/** For people, a line each. */
export function reportLines(report: Report): readonly string[] {
  const { from, to, registrations, kept, remoteDisables, tombstones, deadAddresses, deliveries, isOneQueue } = report
  const { moved, there, newer } = registrations
  const rows = [
    ['from', from],
    ['to', to],
    ['devices', `${moved} moved, ${there} there already, ${newer} that registered there later`],
    ...(deliveries === undefined
      ? []
      : [
          ['pushes', `${deliveries.moved} that waited moved, ${deliveries.ended} calls ended, ${deliveries.left} left`],
        ]),
    ...(isOneQueue === true ? [['pushes', 'stay in the queue that both name']] : []),
    ['servers', `${remoteDisables} still to be told of a node that ended`],
    ['ended', `nodes: ${ended(tombstones, 'that live there, or ended there later')}`],
    ['dead', `tokens of callers: ${deadText(deadAddresses)}`],
    ['kept', counted(kept, 'fuse, certificate or signed token', 'fuses, certificates and signed tokens')],
    place('first', report, 'from'),
    place('second', report, 'to'),
    ...sumRows(tombstones, 'node that ended', 'nodes that ended'),
    ...('left' in deadAddresses ? [] : sumRows(deadAddresses, 'dead token', 'dead tokens')),
  ]
  const verdict = report.agrees
    ? 'both agree'
    : 'they DIFFER: run the same command again; if they still differ, something else changes one of them'
  return [...headLines(report), ...aligned(rows), verdict]
}

/** For people, a line each. */
export function dryLines(report: DryReport): readonly string[] {
  const { from, to, compared, isSecondNew, waiting } = report
  const rows = [
    ['from', from],
    ['to', isSecondNew ? `${to}, where nothing is yet` : to],
    ...(compared.newer === 0 ? [] : [['devices', `${compared.newer} that registered there later, and stay so`]]),
    [
      'pushes',
      waiting === undefined ? 'wait in a queue beside the store, which was not asked' : `${waiting} that wait`,
    ],
    place('first', report, 'from'),
    place('second', report, 'to'),
  ]
  return [...headLines(report), ...aligned(rows), 'nothing was changed (--dry-run)']
}

/** How a restored store is told at a terminal, and what the operator is told before a service comes down for it. */
import { type Holding, type Prepared, type Restored } from '../model/backup'
import { aligned, counted, moment } from './spelling'

/** `3 pushes that waited` */
const waited = (count: number): string => `${counted(count, 'push', 'pushes')} that waited`

const asOf = ({ madeAt }: Prepared): string =>
  madeAt === undefined ? 'not made by a backup' : `as of ${moment(madeAt)}`

function devicesText({ registrations, lost }: Restored): string {
  if (lost === undefined) return `${registrations}; those that registered after the backup was made are lost`
  if (lost === 0) return `${registrations}; none registered after the backup was made`
  return `${registrations}; ${lost} that registered after the backup was made ${lost === 1 ? 'is' : 'are'} lost, until their apps register again`
}

function pushesText({ waiting, abandoned, lostWaiting = 0 }: Restored): string {
  const parts = [
    ...(waiting === 0 ? [] : [`${waited(waiting)} then will be sent, again where they were sent since`]),
    ...(abandoned === 0 ? [] : [`${waited(abandoned)} then will not be sent, and are counted as abandoned`]),
    ...(lostWaiting === 0 ? [] : [`${waited(lostWaiting)} and came after the backup was made will not be sent`]),
  ]
  return parts.length === 0 ? 'none waited then' : parts.join('; ')
}

/** `after`: what is to be done now. */
export function restoredLines(restored: Restored, after: string): readonly string[] {
  const { from, to, former, before, key } = restored
  const held = before && `, with ${counted(before.registrations, 'device')} and ${waited(before.waiting)}`
  return [
    ...aligned([
      ['store', to],
      ['backup', `${from}, ${asOf(restored)}, whole and checked`],
      ['devices', devicesText(restored)],
      ['pushes', pushesText(restored)],
      ...(key === undefined ? [] : [['key', `${key} is the one of the backup now`]]),
      ['former', former === undefined ? 'there was none' : `${former}${held ?? ''}; remove it once all is well`],
    ]),
    after,
  ]
}

/** What the service will lose by it. */
export function losses(prepared: Prepared, now: Holding): readonly string[] {
  const { registrations, waiting, madeAt } = prepared
  const later = (count: number): string => (madeAt === undefined ? 'those that came since' : `${count} came since`)
  return [
    `the backup (${asOf(prepared)}) is whole and checked; to put it in place, the service comes down for some seconds:`,
    ...aligned([
      [
        '  devices',
        `${now.registrations} now, ${registrations} in the backup; ${later(now.laterRegistrations)}, and will be lost until their apps register again`,
      ],
      [
        '  pushes',
        `${now.waiting} wait now, ${waiting} in the backup; ${later(now.laterWaiting)}, and will not be sent; those of the backup will, again where they were sent since`,
      ],
    ]),
    '  what is there now is kept beside it',
  ]
}

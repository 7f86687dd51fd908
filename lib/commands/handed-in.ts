/** How a certificate that was handed in is told at a terminal. */
import { type HandedInView } from '../admin/questions'
import { moment } from './spelling'

/** Where it comes from, and that it counts. */
export function handedInText({ by, at }: Pick<HandedInView, 'by' | 'at'>): string {
  return `its certificate was handed in by ${by} on ${moment(at)} and counts in place of the configuration's credential`
}

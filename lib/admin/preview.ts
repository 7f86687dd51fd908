/** A test push as it would be sent to its push service, with nothing sent. How it is written, the composition root knows. */
import { type Registration } from '../model/registration'
import { type Preview } from '../providers/provider'
import { type Records } from '../stores/store'
import { oneNamed, viewOf } from './devices'
import { type Reply } from './questions'

/** The request, or why there is none. */
export type PreviewTest = (to: Registration) => Preview | string

/** `name`: a registration's id, or a node with one device. */
export async function previewDevice(records: Records, preview: PreviewTest, name: string): Promise<Reply<'preview'>> {
  const found = await oneNamed(records, name)
  if ('is' in found) return found
  const request = preview(found)
  return typeof request === 'string'
    ? { is: 'failed', why: request }
    : { is: 'answer', answer: { device: viewOf(found), request } }
}

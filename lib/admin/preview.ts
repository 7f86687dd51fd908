/** A test push as it would be sent to its push service, with nothing sent. How it is written, the composition root knows. */
import { type Registration } from '../model/registration'
import { type Preview } from '../providers/provider'
import { type Records } from '../stores/store'
import { devicesNamed, viewOf } from './devices'
import { type Reply } from './questions'

/** The request, or why there is none. */
export type PreviewTest = (to: Registration) => Preview | string

/** `name`: a registration's id, or a node with one device. */
export async function previewDevice(records: Records, preview: PreviewTest, name: string): Promise<Reply<'preview'>> {
  const [found, ...others] = await devicesNamed(records, name)
  if (found === undefined) return failed(`no device is registered with the id or node "${name}"`)
  if (others.length > 0) {
    return failed(`${others.length + 1} devices have the node "${name}"; name one of them by its id: ${found.id}, …`)
  }
  const request = preview(found)
  return typeof request === 'string' ? failed(request) : { is: 'answer', answer: { device: viewOf(found), request } }
}

function failed(why: string): { readonly is: 'failed'; readonly why: string } {
  return { is: 'failed', why }
}

/** Both ways in which HTTP/2 is spoken; whatever holds of one must hold of the other. */
import { type Http2 } from '../../lib/wire/wire'

export const sessions: readonly (readonly [name: string, http2: Http2])[] = [
  ['this program', 'own'],
  ['node:http2', 'node'],
]

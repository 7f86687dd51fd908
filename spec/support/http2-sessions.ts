/** Both ways in which HTTP/2 is spoken; whatever holds of one must hold of the other. */
import { openOwnSession } from '../../lib/wire/h2/session'
import { openNodeSession } from '../../lib/wire/http2-node'
import { type OpenSession } from '../../lib/wire/http2-session'

export const sessions: readonly (readonly [name: string, openSession: OpenSession])[] = [
  ['our own', openOwnSession],
  ['node:http2', openNodeSession],
]

/** A request shown to an operator: where it goes and what it says, of tokens and secrets the last characters alone. Pure. */
import { Opaque } from '../model/opaque'
import { type WireRequest } from '../wire/wire'
import { type Attempt, type Preview } from './provider'

/** The same attempt for an address that prints, and goes into a request, as `…a1b2`. */
export function masked(attempt: Attempt): Attempt {
  return { ...attempt, address: new Opaque(attempt.address.toString()) }
}

/** `origin`: `https://host`. The request is to be made of a masked attempt, its secrets given as `…`. */
export function previewOf(origin: string, { method, path, headers, body }: WireRequest): Preview {
  return {
    method,
    url: `${origin.replace(/\/$/, '')}${path}`,
    headers,
    body: typeof body === 'string' ? body : Buffer.from(body ?? '').toString('utf8'),
  }
}

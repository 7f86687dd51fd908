/** What OpenAPI tells of MongoosePush's interface: its request as it is read, and the table of its answers. */
import { z } from 'zod'
import { type Told } from './interface'
import { bodyOf } from './mongoosepush-request'

const reason = z.object({ reason: z.string() })
const details = z.object({ details: z.string().nullable() })
const faults = z.object({
  errors: z.array(
    z.object({ title: z.string(), source: z.object({ pointer: z.string() }), message: z.string().optional() }),
  ),
})

/** By version: the older ones know sent, and not sent. */
export function toldOf(version: 1 | 2 | 3): Told {
  const body = bodyOf(version)
  const summary = `Sends a notification to a device (version ${version}).`
  const common = {
    200: { when: 'it was sent, or is ours', body: z.null() },
    422: { when: 'it is no notification', body: faults },
  }
  if (version < 3) {
    const failed = {
      500: { when: 'it was not sent', body: details },
      503: { when: 'it may be asked again', body: details },
    }
    return { summary, body, answers: { ...common, ...failed } }
  }
  return {
    ...{ summary, body },
    answers: {
      ...common,
      400: { when: 'no app matches, or the notification or the token is refused', body: reason },
      410: { when: 'the device is gone', body: reason },
      413: { when: 'it is too large', body: reason },
      429: { when: 'the push service bears no more', body: reason },
      503: { when: 'it could not be sent, or nothing was taken', body: reason },
      520: { when: 'the push service did not say why it refuses', body: reason },
    },
  }
}

export const toldOfHealthcheck: Told = {
  summary: 'A pool for each app, and whether anything keeps it from sending.',
  answers: { 200: { when: 'some app sends' }, 503: { when: 'none does' } },
}

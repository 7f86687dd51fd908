/**
 * Tigase's REST for devices (push component 2.0): `unregister-device`, which Siskin asks when an account is removed. It is asked by
 * strangers: what is not there and what is not right look the same, and an address that asks often is told to wait.
 */
import { type Context } from 'hono'
import { z } from 'zod'
import { makePacer } from '../gate'
import { parseJid } from '../model/jid'
import { type Caller } from './caller'
import { httpInterface, type HttpSurroundings, type Served } from './interface'
import { jsonIn } from './json'

const asked = z.object({ account: z.string(), provider: z.string(), 'device-token': z.string() })

/** Per address that asks: an app removes an account, not a server's. */
const PACE = { burst: 20, perSecond: 0.2 }

export const tigase = httpInterface({
  name: 'tigase',
  for: 'anyone',
  about: "Tigase's REST for devices.",
  open: serve,
})

function serve({ command, domains, clock }: HttpSurroundings): Served {
  const pacer = makePacer(PACE, clock)

  async function unregister(context: Context, { address }: Caller): Promise<Response> {
    if (pacer.take(address, 1) > 0) return context.text('', 429, { 'retry-after': '5' })
    const service = context.req.param('jid') ?? ''
    const read = asked.safeParse(jsonIn(await context.req.text()))
    const requester = read.success ? parseJid(read.data.account) : undefined
    if (
      !read.success ||
      requester?.local === undefined ||
      requester.resource !== undefined ||
      !domains.includes(service)
    ) {
      return context.text('', 404)
    }
    const fields = new Map([
      ['provider', [read.data.provider]],
      ['device-token', [read.data['device-token']]],
    ])
    const answer = await command({ dialect: 'tigase', command: 'unregister-device', service, requester, fields })
    return context.json({ result: answer.is === 'unregistered' ? 'success' : 'failure' })
  }

  return {
    mostBody: 8 * 1024,
    routes: ['/unregister-device/:jid', '/rest/push/unregister-device/:jid'].map((path) => ({
      ...{ method: 'POST' as const, path, answer: unregister },
      tells: {
        summary: 'Unregisters a device, where an account is removed.',
        body: asked,
        answers: {
          200: { when: 'it was asked rightly', body: z.object({ result: z.enum(['success', 'failure']) }) },
          404: { when: 'this is not the JID of the component, or a field is missing' },
          429: { when: 'the address asks too often' },
        },
      },
    })),
    refuse: (context, why) =>
      why === 'broken' || why === 'unavailable' ? context.json({ result: 'failure' }) : undefined,
  }
}

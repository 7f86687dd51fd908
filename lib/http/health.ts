/** Whether the service lives (`/health`) and may be given work (`/ready`), for supervisors, load balancers and people. */
import { type Context } from 'hono'
import { z } from 'zod'
import { type Readiness } from '../admin/readiness'
import { httpInterface, type HttpSurroundings, type Served } from './interface'

const part = { isReady: z.boolean(), why: z.string().exactOptional().describe('Why it is not.') }
const app = z.object({
  app: z.string(),
  ...part,
  isProven: z
    .boolean()
    .exactOptional()
    .describe('Whether its push service took something with its credential within the hour.'),
  expiresAt: z.string().exactOptional().describe('When its credential expires (ISO 8601).'),
  warnings: z.array(z.string()),
})
const readiness = z.object({
  status: z.enum(['ready', 'degraded', 'not-ready']),
  roles: z.array(z.string()).describe('What this process does: `ingest`, `dispatch`, or both.'),
  components: z.array(
    z.object({
      ...{ domain: z.string(), ...part },
      isStandby: z
        .literal(true)
        .exactOptional()
        .describe('Another instance is attached, and this one is ready to take its place.'),
    }),
  ),
  store: z.object(part),
  apps: z.array(app),
  noticed: z
    .array(z.object({ about: z.string(), text: z.string(), mend: z.string() }))
    .describe('What the traffic itself says is wrong, such as a domain that never publishes; it makes nothing red.'),
  why: z.string().exactOptional().describe('Why nothing is accepted at the moment.'),
}) satisfies z.ZodType<Readiness>

const headers = { 'cache-control': 'no-store' }

export const health = httpInterface({
  name: 'health',
  for: 'callers',
  about: 'Whether the service lives, and whether it may be given work.',
  open: serve,
})

function serve({ readiness: ask, live }: HttpSurroundings): Served {
  async function whole(context: Context): Promise<Response> {
    const told = await ask()
    return context.json(told, told.status === 'not-ready' ? 503 : 200, headers)
  }

  async function one(context: Context): Promise<Response> {
    const name = context.req.param('app')
    const told = (await ask()).apps.find((each) => each.app === name)
    if (told === undefined) return context.json({ why: 'there is no such app' }, 404, headers)
    return context.json(told, told.isReady ? 200 : 503, headers)
  }

  return {
    routes: [
      {
        ...{ method: 'GET', path: '/health', for: 'anyone' },
        tells: {
          summary: 'Whether the process lives. Asks nothing of its parts.',
          answers: { 200: { when: 'it lives', body: z.object({ status: z.literal('alive'), version: z.string() }) } },
        },
        answer: (context) => context.json({ status: 'alive', version: live.version }, 200, headers),
      },
      {
        ...{ method: 'GET', path: '/ready' },
        tells: {
          summary: 'Whether the service may be given work, and which of its parts is red.',
          answers: {
            200: { when: 'it takes and keeps what it is given; `degraded`: of some app it waits', body: readiness },
            503: { when: 'nothing can be taken, or no app can send', body: readiness },
          },
        },
        answer: whole,
      },
      {
        ...{ method: 'GET', path: '/ready/:app' },
        tells: {
          summary: 'Whether one app sends.',
          answers: {
            200: { when: 'it sends', body: app },
            503: { when: 'it does not', body: app },
            404: { when: 'there is no such app' },
          },
        },
        answer: one,
      },
    ],
  }
}

/**
 * The push gateway of Matrix (Push Gateway API v1: `POST /_matrix/push/v1/notify`), in the place of Sygnal. A homeserver gives up the
 * pushkeys that are rejected, so only what a push service called dead is; what is our operator's to mend never costs a device.
 */
import { type Context } from 'hono'
import { z } from 'zod'
import { matchApp } from '../model/match'
import { type Caller } from './caller'
import { httpInterface, type HttpSurroundings, type Served } from './interface'
import { jsonIn } from './json'
import { spoken } from '../model/spoken'

/** Milliseconds; homeservers wait for half a minute. */
const LISTEN = 5_000
const MOST_DEVICES = 64

const device = z.looseObject({
  app_id: z.string().min(1).max(256),
  pushkey: z.string().min(1).max(4096),
  data: z.looseObject({ default_payload: z.record(z.string(), z.unknown()).optional() }).nullish(),
  tweaks: z.looseObject({ sound: z.string().optional() }).nullish(),
})

const body = z.object({
  notification: z.looseObject({
    prio: z.enum(['high', 'low']).optional(),
    devices: z.array(device).max(MOST_DEVICES),
  }),
})

const failure = z.object({ errcode: z.string(), error: z.string() })

type Device = z.output<typeof device>

export const matrix = httpInterface({
  name: 'matrix',
  for: 'callers',
  about: 'The push gateway of Matrix.',
  open: serve,
})

function serve({ apps, deliver, observe }: HttpSurroundings): Served {
  function appOf({ app_id: name }: Device): string | undefined {
    if (apps().has(name)) return name
    const matched = matchApp(apps().values(), { platform: name })
    return matched.is === 'one' ? matched.app.name : undefined
  }

  /** `rejected`: dead. `later`: nothing was taken. */
  async function push(
    each: Device,
    notification: Readonly<Record<string, unknown>>,
    prio: 'high' | 'low',
    caller: Caller,
  ): Promise<'ours' | 'rejected' | 'later'> {
    const app = appOf(each)
    if (app === undefined) {
      const text = `no app is called "${spoken(each.app_id)}", and none has a match of this platform; its pushes go nowhere`
      observe({ at: 'notice', about: 'matrix', text })
      return 'ours'
    }
    const { devices: _devices, ...event } = notification
    const answer = await deliver({
      ...{ caller: caller.name ?? caller.address, app, address: each.pushkey, listen: LISTEN, urgency: prio },
      class: isOnlyCounts(event) ? 'dismiss' : 'message',
      content: { given: { event, default_payload: each.data?.default_payload ?? {}, tweaks: each.tweaks ?? {} } },
    })
    switch (answer.is) {
      case 'accepted':
        return answer.heard?.end === 'gone' ? 'rejected' : 'ours'
      case 'dead':
      case 'not-an-address':
        return 'rejected'
      case 'unknown-app':
        return 'ours'
      case 'trouble':
        return 'later'
    }
  }

  async function notify(context: Context, caller: Caller): Promise<Response> {
    const read = body.safeParse(jsonIn(await context.req.text()))
    if (!read.success) {
      const [issue] = read.error.issues
      return context.json(
        { errcode: 'M_BAD_JSON', error: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}` },
        400,
      )
    }
    const { devices, prio = 'high', ...rest } = read.data.notification
    const outcomes = await Promise.all(devices.map((each) => push(each, rest, prio, caller)))
    // The homeserver asks again with all of them: what is ours already would come twice.
    if (outcomes.length > 0 && outcomes.every((each) => each === 'later')) {
      return context.json({ errcode: 'M_UNKNOWN', error: 'Nothing was taken; ask again later.' }, 503)
    }
    return context.json({
      rejected: devices.flatMap((each, at) => (outcomes[at] === 'rejected' ? [each.pushkey] : [])),
    })
  }

  return {
    routes: [
      {
        ...{ method: 'POST', path: '/_matrix/push/v1/notify' },
        tells: {
          summary: 'Takes a notification for some pushers (Push Gateway API v1).',
          body,
          answers: {
            200: { when: 'it was taken, but for dead pushkeys', body: z.object({ rejected: z.array(z.string()) }) },
            400: { when: 'it is no notification', body: failure },
            503: { when: 'nothing was taken', body: failure },
          },
        },
        answer: notify,
      },
      // The specification has gateways for which a client asks so whether they are there (MSC2970).
      {
        method: 'GET',
        path: '/_matrix/push/v1/notify',
        tells: { summary: 'Whether a gateway is here (MSC2970).', answers: { 200: { when: 'always' } } },
        answer: (context) => context.json({ unifiedpush: { gateway: 'none' } }),
      },
    ],
  }
}

/** A notification without an event only says how much is unread. */
function isOnlyCounts(event: Readonly<Record<string, unknown>>): boolean {
  return event['event_id'] === undefined && event['type'] === undefined
}

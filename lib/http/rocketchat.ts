/**
 * The gateway of Rocket.Chat's servers: `POST /push/{apn|gcm}/send`. They delete a token on 406, give a push up on 422, and ask again on
 * what else is no success.
 */
import { type Context } from 'hono'
import { z } from 'zod'
import { matchApp } from '../model/match'
import { type Caller } from './caller'
import { httpInterface, type HttpSurroundings, type Served } from './interface'
import { jsonIn } from './json'
import { spoken } from '../model/spoken'

/** Milliseconds. */
const LISTEN = 5_000

const body = z.object({
  token: z.string().min(1).max(4096),
  options: z.looseObject({ topic: z.string().optional(), title: z.string().optional(), text: z.string().optional() }),
})

const failure = z.object({ error: z.string() })

const services = { apn: 'apns', gcm: 'fcm' } as const

export const rocketchat = httpInterface({
  name: 'rocketchat',
  for: 'callers',
  about: "The gateway of Rocket.Chat's servers.",
  open: serve,
})

function serve({ apps, deliver, observe }: HttpSurroundings): Served {
  async function send(kind: keyof typeof services, context: Context, caller: Caller): Promise<Response> {
    const read = body.safeParse(jsonIn(await context.req.text()))
    if (!read.success) return context.json({ error: 'token and options are needed' }, 422)
    const { token, options } = read.data
    const { topic } = options
    const matched = matchApp(apps().values(), {
      service: services[kind],
      mode: 'prod',
      ...(topic === undefined ? {} : { topic }),
    })
    if (matched.is !== 'one') {
      const which = `service ${services[kind]}${topic === undefined ? '' : `, topic ${spoken(topic)}`}`
      observe({
        at: 'notice',
        about: 'rocketchat',
        text: `${matched.is === 'none' ? 'no app matches' : 'several apps match'} ${which}`,
      })
      return context.json({ error: 'no app matches' }, 422)
    }
    const answer = await deliver({
      ...{ caller: caller.name ?? caller.address, app: matched.app.name, address: token, listen: LISTEN },
      ...{ class: 'message', content: { given: options } },
    })
    switch (answer.is) {
      case 'accepted': {
        const { end, outcome } = answer.heard ?? {}
        if (end === 'gone') return context.json({ error: 'the token is dead' }, 406)
        if (end !== undefined && end !== 'delivered') return context.json({ error: outcome?.is ?? end }, 422)
        return context.json({ success: true })
      }
      case 'dead':
        return context.json({ error: 'the token is dead' }, 406)
      case 'not-an-address':
      case 'unknown-app':
        return context.json({ error: 'this is no token of the app' }, 422)
      case 'trouble':
        return context.json({ error: 'nothing was taken' }, 503)
    }
  }

  return {
    routes: (Object.keys(services) as (keyof typeof services)[]).map((kind) => ({
      ...{ method: 'POST' as const, path: `/push/${kind}/send` },
      tells: {
        summary: 'Takes a push.',
        body,
        answers: {
          200: { when: 'it was taken', body: z.object({ success: z.literal(true) }) },
          406: { when: 'the token is dead', body: failure },
          422: { when: 'it is never taken', body: failure },
          503: { when: 'nothing was taken', body: failure },
        },
      },
      answer: (context: Context, caller: Caller) => send(kind, context, caller),
    })),
  }
}

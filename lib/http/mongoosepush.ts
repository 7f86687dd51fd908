/**
 * MongoosePush's interface, versions 1 to 3, for MongooseIM's `mod_push_service_mongoosepush` and whoever else calls it. Its callers
 * wait 2 s: after 1.5 s what is ours is answered as sent.
 */
import { type Context } from 'hono'
import { z } from 'zod'
import { matchApp } from '../model/match'
import { type Caller } from './caller'
import { httpInterface, type HttpSurroundings, type Served } from './interface'
import { jsonIn } from './json'
import { failureOf, spelledAs, type Failed, type MongoosePushSettings } from './mongoosepush-answer'
import { readMongoosePush } from './mongoosepush-request'
import { toldOf, toldOfHealthcheck } from './mongoosepush-told'
import { spoken } from '../model/spoken'

/** Milliseconds. */
const LISTEN = 1_500

type Version = 1 | 2 | 3

const malformed = Object.freeze({
  errors: [{ title: 'Invalid value', source: { pointer: '/' }, message: 'Invalid JSON' }],
})

const MALFORMED: Failed = Object.freeze({
  ...{ status: 400, reason: 'invalid_notification', details: 'invalid_notification' },
})

const olderWords = Object.freeze({
  'too-many': 'too_many_requests',
  'too-large': 'payload_too_large',
  broken: 'service_internal',
  unavailable: 'service_internal',
})

export const mongoosePush = httpInterface({
  name: 'mongoosepush',
  for: 'callers',
  about: 'The interface of MongoosePush.',
  options: () => ({
    deadTokenPolicy: z
      .enum(['vendor', 'proven'])
      .default('vendor')
      .describe(
        'When a caller is told that a token is dead: only in the vendor\'s own words (`vendor`), or also where "bad token" was proven (`proven`).',
      ),
  }),
  open: serve,
})

function serve(surroundings: HttpSurroundings, settings: MongoosePushSettings): Served {
  const { apps, deliver, observe, live, clock } = surroundings

  async function notify(version: Version, context: Context, caller: Caller): Promise<Response> {
    const raw = jsonIn(await context.req.text())
    if (raw === undefined) return context.json(malformed, 422)
    const read = readMongoosePush(version, raw)
    if ('faults' in read) return context.json({ errors: read.faults }, 422)
    const { service, mode, tags, topic, isCall, urgency, life, given } = read.request
    // The dictionary `aps` is Apple's, and written by us: data of that name has no place beside it.
    if (service === 'apns' && Object.hasOwn(Object(given['data']) as object, 'aps')) return answered(version, MALFORMED)
    const asked = { service, mode, tags, ...(topic === undefined ? {} : { topic: topic.replace(/\.voip$/, '') }) }
    const matched = matchApp(apps().values(), asked)
    if (matched.is !== 'one') {
      const said = `service ${service}, mode ${mode}${tags.length === 0 ? '' : `, tags ${tags.map(spoken).join(' ')}`}`
      const text =
        matched.is === 'none'
          ? `no app matches ${said}; give the app that is meant a "match"`
          : `the apps ${matched.names.join(' and ')} match ${said} alike; make the "match" of one of them narrower`
      observe({ at: 'notice', about: 'mongoosepush', text })
      const failed: Failed = { status: 400, reason: 'no_matching_pool', details: 'no_matching_pool' }
      return answered(version, failed)
    }
    const answer = await deliver({
      ...{ caller: caller.name ?? caller.address, app: matched.app.name, address: context.req.param('device') ?? '' },
      ...{ environment: mode === 'dev' ? 'sandbox' : 'production', class: isCall ? 'call' : 'message' },
      ...(urgency === undefined ? {} : { urgency }),
      ...(life === undefined ? {} : { life }),
      ...{ content: { given }, listen: LISTEN },
    })
    return answered(version, failureOf(answer, settings))
  }

  /** COMPAT(MongoosePush ≥ 2): a pool for each app; «connected» means that nothing keeps it from sending. */
  function healthcheck(context: Context): Response {
    const held = live.held()
    const time = new Date(clock.now()).toISOString()
    const checks = Object.fromEntries(
      [...apps().keys()].map((app) => {
        const output = held.has(app) ? { connected: 0, disconnected: 1 } : { connected: 1, disconnected: 0 }
        return [`pool:${app}`, [{ status: held.has(app) ? 'fail' : 'pass', time, output }]]
      }),
    )
    const [all, down] = [apps().size, [...apps().keys()].filter((app) => held.has(app)).length]
    const status = down === 0 ? 'pass' : down < all ? 'warn' : 'fail'
    return context.json(
      { status, version: live.version, description: 'xmpp-push', checks },
      status === 'fail' ? 503 : 200,
    )
  }

  return {
    // The device stands in the path as it is: tokens of FCM carry a colon.
    routes: [
      ...([1, 2, 3] as const).map((version) => ({
        method: 'POST' as const,
        path: `/v${version}/notification/:device{.+}`,
        tells: toldOf(version),
        answer: (context: Context, caller: Caller) => notify(version, context, caller),
      })),
      {
        method: 'GET',
        path: '/healthcheck',
        tells: toldOfHealthcheck,
        answer: healthcheck,
      },
    ],
    refuse(context, why) {
      // The older versions know sent, and not sent.
      if (/^\/v[12]\//.test(context.req.path)) {
        return why === 'unauthorized' ? undefined : context.json({ details: olderWords[why] }, 500)
      }
      switch (why) {
        case 'too-many':
          return context.json({ reason: 'too_many_requests' }, 429)
        case 'too-large':
          return context.json({ reason: 'payload_too_large' }, 413)
        case 'broken':
        case 'unavailable':
          return context.json({ reason: 'service_internal' }, 503)
        case 'unauthorized':
          return undefined
      }
    },
  }
}

function answered(version: Version, failed: Failed | undefined): Response {
  const { status, body } = spelledAs(version, failed)
  // Not by the context: its type knows no 520.
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json; charset=utf-8' } })
}

/**
 * What stands between a listener and the interfaces it serves: who asks, how much, how large, and one answer whatever happens. Knows no
 * interface's words and no socket.
 */
import { type HttpBindings } from '@hono/node-server'
import { Hono, type Context, type MiddlewareHandler, type Next } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { type Clock } from '../clock'
import { makePacer, type Pace, type Pacer } from '../gate'
import { makeTellFailed } from '../intake/failed'
import { Unavailable } from '../model/unavailable'
import { type Observe } from '../observe'
import { readTraceparent } from '../observe/trace-context'
import { type Tracing } from '../observe/tracing'
import { addressOf, makeNaming, type Auth, type Naming } from './caller'
import { type HttpInterface, type HttpRoute, type Refusal } from './interface'

export interface DoorOptions {
  /** For people: `address:port`. */
  readonly where: string
  readonly serve: readonly HttpInterface[]
  /** Absent: whoever reaches it may ask. Asked for with each request. */
  readonly auth: () => Auth | undefined
  /** What one caller may ask: 200 a second and 2,000 at once if it is left out. */
  readonly pace?: Pace
  /** Whether an address is one of a proxy whose `X-Forwarded-For` is believed. */
  readonly isTrusted: (address: string) => boolean
  readonly clock: Clock
  readonly observe: Observe
  /** Absent: nothing is traced. */
  readonly tracing?: Pick<Tracing, 'asked'>
}

const MOST_BODY = 64 * 1024
const USUAL_PACE: Pace = { burst: 2_000, perSecond: 200 }

const plainly: Readonly<Record<Refusal, readonly [400 | 401 | 413 | 429 | 500 | 503, string]>> = {
  unauthorized: [401, 'This needs a bearer token, or a client certificate.'],
  'too-many': [429, 'Too many requests.'],
  'too-large': [413, 'The body is too large.'],
  broken: [500, 'This did not work; it is our fault.'],
  unavailable: [503, 'Nothing can be stored at the moment; ask again in a while.'],
}
/** Seconds after which it is worth asking again. */
const AGAIN: Readonly<Partial<Record<Refusal, string>>> = { 'too-many': '1', unavailable: '5' }

function refusal(of: HttpInterface, context: Context, why: Refusal): Response {
  const own = of.refuse?.(context, why)
  const [status, text] = plainly[why]
  if (own === undefined && why === 'unauthorized') context.header('www-authenticate', 'Bearer')
  const answer = own ?? context.text(`${text}\n`, status)
  const after = AGAIN[why]
  // COMPAT(Mattermost, mod_push_appserver): what they say in a 200 is no answer that HTTP has a date for.
  if (after !== undefined && answer.status >= 400) answer.headers.set('retry-after', after)
  return answer
}

/** Throws where two interfaces claim one path. */
export function makeDoor({ where, serve, auth, pace, isTrusted, clock, observe, tracing }: DoorOptions): Hono {
  const app = new Hono()
  const claims = new Map<string, string>()
  const pacer = makePacer(pace ?? USUAL_PACE, clock)
  const tellFailed = makeTellFailed(`http listener ${where}`, clock, observe)
  let known: { readonly auth: Auth; readonly naming: Naming } | undefined

  /** Undefined where nobody is asked for a name. */
  function naming(): Naming | undefined {
    const now = auth()
    if (now === undefined) return undefined
    if (known?.auth !== now) known = { auth: now, naming: makeNaming(now) }
    return known.naming
  }

  /** The name of who asks; false: nobody who may. */
  function nameOf(request: HttpBindings['incoming']): string | undefined | false {
    const names = naming()
    return names === undefined ? undefined : (names.of(request) ?? false)
  }

  const whoHas = (token: string): string | undefined => naming()?.whoHas(token)

  async function answer(of: HttpInterface, own: Pacer | undefined, route: HttpRoute, context: Context) {
    const { incoming } = context.env as HttpBindings
    const address = addressOf(incoming, isTrusted)
    const name = nameOf(incoming)
    if (name === false && (route.for ?? of.for) === 'callers') return refusal(of, context, 'unauthorized')
    const key = name === false || name === undefined ? address : name
    if (pacer.take(key, 1) > 0 || (own?.take(key, 1) ?? 0) > 0) return refusal(of, context, 'too-many')
    try {
      return await route.answer(context, { address, whoHas, ...(typeof name === 'string' ? { name } : {}) })
    } catch (error) {
      // The caller went away in the middle of its body: nobody hears an answer, and nothing of ours is broken.
      if (incoming.destroyed && !incoming.complete) return context.text('', 400)
      // The path may hold a device's token.
      tellFailed(`a request to ${of.name} (${route.method} ${route.path}) could not be handled`, error)
      return refusal(of, context, error instanceof Unavailable ? 'unavailable' : 'broken')
    }
  }

  /** Within the trace that the caller names, or one of its own. */
  async function traced(of: string, { method, path }: HttpRoute, context: Context, next: Next): Promise<void> {
    if (tracing === undefined) return next()
    const caller = readTraceparent(context.req.header('traceparent'), context.req.header('tracestate'))
    await tracing.asked(`${method} ${path}`, caller, next, () => {
      const { status } = context.res
      const attributes = { 'http.request.method': method, 'http.route': path, 'http.response.status_code': status }
      const error = status < 500 ? {} : { error: String(status) }
      return { attributes: { ...attributes, 'xmpp_push.interface': of }, ...error }
    })
  }

  for (const each of serve) {
    const { name, routes, mostBody = MOST_BODY } = each
    const own = each.pace === undefined ? undefined : makePacer(each.pace, clock)
    const bounded = bodyLimit({ maxSize: mostBody, onError: (context) => refusal(each, context, 'too-large') })
    for (const route of routes) {
      const claim = `${route.method} ${route.path}`
      const other = claims.get(claim)
      if (other !== undefined) {
        throw new Error(
          `http listener ${where}: ${other} and ${name} both claim ${claim}; serve them on listeners of their own`,
        )
      }
      claims.set(claim, name)
      const told: MiddlewareHandler = async (context, next) => {
        const since = clock.elapsed()
        await traced(name, route, context, next)
        const asked = { interface: name, method: route.method, path: route.path, status: context.res.status }
        observe({ at: 'asked', ...asked, took: clock.elapsed() - since })
      }
      app.on(route.method, route.path, told, bounded, (context) => answer(each, own, route, context))
    }
  }
  app.notFound((context) => context.text('There is nothing here.\n', 404))
  app.onError((error, context) => {
    const text = `a request broke: ${error.stack ?? error.message}`
    observe({ at: 'trouble', about: `http listener ${where}`, text })
    return context.text('This did not work; it is our fault.\n', 500)
  })
  return app
}

/**
 * A page for the browser: the service at a glance, live; what became of a push; a test push. What it shows, `admin` knows; who is signed
 * in, its sessions. A change needs what only its own scripts can read, besides the cookie.
 */
import { randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import { type TLSSocket } from 'node:tls'
import { type HttpBindings } from '@hono/node-server'
import { type Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { z } from 'zod'
import { type Question, type Reply } from '../admin/questions'
import { storyOf } from '../admin/story'
import { bearerOf, type Caller } from './caller'
import { httpInterface, type HttpRoute, type HttpSurroundings, type Served } from './interface'
import { jsonIn } from './json'
import { makeFeed } from './page-feed'
import { BASE, fileRoutes, guards } from './page-files'
import { isOfSession, makeSessions, type Session } from './page-sessions'

const CSRF = 'x-csrf-token'
const LIFE = 12 * 3600
const fresh = { ...guards, 'cache-control': 'no-store' }

const about = z.strictObject({ about: z.string().min(1).max(3071) })
const device = z.strictObject({ device: z.string().min(1).max(3071) })
const told = z.object({ name: z.string().exactOptional(), csrf: z.string() })

export const page = httpInterface({
  name: 'page',
  for: 'callers',
  about: 'A page for the browser: the service at a glance, the story of a push, a test push.',
  options: () => ({
    hosts: z
      .array(z.string())
      .default([])
      .describe(
        'Names by which the page is asked for where nobody is asked for a token; addresses and `localhost` always are. It keeps other sites from asking under a name of theirs that leads here.',
      ),
  }),
  open: serve,
})

/** The host that was asked for, without its port. */
function hostOf(context: Context): string {
  const host = (context.req.header('host') ?? '').replace(/:\d+$/, '')
  return host.replace(/^\[(.*)\]$/, '$1').toLowerCase()
}

function isSecure(context: Context): boolean {
  const { incoming } = context.env as HttpBindings
  return (
    (incoming.socket as Partial<TLSSocket>).encrypted === true || context.req.header('x-forwarded-proto') === 'https'
  )
}

/** A story is told in words, where the page shows it. */
function withStories(reply: Reply<'explain'>): unknown {
  if (reply.is === 'failed') return reply
  const { traces, held, ...rest } = reply.answer
  const stories = traces.map(({ id, app, acceptedAt, state, ...trace }) => {
    const lines = storyOf({ id, app, acceptedAt, state, ...trace }, held[app])
    return { id, app, acceptedAt, state, lines }
  })
  return { is: 'answer', answer: { ...rest, held, stories } }
}

function serve({ glance, ask, clock }: HttpSurroundings, { hosts }: { readonly hosts: readonly string[] }): Served {
  const sessions = makeSessions(clock)
  const feed = makeFeed({ glance, clock })
  /** Its own for each process: cookies of one host are shared by all its ports. */
  const cookie = `xmpp-push-${randomBytes(4).toString('hex')}`
  const known = hosts.map((host) => host.toLowerCase())

  function isOurs(context: Context): boolean {
    const host = hostOf(context)
    return isIP(host) !== 0 || host === 'localhost' || host.endsWith('.localhost') || known.includes(host)
  }

  function keep(context: Context, value: string, maxAge: number): void {
    const own = { path: BASE.slice(0, -1), httpOnly: true, sameSite: 'Strict', secure: isSecure(context) } as const
    setCookie(context, cookie, value, { ...own, maxAge })
  }

  function sessionOf(context: Context, caller: Caller): Session | undefined {
    const id = getCookie(context, cookie)
    return id === undefined ? undefined : sessions.of(id, caller)
  }

  const tell = (context: Context, { name, csrf }: Session): Response =>
    context.json({ ...(name === undefined ? {} : { name }), csrf: csrf.reveal() }, 200, fresh)
  const refuse = (context: Context, status: 400 | 401 | 403 | 503, why: string): Response =>
    context.json({ is: 'failed', why }, status, fresh)
  const signIn = (context: Context): Response => refuse(context, 401, 'You are not signed in, or no longer.')

  function open(context: Context, caller: Caller): Response {
    if (caller.name === undefined && !isOurs(context)) {
      const why = `This page is not served under the name ${hostOf(context)}; add it to http.interfaces.page.hosts.`
      return refuse(context, 403, why)
    }
    const { id, session } = sessions.open(caller, bearerOf(context.req.header('authorization')))
    keep(context, id.reveal(), LIFE)
    return tell(context, session)
  }

  function close(context: Context): Response {
    const id = getCookie(context, cookie)
    if (id !== undefined) sessions.close(id)
    keep(context, '', 0)
    return context.body(null, 204, fresh)
  }

  function watch(context: Context, caller: Caller): Response {
    if (sessionOf(context, caller) === undefined) return signIn(context)
    const stream = feed.open(() => sessionOf(context, caller) !== undefined)
    if (stream === undefined) return refuse(context, 503, 'Too many pages are open.')
    const headers = { ...fresh, 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' }
    return context.body(stream, 200, headers)
  }

  /** A question of the page's own scripts, or why it is none. */
  async function asked<T>(context: Context, session: Session | undefined, body: z.ZodType<T>): Promise<T | Response> {
    if (session === undefined) return signIn(context)
    if (!isOfSession(session, context.req.header(CSRF))) {
      return refuse(context, 403, 'This did not come from the page; load it again.')
    }
    const read = body.safeParse(jsonIn(await context.req.text()))
    return read.success ? read.data : refuse(context, 400, 'The question is not what the page asks.')
  }

  async function explain(context: Context, caller: Caller): Promise<Response> {
    const question = await asked(context, sessionOf(context, caller), about)
    if (question instanceof Response) return question
    return context.json(withStories(await ask({ ask: 'explain', ...question })), 200, fresh)
  }

  async function test(context: Context, caller: Caller): Promise<Response> {
    const session = sessionOf(context, caller)
    const question = await asked(context, session, device)
    if (question instanceof Response) return question
    const by = session?.name === undefined ? 'the page' : `${session.name} at the page`
    const asking: Extract<Question, { ask: 'test' }> = { ask: 'test', name: question.device, by }
    return context.json(await ask(asking), 200, fresh)
  }

  const out = { 401: { when: 'nobody is signed in' } }
  const guarded = { ...out, 403: { when: 'it did not come from the page' } }
  const route = (route: Omit<HttpRoute, 'for'>): HttpRoute => ({ ...route, for: 'anyone' })
  return {
    routes: [
      route({
        ...{ method: 'GET', path: BASE.slice(0, -1) },
        tells: { summary: 'Leads to the page.', answers: { 308: { when: 'always' } } },
        answer: (context) => context.redirect(BASE, 308),
      }),
      ...fileRoutes(),
      {
        ...{ method: 'POST', path: `${BASE}session`, answer: open },
        tells: {
          summary: 'Signs in: with a token, a certificate or, where nobody is asked, without.',
          answers: {
            200: { when: 'signed in; a cookie is the session', body: told },
            401: { when: 'the token is wrong' },
            403: { when: 'the page is not served under this name' },
          },
        },
      },
      route({
        ...{ method: 'GET', path: `${BASE}session` },
        tells: { summary: 'Who is signed in.', answers: { 200: { when: 'somebody is', body: told }, ...out } },
        answer(context, caller) {
          const session = sessionOf(context, caller)
          return session === undefined ? signIn(context) : tell(context, session)
        },
      }),
      route({
        ...{ method: 'DELETE', path: `${BASE}session`, answer: close },
        tells: { summary: 'Signs out.', answers: { 204: { when: 'always' } } },
      }),
      route({
        ...{ method: 'GET', path: `${BASE}events`, answer: watch },
        tells: {
          summary: 'The service at a glance, as server-sent events: all of it, then every second what changed.',
          answers: { 200: { when: 'somebody is signed in' }, ...out, 503: { when: 'too many pages are open' } },
        },
      }),
      route({
        ...{ method: 'POST', path: `${BASE}explain`, answer: explain },
        tells: {
          summary: 'What is known of an account, a node, a device or a push.',
          ...{ body: about, answers: { 200: { when: 'it was asked rightly' }, ...guarded } },
        },
      }),
      route({
        ...{ method: 'POST', path: `${BASE}test`, answer: test },
        tells: {
          summary: 'Sends a test push to a device.',
          ...{ body: device, answers: { 200: { when: 'it was asked rightly' }, ...guarded } },
        },
      }),
    ],
  }
}

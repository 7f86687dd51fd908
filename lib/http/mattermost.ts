/**
 * The push proxy of Mattermost's servers: `POST /api/v1/send_push` and `/ack`, always answered with 200 and texts. They never ask again: what
 * they hear as OK is ours. REMOVE costs a device its pushes until it signs in again, so only what is proven dead is.
 */
import { type KeyObject } from 'node:crypto'
import { type Context } from 'hono'
import { z } from 'zod'
import { makePacer } from '../gate'
import { type DoorApp } from '../intake/app'
import { type DeliverAnswer } from '../intake/deliver'
import { matchApp } from '../model/match'
import { type NotificationClass } from '../model/notification'
import { type OptionWords } from '../model/options'
import { type Caller } from './caller'
import { httpInterface, type HttpSurroundings, type Served } from './interface'
import { makeMattermostFigures, type MattermostCounted } from './mattermost-figures'
import { ackBody, platformsOf, pushBody, readAck, readPush, type MattermostPush } from './mattermost-request'
import { isSignedBy, signerOf } from './mattermost-signature'
import { spoken } from '../model/spoken'

/** Milliseconds; the server waits for half a minute. */
const LISTEN = 5_000

/** How much one server may send: a thousand devices at once, and more than a busy team. */
const PER_SERVER = { burst: 1_000, perSecond: 100 }

const reply = z.object({ status: z.enum(['OK', 'REMOVE', 'FAIL']), error: z.string().optional() })
type Reply = z.output<typeof reply>

interface Settings {
  readonly servers?: readonly string[] | undefined
  readonly perServer: { readonly burst: number; readonly perSecond: number }
  readonly signers: Readonly<Record<string, KeyObject>>
}

export const mattermost = httpInterface({
  name: 'mattermost',
  for: 'callers',
  about: "The interface of Mattermost's push proxy.",
  options: (words: OptionWords) => ({
    servers: z
      .array(z.string().min(1))
      .exactOptional()
      .describe('The `server_id` that may ask; every one if it is left out.'),
    perServer: z
      .strictObject({
        burst: z.int().min(1).default(PER_SERVER.burst).describe('So many at once.'),
        perSecond: z.number().positive().default(PER_SERVER.perSecond).describe('So many a second in the long run.'),
      })
      .prefault({})
      .describe('What one `server_id` of one caller may send.'),
    signers: z
      .record(
        z.string(),
        words.credential.transform((pem, context): KeyObject => {
          const key = signerOf(pem.text())
          if (key !== undefined) return key
          const mend = "Name a file with the server's public key (-----BEGIN PUBLIC KEY-----), an EC key on P-256"
          context.addIssue({ code: 'custom', message: 'is no public key for ES256', params: { mend } })
          return z.NEVER
        }),
      )
      .default({})
      .describe('By `server_id`: its public key as PEM. Pushes of that server must be signed with it, but for tests.'),
  }),
  open: serve,
})

function classOf({ type, isVoip }: MattermostPush, { speaks }: DoorApp): NotificationClass {
  // Android has no other way for a call than for a message: it is sent and kept like one.
  if (isVoip && speaks !== 'fcm') return 'call'
  return type === 'clear' || type === 'update_badge' ? 'dismiss' : 'message'
}

/** What the server is told, and why, in a word for the figures. */
function replyTo(answer: DeliverAnswer): { readonly reply: Reply; readonly reason: string } {
  const fail = (reason: string, error: string) => ({ reply: { status: 'FAIL', error } as const, reason })
  switch (answer.is) {
    case 'accepted': {
      const { end, outcome } = answer.heard ?? {}
      if (end === 'gone') return { reply: { status: 'REMOVE' }, reason: 'dead token' }
      if (end === undefined || end === 'delivered' || end === 'quiet') return { reply: { status: 'OK' }, reason: '' }
      const why = outcome !== undefined && 'why' in outcome ? outcome.why : end
      return fail(outcome?.is ?? end, `the push service did not take it: ${why}`)
    }
    case 'dead':
      return { reply: { status: 'REMOVE' }, reason: 'dead token' }
    case 'unknown-app':
    case 'not-an-address':
      return fail(answer.is, answer.why)
    case 'trouble':
      return fail('trouble', 'nothing was taken')
  }
}

function serve({ apps, deliver, observe, live, clock }: HttpSurroundings, settings: Settings): Served {
  const { servers, perServer, signers } = settings
  const pacer = makePacer(perServer, clock)
  const figures = makeMattermostFigures((platform) =>
    [...apps().values()].some(({ match }) => platformsOf(match?.platform ?? '').at(-1) === platform),
  )

  function appOf({ platform }: MattermostPush): DoorApp | string {
    for (const each of platformsOf(platform)) {
      const matched = matchApp(apps().values(), { platform: each })
      if (matched.is === 'one') return matched.app
      if (matched.is === 'several')
        return `the apps ${matched.names.join(' and ')} match platform ${spoken(each)} alike`
    }
    return `no app has a match of platform ${platformsOf(platform).map(spoken).join(' or ')}`
  }

  /** Why this push is not taken, for the server and for the operator. */
  function refusalOf(push: MattermostPush): string | undefined {
    const { serverId, type, deviceId } = push
    if (servers?.includes(serverId) === false) return 'this server may not send pushes here'
    const key = Object.hasOwn(signers, serverId) ? signers[serverId] : undefined
    if (key === undefined || (type === 'test' && push.signature === '')) return undefined
    return isSignedBy(key, { ...push, deviceId }) ? undefined : 'the signature is not of this server and this push'
  }

  async function send(push: MattermostPush, caller: string): Promise<{ reply: Reply; reason: string }> {
    const refused = refusalOf(push)
    if (refused !== undefined) {
      observe({ at: 'notice', about: 'mattermost', text: `server ${spoken(push.serverId)} of ${caller}: ${refused}` })
      return { reply: { status: 'FAIL', error: refused }, reason: 'not allowed' }
    }
    const app = appOf(push)
    if (typeof app === 'string') {
      observe({ at: 'notice', about: 'mattermost', text: `${app}; give the app that is meant a "match"` })
      const error = `Did not send message because of missing platform property type=${push.platform}`
      return { reply: { status: 'FAIL', error }, reason: 'no app' }
    }
    const kind = classOf(push, app)
    const since = clock.elapsed()
    const answer = await deliver({
      ...{ caller: `${caller} ${push.serverId}`, app: app.name, address: push.deviceId, listen: LISTEN },
      ...{ class: kind, content: { given: push.given } },
    })
    if (answer.is === 'accepted' && answer.heard?.outcome !== undefined) {
      figures.heard(app.speaks, (clock.elapsed() - since) / 1000)
    }
    return replyTo(answer)
  }

  async function sendPush(context: Context, caller: Caller): Promise<Response> {
    const since = clock.elapsed()
    const read = readPush(await context.req.text())
    if (read.is === 'fault') {
      figures.badRequest()
      return said(context, { status: 'FAIL', error: read.why })
    }
    const push = read.read
    const who = caller.name ?? caller.address
    if (pacer.take(`${who}\n${push.serverId}`, 1) > 0)
      return context.text('limit exceeded\n', 429, { 'retry-after': '1' })
    const [platform = '', version = '1'] = push.platform.split('-v')
    const transport = push.isVoip ? 'voip' : 'standard'
    figures.asked(platform, push.type, transport, version)
    const { reply, reason } = await send(push, who)
    const counted: MattermostCounted =
      reply.status === 'OK'
        ? { status: 'OK', isAckWanted: push.ackId !== '' }
        : { status: reply.status, transport, reason }
    figures.answered(platform, push.type, counted, (clock.elapsed() - since) / 1000)
    return said(context, reply)
  }

  async function ack(context: Context): Promise<Response> {
    const read = readAck(await context.req.text())
    if (read.is === 'fault') {
      figures.badRequest()
      return said(context, { status: 'FAIL', error: read.why })
    }
    figures.acknowledged(read.read.platform, read.read.type)
    return said(context, { status: 'OK' })
  }

  const answers = {
    200: { when: 'always; what came of it is in `status`', body: reply },
    429: { when: 'the caller, or its server, sends too much' },
  }
  return {
    figures: figures.figures,
    status: () => figures.status(),
    routes: [
      {
        ...{ method: 'POST', path: '/api/v1/send_push', answer: sendPush },
        tells: { summary: 'Takes a push for one device.', body: pushBody, answers },
      },
      {
        ...{ method: 'POST', path: '/api/v1/ack', answer: ack },
        tells: { summary: 'Hears that a device has a push.', body: ackBody, answers },
      },
      {
        ...{ method: 'GET', path: '/version' },
        tells: { summary: 'Which version this is.', answers: { 200: { when: 'always' } } },
        answer: (context) => context.json({ hash: '', version: live.version }),
      },
      {
        ...{ method: 'GET', path: '/' },
        tells: { summary: 'That something is here.', answers: { 200: { when: 'always' } } },
        answer: (context) => context.html('<html><body>xmpp-push, a push proxy for Mattermost</body></html>'),
      },
    ],
    refuse(context, why) {
      switch (why) {
        case 'too-large':
          return said(context, { status: 'FAIL', error: 'the body is too large' })
        case 'broken':
          return said(context, { status: 'FAIL', error: 'this did not work; it is our fault' })
        case 'unavailable':
          return said(context, { status: 'FAIL', error: 'nothing can be stored at the moment' })
        case 'too-many':
        case 'unauthorized':
          return undefined
      }
    },
  }
}

/** COMPAT(Mattermost): it reads a map of texts, so there is nothing else in it. */
function said(context: Context, { status, error }: Reply): Response {
  return context.json({ status, ...(error === undefined ? {} : { error }) }, 200)
}

/**
 * mod_push_appserver's HTTP interface, version 1 (retired 2022): apps register a device under a node of their own choice, without an
 * account, and whoever has the node's secret wakes it. The same registry as the command `v1-register-push`.
 */
import { type Context } from 'hono'
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { makePacer } from '../gate'
import { ANY_DOMAIN, standIn } from '../model/stand-in'
import { escaped, failed, formIn, formPage, MOST, ok, page } from './appserver-words'
import { type Caller } from './caller'
import { httpInterface, type HttpRoute, type HttpSurroundings, type Served, type Told } from './interface'

/** Milliseconds. */
const LISTEN = 5_000

/** Per address that asks: devices register, and the servers of accounts publish over XMPP. */
const PACE = { burst: 20, perSecond: 1 }

/** Devices that are listed at most. */
const MOST_LISTED = 500

const DIALECT = 'appserver'
const types = ['apns', 'fcm'] as const

export const appserver = httpInterface({
  name: 'appserver',
  for: 'anyone',
  about: "mod_push_appserver's HTTP interface, version 1.",
  options: () => ({
    debugging: z.boolean().default(false).describe('Whether its forms and the list of its devices are shown.'),
  }),
  open: serve,
})

/** Whoever registers here says of no account: a node has one owner, who stands in for it. */
const ownerOf = (node: string): string => standIn(createHash('sha1').update(node).digest('hex'), ANY_DOMAIN)

const told = (summary: string, body: z.ZodType, ok: string): Told => ({
  ...{ summary, body, bodyType: 'application/x-www-form-urlencoded' },
  answers: {
    200: { when: `${ok}, or ERROR and why not, in lines of text` },
    400: { when: 'a field is missing, or the body is too large' },
    429: { when: 'the address asks too often' },
  },
})

function serve(surroundings: HttpSurroundings, { debugging }: { readonly debugging: boolean }): Served {
  const { command, byNode, ask, domains, clock } = surroundings
  const pacer = makePacer(PACE, clock)

  /** The component whose host was asked, as in Prosody; else the first one. */
  function serviceOf(context: Context): string {
    const host = new URL(context.req.url).hostname
    return domains.find((each) => each === host) ?? domains[0] ?? ''
  }

  type Asked = Readonly<Record<string, string>>
  /** Reads these fields and answers in place of the route where one is missing. */
  const withFields =
    (names: readonly string[], answer: (context: Context, asked: Asked, caller: Caller) => Promise<Response>) =>
    async (context: Context, caller: Caller): Promise<Response> => {
      if (pacer.take(caller.address, 1) > 0) {
        context.header('retry-after', '1')
        return failed(context, 'Ratelimit reached!', 429)
      }
      const fields = await formIn(context)
      const asked = Object.fromEntries(names.map((name) => [name, fields.get(name)?.[0]?.trim() ?? '']))
      const absent = names.filter((name) => asked[name] === '')
      return absent.length > 0
        ? failed(context, `${absent.join(' and ')} missing`, 400)
        : answer(context, asked, caller)
    }

  const register = withFields(['type', 'node', 'token'], async (context, { type = '', node = '', token = '' }) => {
    const fields = new Map([
      ['type', [type]],
      ['node', [node]],
      ['token', [token]],
    ])
    const answer = await command({
      ...{ dialect: DIALECT, command: 'v1-register-push', service: serviceOf(context), fields },
      ...{ requester: { domain: ANY_DOMAIN }, standIn: ownerOf(node) },
    })
    if (answer.is === 'registered') {
      return ok(context, answer.registration.node, answer.registration.secret?.reveal() ?? '')
    }
    return failed(context, 'why' in answer ? answer.why : 'Internal server error!')
  })

  const unregister = withFields(['type', 'node'], async (context, { type = '', node = '' }) => {
    const speaks = types.find((each) => each === type)
    const service = serviceOf(context)
    const its =
      speaks === undefined
        ? undefined
        : await byNode.unregister({ service, dialect: DIALECT, owner: ownerOf(node), node, speaks })
    if (its === undefined) return failed(context, 'Node not found!')
    return ok(context, its.node, its.secret?.reveal() ?? '')
  })

  const push = withFields(['node', 'secret'], async (context, { node = '', secret = '' }, { name, address }) => {
    const answer = await byNode.push({
      ...{ service: serviceOf(context), dialect: DIALECT, node, secret },
      ...{ caller: name ?? address, listen: LISTEN },
    })
    if (answer.is === 'unknown') return failed(context, 'Node or secret not found!')
    const end = answer.is === 'accepted' ? answer.heard?.end : 'refused'
    return end === undefined || end === 'delivered' ? ok(context, node) : failed(context, 'Internal server error!')
  })

  const shown = (answer: (context: Context) => Response | Promise<Response>) => (context: Context) =>
    debugging ? answer(context) : failed(context, 'Shown only with "debugging".', 403)

  async function list(context: Context): Promise<Response> {
    const reply = await ask({ ask: 'devices', limit: MOST_LISTED })
    const devices = reply.is === 'answer' ? reply.answer.devices : []
    const nodes = devices.filter(({ dialect }) => dialect === DIALECT).map(({ node }) => node)
    const links = nodes.map(
      (node) => `<a href="settings/${escaped(encodeURIComponent(node))}">${escaped(node)}</a><br>`,
    )
    return page(context, `<h1>List of devices (node uuids)</h1>\n${links.join('\n')}`)
  }

  async function settings(context: Context): Promise<Response> {
    const reply = await ask({ ask: 'device', name: context.req.param('node') ?? '' })
    const devices = reply.is === 'answer' ? reply.answer.devices : []
    const its = devices.filter(({ dialect }) => dialect === DIALECT)
    // No secret: it is not among what an operator is shown. Of the token its last characters.
    return page(
      context,
      `<a href="../settings">Back to List</a><br>\n<pre>${escaped(JSON.stringify(its, null, 2))}</pre>`,
    )
  }

  const node = z.string().describe('A name of the device that stays the same.')
  const posts: readonly (readonly [string, string, readonly string[], Told, HttpRoute['answer']])[] = [
    [
      ...(['register', 'Register Push Node', ['type', 'node', 'token']] as const),
      told(
        'Registers a device.',
        z.object({ type: z.enum(types), node, token: z.string() }),
        'OK, the node, its secret',
      ),
      register,
    ],
    [
      ...(['unregister', 'Unregister Push Node', ['type', 'node']] as const),
      told('Unregisters a device.', z.object({ type: z.enum(types), node }), 'OK, the node, its secret'),
      unregister,
    ],
    [
      ...(['push', 'Send Push Request', ['node', 'secret']] as const),
      told('Wakes a device.', z.object({ node, secret: z.string() }), 'OK, the node'),
      push,
    ],
  ]
  const at = (path: string): string => `/push_appserver/v1/${path}`
  const looks = (path: string, summary: string, answer: HttpRoute['answer'], isFor: HttpRoute['for']): HttpRoute => ({
    ...{ method: 'GET', path: at(path), answer, ...(isFor === undefined ? {} : { for: isFor }) },
    tells: { summary, answers: { 200: { when: 'a page' }, 403: { when: 'it is not shown' } } },
  })
  return {
    mostBody: MOST,
    routes: [
      ...posts.flatMap(([path, title, fields, tells, answer]): readonly HttpRoute[] => [
        { method: 'POST', path: at(path), tells, answer },
        looks(
          path,
          `A form: ${title}.`,
          shown((context) => formPage(context, title, fields)),
          undefined,
        ),
      ]),
      looks('settings', 'Lists the devices.', shown(list), 'callers'),
      looks('settings/:node', 'Shows a device.', shown(settings), 'callers'),
      {
        ...{ method: 'GET', path: at('health'), answer: (context: Context) => page(context, 'RUNNING') },
        tells: { summary: 'Whether it runs.', answers: { 200: { when: 'always' } } },
      },
    ],
    refuse: (context, why) => {
      if (why === 'too-large') return failed(context, 'The body is too large.', 400)
      if (why === 'broken' || why === 'unavailable') return failed(context, 'Internal server error!')
      return why === 'too-many' ? failed(context, 'Ratelimit reached!', 429) : undefined
    },
  }
}

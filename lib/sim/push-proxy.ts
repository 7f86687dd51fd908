// A push gateway of Mattermost's interface as a strict fake, for who hands pushes on to one: HTTPS on loopback, replies by script, a journal of all.
// Not modelled: what it would send to Apple and Google.
import { createServer } from 'node:https'
import { type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo } from 'node:net'
import { processAuthority } from './certificates'
import { closing } from './closing'
import { flatHeaders, readBody, type Answer, type Journalled, type Watched } from './http-journal'
import { makeJournal } from './journal'
import { systemNow, type Now } from './time'

/** What it does instead of taking a push. */
export type PushProxyFault =
  | { readonly is: 'reply'; readonly status: 'REMOVE' | 'FAIL'; readonly error?: string }
  | {
      readonly is: 'answer'
      readonly status: number
      readonly body: string
      readonly headers?: Readonly<Record<string, string>>
    }
  | { readonly is: 'silence' }
  | { readonly is: 'cut' }

export interface PushProxyRequest extends Journalled {
  readonly push?: Readonly<Record<string, unknown>>
}

export interface PushProxySimulator extends Watched<PushProxyRequest> {
  /** `https://localhost:port` */
  readonly url: string
  /** PEM of the authority that vouches for it. */
  readonly ca: string
  readonly violations: readonly string[]
  /** Does this to the next request, or to so many; `Infinity` until `heal`. */
  readonly inject: (fault: PushProxyFault, scope?: { readonly times?: number }) => void
  readonly heal: () => void
  readonly close: () => Promise<void>
}

/** What the real one answers to `GET /version`. */
const VERSION = Object.freeze({ hash: '3f1c2ab', version: '6.4.3' })
const TEXTS = ['platform', 'server_id', 'device_id'] as const
const MAY = new Map<string, string>([
  ...['ack_id', 'post_id', 'category', 'sound', 'message', 'team_id', 'channel_id', 'root_id'].map(
    (name) => [name, 'string'] as const,
  ),
  ...['channel_name', 'sender_id', 'sender_name', 'override_username', 'override_icon_url', 'from_webhook'].map(
    (name) => [name, 'string'] as const,
  ),
  ...['version', 'type', 'sub_type', 'transport', 'signature'].map((name) => [name, 'string'] as const),
  ...['badge', 'cont_ava'].map((name) => [name, 'number'] as const),
  ...['is_crt_enabled', 'is_id_loaded'].map((name) => [name, 'boolean'] as const),
])

/** What is wrong with a push, in words; and the push, where it can be read. */
const judge = (body: string): { readonly wrong: readonly string[]; readonly push?: Record<string, unknown> } => {
  let push: unknown
  try {
    push = JSON.parse(body)
  } catch {
    return { wrong: ['the body is no JSON'] }
  }
  if (typeof push !== 'object' || push === null || Array.isArray(push)) return { wrong: ['the body is no object'] }
  const fields = push as Record<string, unknown>
  return {
    push: fields,
    wrong: [
      ...TEXTS.filter((name) => typeof fields[name] !== 'string' || fields[name] === '').map((name) => `no ${name}`),
      ...Object.entries(fields).flatMap(([name, value]) => {
        const type = MAY.get(name)
        return type === undefined || typeof value === type ? [] : [`${name} is no ${type}`]
      }),
    ],
  }
}

/** `token`: without it as a bearer token nobody may send. */
export const startPushProxySimulator = async (
  options: { readonly token?: string; readonly now?: Now } = {},
): Promise<PushProxySimulator> => {
  const { token, now = systemNow } = options
  const authority = processAuthority()
  const { certPem: cert, keyPem: key } = authority.issueServer({ names: ['localhost', '127.0.0.1'] })
  const { journal, record } = makeJournal<PushProxyRequest>('a push')
  const violations: string[] = []
  let orders: { readonly fault: PushProxyFault; left: number }[] = []

  const next = (): PushProxyFault | undefined => {
    const [first] = orders
    if (first === undefined) return undefined
    first.left -= 1
    if (first.left <= 0) orders = orders.slice(1)
    return first.fault
  }
  const answerTo = (
    wrong: readonly string[],
    fault: PushProxyFault | undefined,
    well: object = { status: 'OK' },
  ): Answer => {
    const json = (status: number, value: object): Answer => ({
      is: 'answer',
      status,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(value),
    })
    if (fault?.is === 'silence' || fault?.is === 'cut') return { is: 'fault', fault: fault.is }
    if (fault?.is === 'answer') return { ...fault, headers: fault.headers ?? {} }
    if (wrong.length > 0) return json(200, { status: 'FAIL', error: wrong.join(', ') })
    if (fault?.is === 'reply') {
      return json(200, { status: fault.status, ...(fault.error === undefined ? {} : { error: fault.error }) })
    }
    return json(200, well)
  }
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = (await readBody(request)).toString('utf8')
    const headers = flatHeaders(request.headers)
    const { method = '', url: path = '' } = request
    const isAsked = method === 'GET' && path === '/version'
    const isThere = method === 'POST' && path === '/api/v1/send_push'
    const may = token === undefined || headers['authorization'] === `Bearer ${token}`
    const { wrong, push } = isAsked ? { wrong: [] } : judge(body)
    const refused: Answer | undefined = !isThere
      ? { is: 'answer', status: 404, headers: {}, body: '404 page not found\n' }
      : may
        ? undefined
        : { is: 'answer', status: 401, headers: {}, body: 'no\n' }
    const answer = isAsked ? answerTo([], next(), VERSION) : (refused ?? answerTo(wrong, next()))
    const found = isThere ? wrong : isAsked ? [] : [`${method} ${path} is nothing of it`]
    violations.push(...found)
    record({
      ...{ at: now(), method, path, headers, body, answer, violations: found },
      ...(push === undefined ? {} : { push }),
    })
    if (answer.is === 'fault') {
      if (answer.fault === 'cut') request.socket.destroy()
      return
    }
    response.writeHead(answer.status, answer.headers)
    response.end(answer.body)
  }
  const server = createServer({ cert, key }, (request, response) => void serve(request, response))
  const close = closing(server)
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  return Object.freeze({
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    ca: authority.caPem,
    violations,
    journal: journal.entries,
    onRequest: journal.listen,
    waitFor: journal.waitFor,
    inject(fault: PushProxyFault, { times = 1 }: { readonly times?: number } = {}) {
      orders.push({ fault, left: times })
    },
    heal() {
      orders = []
    },
    close,
  })
}

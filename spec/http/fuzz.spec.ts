/**
 * Hostile input on every route of every interface: whatever is sent is answered, by no 5xx that the route does not tell of, and says nothing of
 * what is secret. The routes are those of `/openapi.json`, the interfaces those that there are: a new one is in it by itself.
 */
import * as fc from 'fast-check'
import { connect } from 'node:net'
import { interfaces } from '../../lib/http/interfaces'
import { IOS } from '../support/house'
import { startHttpHouse, type HttpHouse } from '../support/http-house'

const token = 'c4a5'.repeat(16)
const bearer = 'a-bearer-token-of-the-listener'
/** For each route. */
const RUNS = 40
const SEED = 20260101

/** JSON Schema, as far as bodies are described by it. */
interface Schema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
}
interface Operation {
  readonly method: string
  readonly path: string
  readonly statuses: readonly number[]
  /** Of its body, and how that is written; absent where none is described. */
  readonly asks?: { readonly schema: Schema; readonly isForm: boolean }
}
interface Described {
  readonly responses: Readonly<Record<string, unknown>>
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
}
interface Hostile {
  readonly method: string
  readonly target: string
  readonly headers: readonly string[]
  readonly body: Buffer
  /** Bytes that are kept back, though they were announced. */
  readonly short: number
  /** Whether the body comes in two halves. */
  readonly isHalved: boolean
}

let place: HttpHouse
let operations: readonly Operation[]

beforeAll(async () => {
  place = await startHttpHouse(
    interfaces.map(({ name }) => name),
    {
      listener: { auth: { tokens: { me: bearer } }, limit: { burst: 100_000, perSecond: 100_000 } },
      // Each request comes from an address of its own, so that none is only told to wait.
      http: { trustedProxies: ['127.0.0.1'] },
    },
  )
  place.house.apns.addDevice({ token, topic: IOS })
  const reply = await place.ask('GET', '/openapi.json', '', { authorization: `Bearer ${bearer}` })
  const { paths } = JSON.parse(reply.text) as {
    paths: Record<string, Record<string, Described>>
  }
  operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { responses, requestBody }]): Operation => {
      const [type = '', { schema } = {}] = Object.entries(requestBody?.content ?? {})[0] ?? []
      const asks = schema === undefined ? {} : { asks: { schema, isForm: type.includes('form') } }
      return { method: method.toUpperCase(), path, statuses: Object.keys(responses).map(Number), ...asks }
    }),
  )
})
afterAll(() => place.close())

const jsonWords = fc.oneof(
  fc.constantFrom('{', '[', '"', 'null', '0', '""', '[]', '{}', '{"a":', '1e999', '-0', '\u0000', '"\\ud800"', 'NaN'),
  fc.integer({ min: 1, max: 20_000 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
  fc.integer({ min: 1, max: 8_000 }).map((depth) => '{"data":'.repeat(depth) + '1' + '}'.repeat(depth)),
)
const oddValue = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    1e308,
    2 ** 53,
    '',
    '\ud800',
    '__proto__',
    [],
    {},
    [null],
    'apns',
    'fcm',
    IOS,
    token,
  ),
  fc.jsonValue({ maxDepth: 2 }),
)
/** The names that the interfaces know, so that what is wrong is looked at deeper down. */
const name = fc.constantFrom(
  ...[
    'service',
    'alert',
    'title',
    'body',
    'data',
    'tags',
    'mode',
    'topic',
    'account',
    'provider',
    'device-token',
    'token',
  ],
  ...[
    'options',
    'notification',
    'devices',
    'app_id',
    'pushkey',
    'type',
    'node',
    'secret',
    'platform',
    'server_id',
    'device_id',
  ],
  ...[
    'ack_id',
    'message',
    'badge',
    'id',
    'endpoint',
    'ask',
    '__proto__',
    'constructor',
    'toString',
    'received_at',
    'priority',
  ],
)
const object = fc
  .array(fc.tuple(name, fc.oneof(oddValue, fc.array(fc.tuple(name, oddValue), { maxLength: 4 }).map(objectOf))), {
    maxLength: 8,
  })
  .map(
    (pairs) =>
      `{${pairs.map(([key, value]) => `${JSON.stringify(key)}:${typeof value === 'string' && value.startsWith('{') ? value : JSON.stringify(value)}`).join(',')}}`,
  )
const form = fc
  .array(fc.tuple(name, fc.oneof(fc.string(), fc.constantFrom('%', '%zz', '%00', '&&', token))), { maxLength: 5 })
  .map((pairs) => pairs.map(([key, value]) => `${key}=${value}`).join('&'))
const body = fc.oneof(
  { weight: 4, arbitrary: object.map((text) => Buffer.from(text)) },
  { weight: 2, arbitrary: form.map((text) => Buffer.from(text)) },
  { weight: 2, arbitrary: jsonWords.map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: fc.constantFrom(4097, 65_537, 200_000).map((size) => Buffer.alloc(size, 'x')) },
)
const header = fc.oneof(
  fc.constantFrom(
    ...[
      'content-type: application/json',
      'content-type: application/x-www-form-urlencoded',
      'content-type: text/plain; charset=utf-7',
    ],
    ...[
      'content-type: multipart/form-data',
      'content-type: ;;;',
      'content-encoding: gzip',
      'accept: */*;q=x',
      'cookie: session=%',
    ],
    ...[
      'x-forwarded-for: 1.2.3.4, ::1, x',
      'authorization: Basic Og==',
      'authorization: Bearer',
      `authorization: Bearer ${'x'.repeat(4000)}`,
    ],
    ...[
      'traceparent: 00-0-0-0',
      `traceparent: 00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
      'origin: null',
      'host: [',
      'host: a b',
    ],
    ...[
      'x-mattermost-auth: x',
      'content-length: 0',
      'content-length: -1',
      'transfer-encoding: chunked',
      'expect: 100-continue',
    ],
  ),
  fc.integer({ min: 1, max: 20_000 }).map((size) => `x-large: ${'y'.repeat(size)}`),
)
const segment = fc.oneof(
  fc.constantFrom(
    'push.example.com',
    token,
    '%',
    '%00',
    '%ff%fe',
    '..',
    '__proto__',
    'a:b',
    '%2e%2e%2f',
    'x'.repeat(3_000),
    IOS,
  ),
  fc.string({ maxLength: 12 }).map((text) => encodeURIComponent(text.replace(/[\ud800-\udfff]/g, ''))),
)

function objectOf(pairs: readonly (readonly [string, unknown])[]): string {
  return `{${pairs.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`
}

/** Texts that some interface takes for an account, a node, an app or a token. */
const rightWord = fc.constantFrom(token, IOS, 'romeo@example.com', 'push.example.com', 'x', 'v2', 'apple_rn', '1')

/** What a schema describes. */
function fitting(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  const choices = schema.anyOf ?? schema.oneOf
  if (choices !== undefined) return fc.oneof(...choices.map(fitting))
  switch (schema.type) {
    case 'object': {
      const { properties = {}, required = [] } = schema
      const all = Object.fromEntries(Object.entries(properties).map(([key, its]) => [key, fitting(its)]))
      return fc.record(all, { requiredKeys: [...required].filter((key) => key in all) })
    }
    case 'array':
      return fc.array(fitting(schema.items ?? {}), { minLength: 1, maxLength: 3 })
    case 'integer':
    case 'number':
      return fc.integer({ min: 0, max: 5 })
    case 'boolean':
      return fc.boolean()
    case 'string':
      return rightWord
    default:
      return oddValue
  }
}

function written(value: unknown, isForm: boolean): Buffer {
  if (!isForm || typeof value !== 'object' || value === null) return Buffer.from(JSON.stringify(value) ?? '')
  const pairs = Object.entries(value).map(([key, each]): [string, string] => [key, String(each)])
  return Buffer.from(new URLSearchParams(pairs).toString())
}

/** A body that the route describes, as it is or with one part that is odd. */
function bodyOf({ asks }: Operation, isOdd: boolean): fc.Arbitrary<Buffer> {
  if (asks === undefined) return fc.constant(Buffer.alloc(0))
  const right = fitting(asks.schema)
  if (!isOdd) return right.map((value) => written(value, asks.isForm))
  return fc
    .tuple(right, oddValue, fc.nat())
    .map(([value, odd, at]) => {
      if (typeof value !== 'object' || value === null) return odd
      const keys = Object.keys(value)
      return { ...value, [keys[at % Math.max(1, keys.length)] ?? 'x']: odd }
    })
    .map((value) => written(value, asks.isForm))
}

let callers = 0
/** The next address that nobody has asked from. */
const newAddress = (): string => `10.${(++callers >> 16) & 255}.${(callers >> 8) & 255}.${callers & 255}`

const hostile = (of: Operation): fc.Arbitrary<Hostile> =>
  fc.record({
    method: fc.oneof(
      { weight: 8, arbitrary: fc.constant(of.method) },
      fc.constantFrom('HEAD', 'PUT', 'DELETE', 'OPTIONS'),
    ),
    target: fc
      .tuple(segment, fc.constantFrom('', '', '?', '?a=%zz&a', '/', '//'))
      .map(([part, tail]) => of.path.replace(/\{\w+\}/g, () => part) + tail),
    headers: fc
      .tuple(fc.array(header, { maxLength: 3 }), fc.integer({ min: 0, max: 3 }))
      .map(([all, known]) => [...(known === 0 ? [] : [`authorization: Bearer ${bearer}`]), ...all]),
    body: fc.oneof(body, bodyOf(of, true), bodyOf(of, false)),
    short: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.constant(5)),
    isHalved: fc.boolean(),
  })

/** Everything that comes back until the connection ends; a body that is cut short ends with it. */
function send({ method, target, headers, body: sent, short, isHalved }: Hostile): Promise<string> {
  const { hostname, port } = new URL(place.url)
  return new Promise((done) => {
    const socket = connect(Number(port), hostname)
    let said = ''
    socket.on('data', (chunk: Buffer) => (said += chunk.toString('latin1')))
    socket.on('error', () => done(said))
    socket.on('close', () => done(said))
    const fixed = headers.some((each) => /^(content-length|transfer-encoding)/.test(each))
    const host = headers.some((each) => each.startsWith('host:')) ? [] : ['host: push.example.com']
    const length = fixed ? [] : [`content-length: ${String(sent.length + short)}`]
    const from = headers.some((each) => each.startsWith('x-forwarded-for')) ? [] : [`x-forwarded-for: ${newAddress()}`]
    socket.write(
      `${[`${method} ${target} HTTP/1.1`, ...host, ...from, ...headers, ...length, 'connection: close'].join('\r\n')}\r\n\r\n`,
    )
    const half = isHalved ? sent.length >> 1 : 0
    socket.write(sent.subarray(0, half))
    socket.write(sent.subarray(half))
    if (short > 0 || fixed) socket.end()
  })
}

/** The interfaces' streams never end by themselves. */
const isStream = ({ path }: Operation): boolean => path.endsWith('/events')

it('serves every interface that there is', () => {
  const paths = operations.map(({ path }) => path).join(' ')
  for (const one of [
    '/push_appserver/v1/push',
    '/unregister-device/{jid}',
    '/_matrix/push/v1/notify',
    '/push/gcm/send',
  ]) {
    expect(paths).toContain(one)
  }
})

/** What a browser has that was let in; a token and a cookie of its own each time, for one of the routes ends it. */
async function signedIn(): Promise<readonly string[]> {
  const reply = await place.ask('POST', '/page/session', '', { authorization: `Bearer ${bearer}` })
  const { csrf } = JSON.parse(reply.text) as { readonly csrf: string }
  const cookie = (reply.headers['set-cookie'] ?? []).map((each) => each.split(';')[0] ?? '').join('; ')
  return [`authorization: Bearer ${bearer}`, `cookie: ${cookie}`, `x-csrf-token: ${csrf}`]
}

/** Routes whose own code answered, by what the log tells of each request; `odd`: what the door may say in their place. */
function reached(): ReadonlySet<string> {
  const odd = new Set([401, 413, 429])
  return new Set(
    place.house.log.flatMap((line) => {
      const { at, method, path, status } = JSON.parse(line) as Readonly<Record<string, string | number>>
      return at === 'asked' && !odd.has(Number(status)) ? [`${String(method)} ${String(path)}`] : []
    }),
  )
}

it('answers whatever is sent, with nothing that it does not tell of and nothing secret, and works on', async () => {
  for (const of of operations.filter((each) => !isStream(each))) {
    const inside = of.path.startsWith('/page/') ? (await signedIn()).slice(1) : []
    await fc.assert(
      fc.asyncProperty(hostile(of), async (request) => {
        const said = await send({ ...request, headers: [...request.headers, ...inside] })
        const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(said)?.[1] ?? 0)
        // A request that is cut short, or is no HTTP at all, may end without a word.
        if (status >= 500 && !of.statuses.includes(status)) {
          throw new Error(`${of.method} ${of.path} answered ${String(status)}: ${said.slice(0, 300)}`)
        }
        if (said.includes(bearer)) throw new Error('the bearer token came back')
        if (status >= 400 && said.includes(token)) throw new Error(`a device's token came back: ${said.slice(0, 300)}`)
      }),
      { seed: SEED, numRuns: RUNS },
    )
  }
  const log = place.house.log.join('')
  expect([token, bearer].filter((secret) => log.includes(secret))).toEqual([])
  expect([...log.matchAll(/[^"]*could not be handled[^"]*/g)].map(([line]) => line)).toEqual([])
  expect(log.includes('a request broke')).toBe(false)
}, 60_000)

it('still answers every route in its own words, asked as it describes itself', async () => {
  for (const of of operations.filter((each) => !isStream(each))) {
    const headers = await signedIn()
    const target = of.path.replace(/\{\w+\}/g, () => 'push.example.com')
    for (const right of fc.sample(bodyOf(of, false), { numRuns: 3, seed: SEED })) {
      const said = await send({ method: of.method, target, headers, body: right, short: 0, isHalved: false })
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(said)?.[1] ?? 0)
      expect([of.path, of.statuses.length === 0 || of.statuses.includes(status) || status < 500, status > 0]).toEqual([
        ...[of.path, true, true],
      ])
    }
  }
  for (const of of operations.filter(isStream)) {
    const socket = connect(Number(new URL(place.url).port), '127.0.0.1')
    const head = [`${of.method} ${of.path} HTTP/1.1`, 'host: 127.0.0.1', ...(await signedIn())].join('\r\n')
    const said = await new Promise<string>((done) => {
      socket.once('data', (chunk: Buffer) => done(chunk.toString('latin1')))
      socket.write(`${head}\r\n\r\n`)
    })
    expect(said).toMatch(/^HTTP\/1\.1 200 [\s\S]*event-stream/)
    socket.destroy()
  }
  const there = reached()
  // In the log a parameter is written as hono has it.
  const plain = (path: string): string => path.replace(/:(\w+)(\{[^}]*\})?/g, '{$1}')
  const known = new Set([...there].map(plain))
  expect(operations.filter((each) => !isStream(each) && !known.has(`${each.method} ${each.path}`))).toEqual([])
}, 60_000)

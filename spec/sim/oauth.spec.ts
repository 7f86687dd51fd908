import { createSign } from 'node:crypto'
import { request } from 'node:https'
import { startOauthSimulator, type OauthSimulator } from '../../lib/sim/oauth'
import { oauthRows, type OauthRow } from '../../lib/sim/oauth-rows'
import { type ServiceAccount } from '../../lib/sim/service-account'
import { certify } from '../support/certifier'

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging'
const NOW = Date.UTC(2026, 0, 1)

interface Heard {
  readonly status: number
  readonly body: string
  readonly retryAfter: string | undefined
}

describe('lib/sim/oauth', () => {
  let simulator: OauthSimulator
  let account: ServiceAccount
  let now = NOW

  beforeAll(async () => {
    simulator = await startOauthSimulator({ now: () => now })
    account = simulator.newServiceAccount({ projectId: 'demo' })
  })
  afterAll(() => simulator.close())
  beforeEach(() => {
    now = NOW
    simulator.heal()
  })

  const post = (form: string, contentType = 'application/x-www-form-urlencoded', path = '/token'): Promise<Heard> =>
    new Promise((heard, failed) => {
      const asked = request(
        { host: '127.0.0.1', port: simulator.port, path, method: 'POST', ca: simulator.ca, agent: false },
        (response) => {
          let body = ''
          response.on('data', (chunk: Buffer) => (body += chunk.toString()))
          response.on('error', failed)
          response.on('end', () =>
            heard({ status: response.statusCode ?? 0, body, retryAfter: response.headers['retry-after'] }),
          )
        },
      )
      asked.on('error', failed)
      asked.setHeader('content-type', contentType)
      asked.end(form)
    })
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const assertion = (claims: object = {}, header: object = {}, key = account.private_key): string => {
    const iat = Math.floor(now / 1000)
    const body = { iss: account.client_email, scope: SCOPE, aud: simulator.tokenUri, iat, exp: iat + 3600, ...claims }
    const signed = `${part({ alg: 'RS256', typ: 'JWT', ...header })}.${part(body)}`
    return `${signed}.${createSign('sha256').update(signed).sign(key, 'base64url')}`
  }
  const ask = (jwt = assertion()): Promise<Heard> =>
    post(new URLSearchParams({ grant_type: GRANT, assertion: jwt }).toString())
  const latest = () => simulator.journal.at(-1)

  it('grants a bearer token for a correct assertion, and knows whose it is', async () => {
    const { status, body } = await ask()
    const reply = JSON.parse(body) as Record<string, unknown>
    expect(status).toBe(200)
    expect(reply).toEqual({
      access_token: expect.stringMatching(/^ya29\./) as unknown,
      expires_in: 3599,
      token_type: 'Bearer',
    })
    expect(simulator.bearer(String(reply['access_token']))).toEqual({ is: 'live', email: account.client_email })
    expect(latest()).toMatchObject({ method: 'POST', path: '/token', form: { grant_type: GRANT }, violations: [] })
    expect(latest()?.claims).toMatchObject({ iss: account.client_email, scope: SCOPE })
  })

  it('takes a key id that is right, and refuses one that is not', async () => {
    expect((await ask(assertion({}, { kid: account.private_key_id }))).status).toBe(200)
    expect((await ask(assertion({}, { kid: 'another' }))).body).toBe(oauthRows['invalid signature'].body)
  })

  const seconds = NOW / 1000
  const faulty: readonly [what: string, row: OauthRow, ask: () => Promise<Heard>][] = [
    ['another content type', 'invalid request', () => post('{}', 'application/json')],
    ['another grant type', 'unsupported grant', () => post('grant_type=password')],
    ['no JWT', 'invalid request', () => ask('abc')],
    ['an unsigned JWT', 'invalid signature', () => ask(assertion({}, { alg: 'none' }))],
    ['an unknown account', 'account not found', () => ask(assertion({ iss: 'who@demo' }))],
    ['a foreign audience', 'failed audience', () => ask(assertion({ aud: 'https://example.com/token' }))],
    ['no scope', 'missing scope', () => ask(assertion({ scope: undefined }))],
    ['a foreign scope', 'invalid scope', () => ask(assertion({ scope: `${SCOPE} https://example.com/x` }))],
    ['a life of over an hour', 'unreasonable timeframe', () => ask(assertion({ exp: seconds + 3601 }))],
    ['an issue in the future', 'unreasonable timeframe', () => ask(assertion({ iat: seconds + 400 }))],
    [
      'an expiry in the past',
      'unreasonable timeframe',
      () => ask(assertion({ iat: seconds - 900, exp: seconds - 400 })),
    ],
    ['a time that is text', 'unreasonable timeframe', () => ask(assertion({ iat: 'now' }))],
  ]
  it.each(faulty)('refuses %s with «%s»', async (what, row, asked) => {
    expect(await asked()).toMatchObject({ status: oauthRows[row].status, body: oauthRows[row].body })
    expect(latest()?.violations).toHaveLength(what === 'an unknown account' ? 0 : 1)
  })

  it('refuses a signature of another key and of a deleted one', async () => {
    const other = simulator.newServiceAccount({ projectId: 'other' })
    expect((await ask(assertion({}, {}, other.private_key))).body).toBe(oauthRows['invalid signature'].body)
    const second = simulator.newServiceAccount({ projectId: 'demo', key: 'second' })
    expect((await ask(assertion({}, {}, second.private_key))).status).toBe(200)
    simulator.deleteKey(second)
    expect((await ask(assertion({}, {}, second.private_key))).body).toBe(oauthRows['invalid signature'].body)
  })

  it('answers with any row it is told to, so many times', async () => {
    for (const row of Object.keys(oauthRows) as OauthRow[]) {
      simulator.inject({ is: 'row', row, retryAfter: '7' })
      expect(await ask()).toMatchObject({ body: oauthRows[row].body, retryAfter: '7' })
    }
    expect((await ask()).status).toBe(200)
  })

  it('grants with the life it is told to, and counts it by its own clock', async () => {
    for (const expiresIn of [1, '3599', undefined]) {
      simulator.inject({ is: 'grant', expiresIn })
      expect((JSON.parse((await ask()).body) as Record<string, unknown>)['expires_in']).toBe(expiresIn)
    }
    const token = (JSON.parse((await ask()).body) as { access_token: string }).access_token
    now += 3598_000
    expect(simulator.bearer(token).is).toBe('live')
    now += 1000
    expect(simulator.bearer(token).is).toBe('expired')
  })

  it('revokes what it granted and keeps what it grants afterwards', async () => {
    const before = (JSON.parse((await ask()).body) as { access_token: string }).access_token
    simulator.revokeTokens()
    const later = (JSON.parse((await ask()).body) as { access_token: string }).access_token
    expect(simulator.bearer(before).is).toBe('revoked')
    expect(simulator.bearer(later).is).toBe('live')
    expect(simulator.bearer('ya29.guess').is).toBe('unknown')
  })

  it('notices two requests of one account at once', async () => {
    let release: () => void = () => undefined
    simulator.inject({ is: 'held', until: new Promise<void>((free) => (release = free)) })
    const count = simulator.journal.length
    const first = ask()
    await simulator.waitFor((entry) => simulator.journal.indexOf(entry) >= count)
    await ask()
    expect(latest()?.violations).toEqual([`2 token requests of ${account.client_email} at once`])
    release()
    expect((await first).status).toBe(200)
  })

  it('cuts, refuses and accepts connections', async () => {
    simulator.inject({ is: 'cut', at: 'before the answer' })
    await expect(ask()).rejects.toThrow()
    simulator.inject({ is: 'cut', at: 'in the body' })
    await expect(ask()).rejects.toThrow()
    await simulator.refuse()
    await expect(ask()).rejects.toThrow('ECONNREFUSED')
    await simulator.accept()
    expect((await ask()).status).toBe(200)
  })

  it('answers 404 away from its address', async () => {
    expect((await post('', undefined, '/elsewhere')).status).toBe(404)
  })
})

describe('lib/sim/oauth, certified by google-auth-library', () => {
  let simulator: OauthSimulator
  beforeAll(async () => {
    simulator = await startOauthSimulator()
  })
  afterAll(() => simulator.close())
  const run = (task: object) =>
    certify('google-auth-library', { hosts: { 'oauth2.googleapis.com': simulator.port }, ca: simulator.ca }, task)

  it('gets one token for five concurrent calls, and violates nothing', async () => {
    const account = simulator.newServiceAccount({ projectId: 'demo' })
    const tokens = (await run({ account, times: 5 })) as readonly { readonly token: string }[]
    expect(new Set(tokens.map(({ token }) => token)).size).toBe(1)
    expect(simulator.bearer(tokens[0]?.token ?? '')).toEqual({ is: 'live', email: account.client_email })
    expect(simulator.journal).toHaveLength(1)
    expect(simulator.violations).toEqual([])
  })

  it('hears a refusal in the words of Google', async () => {
    const account = simulator.newServiceAccount({ projectId: 'demo' })
    simulator.deleteKey(account)
    expect(await run({ account })).toEqual([{ error: 'invalid_grant: Invalid JWT Signature.' }])
    expect(await run({ account: simulator.newServiceAccount({ projectId: 'demo' }), scopes: ['odd'] })).toEqual([
      { error: 'invalid_scope: Invalid OAuth scope or ID token audience provided.' },
    ])
  })
})

import { type Outcome } from '../../lib/model/outcome'
import { type Provider } from '../../lib/providers/provider'
import { answers } from '../../lib/sim/apns-answers'
import { startApp, type AppUnderTest } from '../support/apns-app'

describe('providers/apns-reasons', () => {
  let app: AppUnderTest
  let provider: Provider
  beforeAll(async () => {
    app = await startApp({ tokenUpdates: { count: 1, withinMs: 1 } })
    provider = app.open()
  })
  afterAll(() => app.close())
  const at = Date.UTC(2026, 4, 1)
  it.each<[Parameters<typeof answers.refuse>[0], Partial<Outcome>]>([
    ['BadCollapseId', { is: 'refused' }],
    ['BadDeviceToken', { is: 'suspect' }],
    ['BadExpirationDate', { is: 'refused' }],
    ['BadMessageId', { is: 'refused' }],
    ['BadPriority', { is: 'refused' }],
    ['BadTopic', { is: 'misconfigured' }],
    ['DeviceTokenNotForTopic', { is: 'suspect' }],
    ['DuplicateHeaders', { is: 'refused' }],
    ['InvalidPushType', { is: 'refused' }],
    ['MissingDeviceToken', { is: 'refused' }],
    ['MissingTopic', { is: 'misconfigured' }],
    ['PayloadEmpty', { is: 'refused' }],
    ['TopicDisallowed', { is: 'misconfigured' }],
    ['BadCertificate', { is: 'misconfigured' }],
    ['BadCertificateEnvironment', { is: 'misconfigured' }],
    ['BadEnvironmentKeyIdInToken', { is: 'misconfigured' }],
    ['BadEnvironmentKeyInToken', { is: 'misconfigured' }],
    ['Forbidden', { is: 'misconfigured' }],
    ['MissingProviderToken', { is: 'misconfigured' }],
    ['BadPath', { is: 'refused' }],
    ['MethodNotAllowed', { is: 'refused' }],
    ['PayloadTooLarge', { is: 'refused' }],
    ['TooManyProviderTokenUpdates', { is: 'busy', whom: 'credential' }],
    ['TooManyRequests', { is: 'busy', whom: 'target' }],
    ['InternalServerError', { is: 'down', ambiguous: false }],
    ['ServiceUnavailable', { is: 'down', ambiguous: false }],
  ])('has %s, asked once', async (reason, outcome) => {
    const { sim, push } = app
    sim.script({ answer: answers.refuse(reason) })
    const before = sim.journal.entries.length
    const said = await push(provider)
    expect(said).toMatchObject({ ...outcome, why: expect.stringContaining(reason) as string })
    expect(said.is === 'misconfigured' && said.mend === undefined).toBe(false)
    expect(sim.journal.entries).toHaveLength(before + 1)
  })

  it.each(['Unregistered', 'ExpiredToken'] as const)('has %s, with the time since when', async (reason) => {
    const { sim, push } = app
    for (const timestamp of [at, String(at), 'soon', 1, undefined]) {
      sim.script({ answer: answers.refuse(reason, timestamp === undefined ? {} : { timestamp }) })
    }
    expect(await push(provider)).toMatchObject({ is: 'gone', since: at })
    expect(await push(provider)).toMatchObject({ is: 'gone', since: at })
    for (let n = 0; n < 3; n++) expect(await push(provider)).not.toHaveProperty('since')
  })

  it.each(['Shutdown', 'IdleTimeout'] as const)('has %s, after which another connection is used', async (reason) => {
    const { sim, push } = app
    sim.script({ answer: answers.refuse(reason) })
    expect(await push(provider)).toMatchObject({ is: 'down', ambiguous: false })
    expect(await push(provider)).toEqual({ is: 'delivered' })
    const [first, second] = sim.journal.entries.slice(-2)
    expect(second?.connection).not.toBe(first?.connection)
  })

  it.each<[string, number, string, Partial<Outcome>]>([
    ['a reason nobody knows', 400, '{"reason":"FullMoon"}', { is: 'refused', why: '400 FullMoon' }],
    ['a reason nobody knows', 503, '{"reason":"FullMoon"}', { is: 'down', ambiguous: false }],
    ['no JSON', 400, 'no', { is: 'refused' }],
    ['no body', 500, '', { is: 'down', ambiguous: false }],
    ['no body', 429, '', { is: 'busy', whom: 'target' }],
    ['a list', 404, '[]', { is: 'refused' }],
    ['a reason that goes with another status', 500, '{"reason":"Unregistered"}', { is: 'down' }],
  ])('judges %s by the class of status %i', async (_what, status, body, outcome) => {
    const { sim, push } = app
    sim.script({ answer: answers.status(status, body) })
    expect(await push(provider)).toMatchObject(outcome)
  })

  it('judges a page of HTML with 502 as an outage and honours Retry-After', async () => {
    const { sim, clock, push } = app
    sim.script({ answer: answers.html(502, { headers: { 'retry-after': '30' } }) })
    expect(await push(provider)).toMatchObject({ is: 'down', ambiguous: false, notBefore: clock.now() + 30_000 })
  })
})

import { answers } from '../../lib/sim/apns-answers'
import { makeProviderKey } from '../../lib/sim/certificates'
import { apns } from '../../lib/providers/apns'
import { byToken, credential, PHONE, startApp, type AppUnderTest } from '../support/apns-app'

const NEW = makeProviderKey()
const next = {
  key: credential(NEW.privatePem),
  keyId: 'NEWKEY1234',
  previousKey: { key: byToken.key, keyId: 'KEY1234567' },
}

let app: AppUnderTest
const takesNew = (): void => app.sim.addKey({ keyId: 'NEWKEY1234', teamId: 'TEAM123456', key: NEW.publicKey })
/** The key ids of the tokens that APNs saw, in order, each once in a row. */
const keyIds = (): readonly string[] => {
  const all = app.sim.journal.entries.map(({ headers }) => {
    const [head = ''] = (headers['authorization'] ?? '').replace('bearer ', '').split('.')
    return (JSON.parse(Buffer.from(head, 'base64url').toString()) as { readonly kid: string }).kid
  })
  return all.filter((kid, at) => kid !== all[at - 1])
}

beforeEach(async () => {
  app = await startApp()
})
afterEach(() => app.close())

describe('providers/apns-either-key', () => {
  it('uses the new key alone where Apple takes it', async () => {
    takesNew()
    const provider = app.open(next)
    for (let n = 0; n < 3; n++) expect(await app.push(provider)).toEqual({ is: 'delivered' })
    expect(keyIds()).toEqual(['NEWKEY1234'])
    expect([app.notices, app.sim.violations]).toEqual([[], []])
  })

  it('delivers with the previous one, in the same attempt, where Apple does not know the new one yet', async () => {
    const provider = app.open(next)
    for (let n = 0; n < 3; n++) expect(await app.push(provider)).toEqual({ is: 'delivered' })
    expect(keyIds()).toEqual(['NEWKEY1234', 'KEY1234567'])
    expect(app.notices).toEqual([
      expect.stringMatching(/refuses key NEWKEY1234 .*key KEY1234567 is used from now on.*keyId/),
    ])
    expect(app.sim.violations).toEqual([])
  })

  it('tells it once for many at the same time', async () => {
    const provider = app.open(next)
    const said = await Promise.all(Array.from({ length: 50 }, () => app.push(provider)))
    expect(said.every(({ is }) => is === 'delivered')).toBe(true)
    expect(app.notices).toHaveLength(1)
    expect(app.sim.violations).toEqual([])
  })

  it('goes back to the new one when the previous is revoked', async () => {
    const provider = app.open(next)
    await app.push(provider)
    takesNew()
    app.sim.removeKey('KEY1234567')
    expect(await app.push(provider)).toEqual({ is: 'delivered' })
    expect(app.notices).toHaveLength(2)
  })

  it('tells of the key that is configured where Apple takes neither', async () => {
    app.sim.removeKey('KEY1234567')
    const said = await app.push(app.open(next))
    expect(said).toMatchObject({ is: 'misconfigured', whom: 'credential' })
    expect(app.notices).toEqual([])
  })

  it('does not change the key for a fault that is not its own', async () => {
    takesNew()
    const provider = app.open(next)
    for (const reason of [
      'TopicDisallowed',
      'BadDeviceToken',
      'ServiceUnavailable',
      'TooManyProviderTokenUpdates',
    ] as const) {
      app.sim.script({ answer: answers.refuse(reason), token: PHONE })
      await app.push(provider)
    }
    expect(keyIds()).toEqual(['NEWKEY1234'])
  })

  it('signs no token anew for a key that it comes back to', async () => {
    const provider = app.open(next)
    await app.push(provider)
    const again = app.open(next)
    expect(await app.push(again)).toEqual({ is: 'delivered' })
    const jwts = new Set(app.sim.journal.entries.map(({ headers }) => headers['authorization']))
    expect(jwts.size).toBe(2)
  })

  it.each([
    ['is the new one itself', { ...next.previousKey, keyId: 'NEWKEY1234' }, /is key NEWKEY1234 itself/],
    ['is none', { key: credential('hello'), keyId: 'KEY1234567' }, /no readable private key/],
    ['has a strange id', { ...next.previousKey, keyId: 'key' }, /"key" of previousKey is not 10/],
  ])('warns of a previous key that %s, and goes without', async (_what, previousKey, words) => {
    takesNew()
    const options = { ...byToken, ...next, previousKey }
    const findings = await apns.check(options, 0)
    expect(findings.filter(({ is }) => is !== 'fact')).toEqual([
      expect.objectContaining({ is: 'warning', text: expect.stringMatching(words) as string }),
    ])
    expect(await app.push(app.open({ ...next, previousKey }))).toEqual({ is: 'delivered' })
  })
})

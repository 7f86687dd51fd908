import { Opaque } from '../../lib/model/opaque'
import { type ApnsContent } from '../../lib/model/content'
import { answers } from '../../lib/sim/apns-answers'
import { makeProviderKey } from '../../lib/sim/certificates'
import { ALERT, credential, ID, PHONE, startApp, TOPIC, VOIP, type AppUnderTest } from '../support/apns-app'
import { settle } from '../support/hand-clock'
import { type Finding } from '../../lib/providers/provider'
import { type ApnsSimulatorOptions } from '../../lib/sim/apns'

const HOUR = 3600_000

describe('providers/apns', () => {
  let app: AppUnderTest
  const start = async (options: ApnsSimulatorOptions = {}): Promise<AppUnderTest> => (app = await startApp(options))
  afterEach(() => app.close())

  const jwts = (): readonly (string | undefined)[] =>
    app.sim.journal.entries.map(({ headers }) => headers['authorization']?.slice('bearer '.length))
  const journalled = () => app.sim.journal.entries.map(({ connection, answer }) => ({ connection, kind: answer.kind }))

  describe('a request', () => {
    const voip: ApnsContent = { speaks: 'apns', pushType: 'voip', priority: 10, payload: { aps: {}, account: 'x' } }
    const background: ApnsContent = {
      speaks: 'apns',
      pushType: 'background',
      priority: 5,
      payload: { aps: { 'content-available': 1 } },
      collapseId: 'wake',
    }
    it.each([
      {
        name: 'an alert',
        content: { ...ALERT, collapseId: 'k' },
        token: PHONE,
        topic: TOPIC,
        priority: '10',
        collapse: 'k',
      },
      { name: 'a background push', content: background, token: PHONE, topic: TOPIC, priority: '5', collapse: 'wake' },
      { name: 'a call', content: voip, token: VOIP, topic: `${TOPIC}.voip`, priority: '10', collapse: undefined },
    ])('of $name is exactly what Apple asks for', async ({ content, token, topic, priority, collapse }) => {
      const { sim, clock, open, push } = await start()
      const expiresAt = clock.now() + 3600_500
      expect(await push(open(), { content, address: new Opaque(token), expiresAt })).toEqual({ is: 'delivered' })
      const [request] = sim.journal.entries
      const { authorization, ...headers } = request?.headers ?? {}
      expect(headers).toEqual({
        ':method': 'POST',
        ':scheme': 'https',
        ':authority': `127.0.0.1:${sim.port}`,
        ':path': `/3/device/${token}`,
        'apns-topic': topic,
        'apns-push-type': content.pushType,
        'apns-priority': priority,
        'apns-expiration': String(Math.floor(clock.now() / 1000) + 3601),
        'apns-id': ID,
        ...(collapse === undefined ? {} : { 'apns-collapse-id': collapse }),
      })
      expect(authorization).toMatch(/^bearer [\w-]+\.[\w-]+\.[\w-]+$/)
      expect(request?.body.toString()).toBe(JSON.stringify(content.payload))
      expect([sim.violations, sim.warnings]).toEqual([[], []])
    })

    it('in the background has never the priority of an alert, whatever is asked for', async () => {
      const { sim, open, push } = await start()
      expect(await push(open(), { content: { ...background, priority: 10 } })).toEqual({ is: 'delivered' })
      expect(sim.journal.entries[0]?.headers['apns-priority']).toBe('5')
      expect([sim.violations, sim.warnings]).toEqual([[], []])
    })

    it('in the last fraction of its second carries a moment that is still to come', async () => {
      const { sim, clock, open, push } = await start()
      await clock.advance(200)
      const expiresAt = clock.now() + 300
      expect(await push(open(), { expiresAt })).toEqual({ is: 'delivered' })
      const [request] = sim.journal.entries
      expect(Number(request?.headers['apns-expiration']) * 1000).toBeGreaterThan(clock.now())
      expect([sim.violations, sim.warnings]).toEqual([[], []])
    })

    it('is not made when its time is over before there is a connection', async () => {
      const { sim, clock, open, push } = await start({ settingsAfterMs: 30 })
      const said = push(open(), { expiresAt: clock.now() + 1000 })
      await clock.advance(1000)
      expect(await said).toMatchObject({ is: 'down', ambiguous: false })
      expect(sim.journal.entries).toEqual([])
    })

    it('with content of another vendor is refused without one', async () => {
      const { sim, open, push } = await start()
      const content = { speaks: 'fcm', data: {}, priority: 'HIGH' } as const
      expect(await push(open(), { content })).toMatchObject({ is: 'refused' })
      expect(sim.journal.entries).toEqual([])
    })
  })

  describe('within one attempt', () => {
    it('an expired provider token is replaced, on a new connection', async () => {
      const { sim, clock, open, push } = await start()
      const provider = open()
      await push(provider)
      await clock.advance(30 * 60_000)
      sim.script({ answer: answers.refuse('ExpiredProviderToken') })
      expect(await push(provider)).toEqual({ is: 'delivered' })
      const [first, second, third] = sim.journal.entries
      expect(second?.connection).toBe(first?.connection)
      expect(third?.connection).not.toBe(first?.connection)
      expect(new Set(jwts()).size).toBe(2)
      expect(jwts()[1]).toBe(jwts()[0])
      expect(sim.violations).toEqual([])
    })

    it('an expired provider token that is too young to be replaced is tried on a new connection', async () => {
      const { sim, open, push } = await start()
      sim.script({ answer: answers.refuse('ExpiredProviderToken') })
      expect(await push(open())).toEqual({ is: 'delivered' })
      expect(new Set(jwts()).size).toBe(1)
      expect(sim.journal.entries.map(({ connection }) => connection)).toEqual([1, 2])
    })

    it('many requests that fail with one token get one new token and one new connection', async () => {
      const { sim, clock, open, push } = await start()
      const provider = open()
      await push(provider)
      await clock.advance(30 * 60_000)
      sim.script({ answer: answers.refuse('ExpiredProviderToken'), times: 10 })
      const said = await Promise.all(Array.from({ length: 10 }, () => push(provider)))
      expect(said).toEqual(Array.from({ length: 10 }, () => ({ is: 'delivered' })))
      expect(new Set(jwts()).size).toBe(2)
      expect(sim.connections).toHaveLength(2)
      expect(sim.violations).toEqual([])
    })

    it.each(['ExpiredProviderToken', 'InvalidProviderToken', 'UnrelatedKeyIdInToken'] as const)(
      '%s is tried once on a fresh connection, and a second time is the operator’s',
      async (reason) => {
        const { sim, open, push } = await start()
        sim.script({ answer: answers.refuse(reason), times: 2 })
        const said = await push(open())
        expect(said).toMatchObject({ is: 'misconfigured', why: expect.stringContaining(reason) as string })
        expect(said).toHaveProperty('mend')
        expect(sim.journal.entries.map(({ connection }) => connection)).toEqual([1, 2])
        expect(new Set(jwts()).size).toBe(1)
      },
    )

    it.each(['InvalidProviderToken', 'UnrelatedKeyIdInToken'] as const)('%s once is forgiven', async (reason) => {
      const { sim, open, push } = await start()
      sim.script({ answer: answers.refuse(reason) })
      expect(await push(open())).toEqual({ is: 'delivered' })
      expect(new Set(jwts()).size).toBe(1)
    })

    it('too many token updates are no reason to sign another one', async () => {
      const { sim, open, push } = await start()
      const provider = open()
      sim.script({ answer: answers.refuse('TooManyProviderTokenUpdates') })
      expect(await push(provider)).toMatchObject({ is: 'busy', whom: 'credential' })
      expect(await push(provider)).toEqual({ is: 'delivered' })
      expect(new Set(jwts()).size).toBe(1)
    })
  })

  describe('what the simulator’s own rules say', () => {
    it('of a token that is not registered: suspect', async () => {
      const { open, push } = await start()
      expect(await push(open(), { address: new Opaque('ff'.repeat(32)) })).toMatchObject({ is: 'suspect' })
    })

    it('of a device that is gone: since when', async () => {
      const { sim, clock, open, push } = await start()
      const since = clock.now() - 1000
      sim.changeDevice(PHONE, { kind: 'unregistered', since })
      expect(await push(open())).toMatchObject({ is: 'gone', since })
    })

    it('of a key that is not this team’s: misconfigured, with what to check', async () => {
      const { open, push } = await start()
      const said = await push(open({ key: credential(makeProviderKey().privatePem) }))
      expect(said).toMatchObject({ is: 'misconfigured', mend: expect.stringContaining('teamId') as string })
    })

    it('of a day of pushes: a new token every 45 minutes and no violation', async () => {
      const { sim, clock, open, push } = await start()
      const provider = open()
      for (let quarter = 0; quarter < 24; quarter++) {
        expect(await push(provider)).toEqual({ is: 'delivered' })
        await clock.advance(15 * 60_000)
      }
      expect(new Set(jwts()).size).toBe(8)
      expect([sim.violations, sim.connections.length]).toEqual([[], 1])
    })

    it('of a burst at the start: one stream until a token was seen, and none too many', async () => {
      const { sim, open, push } = await start()
      const provider = open()
      const said = await Promise.all(Array.from({ length: 200 }, () => push(provider)))
      expect(said.every(({ is }) => is === 'delivered')).toBe(true)
      expect([sim.violations, sim.warnings, sim.connections.length]).toEqual([[], [], 1])
    })
  })

  describe('asked live', () => {
    const clockIn = (findings: readonly Finding[] | undefined) => findings?.filter(({ text }) => text.includes('clock'))

    it('says nothing of our clock where the answer tells no time, as Apple’s does', async () => {
      const { sim, clock, open } = await start({ now: () => clock.now() + HOUR })
      expect(clockIn(await open().prove?.())).toEqual([])
      expect(sim.journal.entries).toHaveLength(1)
    })

    it('says how far our clock is from what the answer tells', async () => {
      let ahead = 90_500
      const { clock, open, notices } = await start({ tellsTime: true, now: () => clock.now() + ahead })
      const provider = open()
      const text = 'the clock of this machine is 91 s behind that of APNs (production)'
      expect(clockIn(await provider.prove?.())).toMatchObject([{ is: 'warning', text }])
      expect(notices).toEqual([expect.stringContaining(`${text}. Set it right`)])
      ahead = 0
      await clock.advance(10_000)
      expect(clockIn(await provider.prove?.())).toEqual([])
    })

    it('names the clock beside the refusal that it is the cause of', async () => {
      const { clock, open } = await start({ tellsTime: true, now: () => clock.now() + 2 * HOUR })
      expect(await open().prove?.()).toMatchObject([
        { is: 'fault', text: expect.stringContaining('ExpiredProviderToken') as unknown },
        { is: 'fault', text: 'the clock of this machine is 120 min behind that of APNs (production)' },
      ])
    })

    it('does not blame the way to it where the push service answers that it is in trouble itself', async () => {
      const { sim, open } = await start()
      sim.script({ answer: answers.refuse('ServiceUnavailable') })
      expect(await open().prove?.()).toMatchObject([
        {
          is: 'fault',
          text: expect.stringContaining('APNs (production) could not be asked: 503 ServiceUnavailable') as unknown,
          mend: 'It was reached, and is in trouble itself: ask again later',
        },
      ])
    })

    it('notices it with a push, too', async () => {
      const { clock, open, push, notices } = await start({ tellsTime: true, now: () => clock.now() + 2 * 60_000 })
      await push(open())
      await push(open())
      expect(notices).toHaveLength(2)
      expect(notices[0]).toContain('121 s behind that of APNs (production)')
    })
  })

  describe('a lost connection', () => {
    it.each([
      ['a refused stream', answers.reset('REFUSED_STREAM'), false],
      ['a stream reset', answers.reset('INTERNAL_ERROR'), true],
      ['a stream reset after the head', answers.reset('INTERNAL_ERROR', 'after-headers'), true],
      ['a TCP reset', answers.wire('tcp-reset'), true],
      ['a TCP end', answers.wire('fin'), true],
      ['GOAWAY with a code', answers.goaway({ code: 2, reason: 'InternalServerError' }, 'unanswered'), true],
    ])('by %s is down', async (_what, answer, ambiguous) => {
      const { sim, open, push } = await start()
      const provider = open()
      await push(provider)
      sim.script({ answer })
      expect(await push(provider)).toMatchObject({ is: 'down', ambiguous })
      expect(await push(provider)).toEqual({ is: 'delivered' })
    })

    it('by a graceful GOAWAY is not noticed by the push', async () => {
      const { sim, open, push, notices } = await start()
      const provider = open()
      await push(provider)
      sim.script({ answer: answers.goaway({ lastStreamId: 'before', reason: 'Shutdown' }) })
      expect(await push(provider)).toEqual({ is: 'delivered' })
      expect(journalled()).toEqual([
        { connection: 1, kind: 'status' },
        { connection: 1, kind: 'goaway' },
        { connection: 2, kind: 'status' },
      ])
      expect(notices).toEqual([expect.stringContaining('{"reason":"Shutdown"}')])
    })

    it('by silence is down and ambiguous after ten seconds', async () => {
      const { sim, clock, open, push } = await start()
      sim.script({ answer: answers.silence })
      const said = push(open())
      await sim.journal.next()
      await settle()
      await clock.advance(10_000)
      expect(await said).toMatchObject({ is: 'down', ambiguous: true })
    })

    it('into a black hole is down, and the next push after it has a fresh one', async () => {
      const { sim, clock, open, push } = await start()
      const provider = open()
      await push(provider)
      sim.script({ answer: answers.wire('black-hole') })
      const said = push(provider)
      await sim.journal.waitFor(({ number }) => number === 2)
      await clock.advance(30_000)
      expect(await said).toMatchObject({ is: 'down', ambiguous: true })
      expect(await push(provider)).toEqual({ is: 'delivered' })
      expect(sim.connections).toHaveLength(2)
    })

    it('whose SETTINGS come late is waited for', async () => {
      const { sim, open, push } = await start({ settingsAfterMs: 30 })
      const provider = open()
      const said = await Promise.all([push(provider), push(provider), push(provider)])
      expect(said.every(({ is }) => is === 'delivered')).toBe(true)
      expect([sim.violations, sim.warnings]).toEqual([[], []])
    })

    it('that could not be made is down and safe', async () => {
      const { sim, open, push } = await start()
      sim.refuseConnections(true)
      expect(await push(open())).toMatchObject({ is: 'down', ambiguous: false })
    })
  })

  describe('connections', () => {
    it('are as many as the setting says as soon as there is a queue, and all of them are used', async () => {
      const { sim, open, push } = await start({ streams: { first: 2, then: 2 } })
      const provider = open({ connections: 2 })
      sim.script({ answer: answers.accept(), times: 'always', afterMs: 20 })
      const said = await Promise.all(Array.from({ length: 8 }, () => push(provider)))
      expect(said.every(({ is }) => is === 'delivered')).toBe(true)
      expect(sim.connections).toHaveLength(2)
      expect(new Set(sim.journal.entries.map(({ connection }) => connection)).size).toBe(2)
      expect([sim.violations, provider.concurrency]).toEqual([[], 3000])
    })

    it('grow with the load where the setting says nothing, and what may be under way at once with them', async () => {
      const { sim, clock, open, push } = await start({ streams: { first: 2, then: 2 } })
      const provider = open()
      expect(provider.concurrency).toBe(1500)
      const said: ReturnType<typeof push>[] = []
      for (let tenth = 0; tenth < 12; tenth++) {
        sim.script({ answer: answers.accept(), times: 3, afterMs: 20 })
        said.push(push(provider), push(provider), push(provider))
        await sim.journal.waitFor(({ number }) => number > tenth * 3)
        await clock.advance(100)
      }
      expect(provider.concurrency).toBe(3000)
      expect((await Promise.all(said)).every(({ is }) => is === 'delivered')).toBe(true)
      expect(sim.connections).toHaveLength(2)
      expect(sim.violations).toEqual([])
    })
  })

  describe('two environments', () => {
    it('are two connections, each with the key of its own', async () => {
      const { sim, clock, open, push } = await start()
      const sandbox = await startApp({ environment: 'sandbox' })
      const key = makeProviderKey()
      sandbox.sim.addKey({ keyId: 'SANDBOX123', teamId: 'TEAM123456', key: key.publicKey })
      const provider = open({
        environments: {
          production: {},
          sandbox: { endpoint: sandbox.sim.url, key: credential(key.privatePem), keyId: 'SANDBOX123' },
        },
      })
      expect(await push(provider)).toEqual({ is: 'delivered' })
      expect(await push(provider, { environment: 'sandbox' })).toEqual({ is: 'delivered' })
      expect([sim.journal.entries.length, sandbox.sim.journal.entries.length]).toEqual([1, 1])
      await clock.advance(0)
      await sandbox.close()
    })

    it('of which the app has only one: a push for the other is misconfigured', async () => {
      const { open, push } = await start()
      expect(await push(open(), { environment: 'sandbox' })).toMatchObject({ is: 'misconfigured' })
    })
  })
})

import { type Keep } from '../../lib/providers/provider'
import { makeProviderKey } from '../../lib/sim/certificates'
import { credential, startApp, type AppUnderTest } from '../support/apns-app'

describe('providers/apns-token', () => {
  let app: AppUnderTest
  const start = async (): Promise<AppUnderTest> => (app = await startApp())
  afterEach(() => app.close())

  const jwts = (): readonly (string | undefined)[] =>
    app.sim.journal.entries.map(({ headers }) => headers['authorization']?.slice('bearer '.length))
  describe('the provider token', () => {
    it('is kept over a restart, and not signed again', async () => {
      const { open, push, clock } = await start()
      await push(open())
      await clock.advance(19 * 60_000)
      const { values } = app.keep
      await push(open({}, { get: async (name) => values.get(name), put: app.keep.put.bind(app.keep) }))
      expect(jwts()).toHaveLength(2)
      expect(new Set(jwts()).size).toBe(1)
      expect(app.sim.violations).toEqual([])
    })

    it('is shared by two apps with the same key', async () => {
      const { open, push } = await start()
      const [one, two] = [open(), open()]
      await Promise.all([push(one), push(two)])
      expect(new Set(jwts()).size).toBe(1)
      expect(app.sim.violations).toEqual([])
    })

    it('is one where two instances sign at the same moment', async () => {
      const { open, push, clock } = await start()
      const values = new Map<string, { readonly value: string; readonly at: number }>()
      const readers: (() => void)[] = []
      /** Both have read before either writes. */
      const instance = () =>
        open(
          {},
          {
            async get(name) {
              const found = values.get(name)
              await new Promise<void>((both) => {
                readers.push(both)
                if (readers.length === 2) readers.splice(0).forEach((go) => go())
              })
              return found
            },
            put: async (name, value, at) => void values.set(name, { value, at }),
            async swap(name, value, at, before) {
              const stands = values.get(name)
              if (stands !== undefined && stands.value !== before?.value) return stands
              values.set(name, { value, at })
              return { value, at }
            },
          },
        )
      const [one, two] = [instance(), instance()]
      for (let hours = 0; hours < 2; hours++) {
        await Promise.all([push(one), push(two)])
        await clock.advance(50 * 60_000)
      }
      expect(jwts()).toHaveLength(4)
      expect(new Set(jwts()).size).toBe(2)
      expect(app.sim.violations).toEqual([])
    })

    it('that another key has signed under the same id is not used', async () => {
      const { open, push, clock } = await start()
      await push(open())
      const other = makeProviderKey()
      app.sim.removeKey('KEY1234567')
      app.sim.addKey({ keyId: 'KEY1234567', teamId: 'TEAM123456', key: other.publicKey })
      await clock.advance(1)
      expect(await push(open({ key: credential(other.privatePem) }))).toEqual({ is: 'delivered' })
    })

    it('from the future that Apple refuses was signed by a wrong clock and is replaced', async () => {
      const noon = Date.UTC(2026, 5, 1, 12)
      app = await startApp({ now: () => noon })
      const { open, push, clock } = app
      clock.jump(2 * 3600_000)
      expect(await push(open())).toMatchObject({ is: 'misconfigured' })
      clock.jump(-2 * 3600_000)
      const fresh = open({}, { get: app.keep.get.bind(app.keep), put: app.keep.put.bind(app.keep) })
      expect(await push(fresh)).toEqual({ is: 'delivered' })
      expect(new Set(jwts()).size).toBe(2)
    })

    it('from the future that Apple takes is another instance’s, whose clock is right, and stands', async () => {
      const noon = Date.UTC(2026, 5, 1, 12)
      app = await startApp({ now: () => noon })
      const { open, push, clock } = app
      const expiresAt = noon + 3600_000
      await push(open(), { expiresAt })
      clock.jump(-2 * 3600_000)
      const other = open({}, { get: app.keep.get.bind(app.keep), put: app.keep.put.bind(app.keep) })
      expect(await push(other, { expiresAt })).toEqual({ is: 'delivered' })
      expect(new Set(jwts()).size).toBe(1)
      expect(app.sim.violations).toEqual([])
    })

    it.each([
      ['ahead', 120],
      ['behind', -120],
    ])('is signed, and found, by the clock that all instances share where one’s own is %s', async (_, minutes) => {
      const noon = Date.UTC(2026, 5, 1, 12)
      app = await startApp({ now: () => noon })
      const { open, push, clock } = app
      const values = new Map<string, { readonly value: string; readonly at: number }>()
      const keep = (): Keep => ({
        get: async (name) => values.get(name),
        put: async (name, value, at) => void values.set(name, { value, at }),
        now: () => noon,
      })
      const attempt = { expiresAt: clock.now() + 4 * 3600_000 }
      clock.jump(minutes * 60_000)
      expect(await push(open({}, keep()), attempt)).toEqual({ is: 'delivered' })
      clock.jump(-minutes * 60_000)
      expect(await push(open({}, keep()), attempt)).toEqual({ is: 'delivered' })
      expect(new Set(jwts()).size).toBe(1)
      expect(app.sim.violations).toEqual([])
    })

    it.each([
      ['ahead', 50],
      ['behind', -180],
    ])('is not signed again because the wall clock is set %s', async (_, minutes) => {
      const { open, push, clock } = await start()
      const provider = open()
      await push(provider)
      await clock.advance(60_000)
      clock.jump(minutes * 60_000)
      await push(provider)
      expect(new Set(jwts()).size).toBe(1)
    })

    it('is signed again after 45 minutes, whatever the wall clock says', async () => {
      const { open, push, clock } = await start()
      const provider = open()
      await push(provider)
      clock.jump(-30 * 60_000)
      await clock.advance(45 * 60_000)
      await push(provider)
      expect(new Set(jwts()).size).toBe(2)
    })

    it('is made although the store is down, once it was for nineteen seconds', async () => {
      const { open, push, clock } = await start()
      const down = () => Promise.reject(new Error('disk full'))
      const pushed = push(open({}, { get: down, put: down }))
      await clock.advance(18_999)
      expect(jwts()).toEqual([])
      await clock.advance(1)
      expect(await pushed).toEqual({ is: 'delivered' })
    })

    it('is not made besides the one that the store has, where that is away for a moment', async () => {
      const { open, push, clock } = await start()
      await push(open())
      let isDown = true
      const get: typeof app.keep.get = (name) =>
        isDown ? Promise.reject(new Error('the connection broke')) : app.keep.get(name)
      const pushed = push(open({}, { get, put: app.keep.put.bind(app.keep) }))
      await clock.advance(3_000)
      isDown = false
      await clock.advance(1_000)
      expect(await pushed).toEqual({ is: 'delivered' })
      expect(new Set(jwts()).size).toBe(1)
    })

    it('that was made while the store was away gives way to the one that the store has, as soon as that is back', async () => {
      const { open, push, clock } = await start()
      await push(open())
      await clock.advance(2_000)
      let isDown = true
      const get: typeof app.keep.get = (name) =>
        isDown ? Promise.reject(new Error('the connection broke')) : app.keep.get(name)
      const put = (...its: Parameters<typeof app.keep.put>) =>
        isDown ? Promise.reject(new Error('the connection broke')) : app.keep.put(...its)
      const other = open({}, { get, put })
      const pushed = push(other)
      await clock.advance(19_000)
      expect(await pushed).toMatchObject({ is: 'busy', whom: 'credential' })
      // The store is asked along with each push, which does not wait for it.
      expect(await push(other)).toMatchObject({ is: 'busy', whom: 'credential' })
      isDown = false
      await push(other)
      expect(await push(other)).toEqual({ is: 'delivered' })
      expect(jwts().at(-1)).toBe(jwts()[0])
      expect(new Set(jwts()).size).toBe(2)
    })

    it('that was made while the store was away is the store’s, where that has none', async () => {
      const { open, push, clock } = await start()
      let isDown = true
      const whileUp = <T>(ask: () => Promise<T>) => (isDown ? Promise.reject(new Error('the connection broke')) : ask())
      const first = open(
        {},
        { get: (name) => whileUp(() => app.keep.get(name)), put: (...its) => whileUp(() => app.keep.put(...its)) },
      )
      const pushed = push(first)
      await clock.advance(19_000)
      expect(await pushed).toEqual({ is: 'delivered' })
      isDown = false
      await push(first)
      await clock.advance(1_000)
      await push(open())
      expect(jwts()).toHaveLength(3)
      expect(new Set(jwts()).size).toBe(1)
      expect(app.sim.violations).toEqual([])
    })
  })
})

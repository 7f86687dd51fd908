import { makeFuse, type Fuse } from '../../lib/dispatch/fuse'
import { type Event } from '../../lib/observe'
import { type Keep } from '../../lib/stores/store'
import { handClock, type HandClock } from '../support/hand-clock'

/** What outlives a restart, in memory. */
function memoryKeep(): Pick<Keep, 'get' | 'put'> {
  const values = new Map<string, { value: string; at: number }>()
  return {
    get: async (name) => values.get(name),
    put: async (name, value, at) => void values.set(name, { value, at }),
  }
}

const limits = { tokens: 50, share: 0.1, atLeast: 10 }

async function light(
  registrations: number,
  clock: HandClock = handClock(),
  keep: Pick<Keep, 'get' | 'put'> = memoryKeep(),
) {
  const told: Event[] = []
  const fuse = await makeFuse(
    {
      keep,
      registry: { count: async () => new Map([['app', registrations]]) },
      limits: () => limits,
      clock,
      observe: (event) => told.push(event),
    },
    ['app'],
  )
  return { fuse, told, clock, keep }
}

async function forget(fuse: Fuse, times: number): Promise<number> {
  let allowed = 0
  for (let n = 0; n < times; n++) if (await fuse.allows('app')) allowed += 1
  return allowed
}

describe('dispatch/fuse', () => {
  it('lets the usual few go', async () => {
    const { fuse, told } = await light(1_000)
    expect(await forget(fuse, 50)).toBe(50)
    expect(told).toEqual([])
  })

  it('blows at the number, forgets nothing more, and tells the operator once with the mend', async () => {
    const { fuse, told } = await light(100_000)
    expect(await forget(fuse, 200)).toBe(50)
    expect(told).toHaveLength(1)
    expect(told[0]).toMatchObject({
      at: 'trouble',
      text: expect.stringContaining('xmpp-push fuse reset app') as string,
    })
    expect(fuse.blown().get('app')).toContain('more than 50 tokens')
  })

  it('does not blow for one account, however many made-up tokens it registered', async () => {
    const { fuse, told } = await light(100_000)
    for (let n = 0; n < 200; n++) expect(await fuse.allows('app', 'mallory@example.com')).toBe(true)
    expect(told).toEqual([])
    expect(await forget(fuse, 200)).toBe(45)
  })

  it('blows when many accounts are met, one token each', async () => {
    const { fuse } = await light(100_000)
    let allowed = 0
    for (let n = 0; n < 200; n++) if (await fuse.allows('app', `user${n}@example.com`)) allowed += 1
    expect(allowed).toBe(50)
    expect(await fuse.allows('app', 'user0@example.com')).toBe(false)
  })

  it('takes back of an account what counted, and only that', async () => {
    const { fuse } = await light(100_000)
    for (let n = 0; n < 8; n++) await fuse.allows('app', 'juliet@example.com')
    for (let n = 0; n < 8; n++) fuse.spare('app', 'juliet@example.com')
    expect(await forget(fuse, 200)).toBe(50)
  })

  it('blows at the share, but not for a handful', async () => {
    expect(await forget((await light(200)).fuse, 100)).toBe(20)
    expect(await forget((await light(5)).fuse, 100)).toBe(10)
  })

  it('counts all that ask at the same moment', async () => {
    const { fuse } = await light(200)
    const asked = await Promise.all(Array.from({ length: 100 }, () => fuse.allows('app')))
    expect(asked.filter(Boolean)).toHaveLength(20)
  })

  it('does not count what was spared', async () => {
    const { fuse } = await light(200)
    for (let n = 0; n < 100; n++) {
      expect(await fuse.allows('app')).toBe(true)
      fuse.spare('app')
    }
    expect(await forget(fuse, 100)).toBe(20)
  })

  it('counts by the hour', async () => {
    const { fuse, clock } = await light(100_000)
    expect(await forget(fuse, 40)).toBe(40)
    await clock.advance(3600_000)
    expect(await forget(fuse, 40)).toBe(40)
  })

  it('stays blown across a restart until it is reset', async () => {
    const { fuse, clock, keep } = await light(100_000)
    await forget(fuse, 51)
    const after = await light(100_000, clock, keep)
    await clock.advance(7 * 24 * 3600_000)
    expect(await forget(after.fuse, 1)).toBe(0)
    await after.fuse.reset('app')
    expect(await forget(after.fuse, 1)).toBe(1)
    expect(await forget((await light(100_000, clock, keep)).fuse, 1)).toBe(1)
  })

  it('that blew at one instance has blown at the other, and one reset resets both', async () => {
    const { fuse: one, keep, clock } = await light(1_000)
    const { fuse: other } = await light(1_000, clock, keep)
    expect(await forget(other, 5)).toBe(5)
    expect(await forget(one, 60)).toBe(50)
    expect(await forget(other, 5)).toBe(0)
    expect(other.blown().has('app')).toBe(true)
    await other.reset('app')
    expect(await forget(one, 5)).toBe(5)
    expect(one.blown().has('app')).toBe(false)
  })
})

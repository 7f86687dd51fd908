import { join } from 'node:path'
import { makeNoting } from '../../lib/intake/noting'
import { Opaque } from '../../lib/model/opaque'
import { type Registration } from '../../lib/model/registration'
import { sqlite } from '../../lib/stores/sqlite'
import { type Store } from '../../lib/stores/store'
import { makeFolder } from '../support/folder'
import { handClock, type HandClock } from '../support/hand-clock'

const HOUR = 3600_000
const DAY = 24 * HOUR

describe('lib/intake/noting', () => {
  const folder = makeFolder()
  let made = 0
  let clock: HandClock
  let store: Store
  /** What the store was told, by question. */
  let told: (readonly string[])[]
  let trouble: Error | undefined
  let answered: Promise<void>
  /** In place of the store's answer. */
  let hung: Promise<void> | undefined
  let noting: ReturnType<typeof makeNoting>

  const register = (id: string, owner = 'juliet@example.com'): Promise<Registration> =>
    store.registry.register({
      ...{ id, node: `node of ${id}`, service: 'push.example.com', owner, dialect: 'tigase' },
      ...{ device: id, app: 'org.example.ios', address: new Opaque('a1'.repeat(32)), hints: {}, at: clock.now() },
    })
  const found = async (id: string): Promise<Registration> => {
    const [its] = await store.registry.get([id])
    if (its === undefined) throw new Error(`${id} is gone`)
    return its
  }

  beforeEach(async () => {
    clock = handClock()
    const file = join(folder.path, `store-${(made += 1)}.db`)
    store = await sqlite.open({ file, maxDeliveries: 100 }, { clock, trouble: () => undefined })
    told = []
    trouble = undefined
    hung = undefined
    answered = Promise.resolve()
    const seen = (ids: readonly string[], at: number): Promise<void> => {
      told.push(ids)
      if (hung !== undefined) return hung
      const answer = trouble === undefined ? store.registry.seen(ids, at) : Promise.reject(trouble)
      answered = answer.catch(() => undefined)
      return answer
    }
    noting = makeNoting({ seen, now: () => clock.now() }, clock)
  })
  afterEach(() => store.close())

  it('notes the first publish at once, and no other of that day', async () => {
    const its = await register('a')
    await clock.advance(1)
    noting.note(its, clock.now())
    expect(told).toEqual([['a']])
    await answered
    await clock.advance(23 * 3600_000)
    noting.note(await found('a'), clock.now())
    await clock.advance(10_000)
    expect(told).toHaveLength(1)
    await clock.advance(3600_000)
    noting.note(await found('a'), clock.now())
    expect(told).toEqual([['a'], ['a']])
  })

  it('notes those that registered today once a day has passed, or where they speak for their domain', async () => {
    const [a, b] = [await register('a'), await register('b', 'romeo@example.com')]
    const [other, sampled] = [await register('c', 'nurse@example.org'), await register('0a', 'romeo@example.com')]
    for (const each of [a, b, other, sampled, b]) noting.note(each, clock.now())
    await clock.advance(5_000)
    expect(told).toEqual([['a'], ['0a', 'c']])
    await answered
    expect((await found('c')).seenAt).toBe(clock.now())
    await clock.advance(DAY - 5_000)
    noting.note(await found('b'), clock.now())
    noting.note(await found('a'), clock.now())
    await clock.advance(5_000)
    expect(told.slice(2)).toEqual([['b'], ['a']])
  })

  it('lets another one speak for a domain after an hour', async () => {
    const [a, b] = [await register('a'), await register('b')]
    noting.note(a, clock.now())
    await clock.advance(HOUR - 1)
    noting.note(b, clock.now())
    await clock.advance(5_000)
    expect(told).toEqual([['a']])
    noting.note(b, clock.now())
    await clock.advance(5_000)
    expect(told).toEqual([['a'], ['b']])
  })

  it('gathers what comes in the five seconds after that, in the order of the store, each once', async () => {
    const [a, b, c] = [await register('a'), await register('b'), await register('c')]
    await clock.advance(DAY)
    for (const each of [b, c, a, c]) noting.note(each, clock.now())
    expect(told).toEqual([['b']])
    await clock.advance(4_999)
    expect(told).toHaveLength(1)
    await clock.advance(1)
    expect(told).toEqual([['b'], ['a', 'c']])
    await answered
    expect((await found('c')).seenAt).toBe(clock.now())
    expect((await found('b')).seenAt).toBe(clock.now() - 5_000)
  })

  it('asks no question of more than 500', async () => {
    const its = await register('a')
    await clock.advance(DAY)
    for (let number = 0; number < 601; number++) noting.note({ ...its, id: `id ${number}` }, clock.now())
    await clock.advance(5_000)
    for (let look = 0; look < 100 && told.length < 3; look++) await store.accounts()
    expect(told.map(({ length }) => length)).toEqual([1, 500, 100])
  })

  it('notes at a stop what was gathered, after what is under way, and takes no more', async () => {
    const [a, b, c] = [await register('a'), await register('b'), await register('c')]
    await clock.advance(DAY)
    for (const each of [a, c, b]) noting.note(each, clock.now())
    await clock.advance(1)
    await noting.close(1_000)
    expect(told).toEqual([['a'], ['b', 'c']])
    expect((await found('c')).seenAt).toBe(clock.now())
    noting.note(await register('d'), clock.now())
    await clock.advance(10_000)
    expect([told.length, clock.waiting]).toEqual([2, 0])
  })

  it('asks a store nothing at a stop where nothing was gathered', async () => {
    await noting.close(1_000)
    expect(told).toEqual([])
  })

  it('is held up at a stop by no store that does not answer, longer than it is given', async () => {
    const its = await register('a')
    await clock.advance(DAY)
    noting.note(its, clock.now())
    for (let number = 0; number < 601; number++) noting.note({ ...its, id: `id ${number}` }, clock.now())
    await answered
    hung = new Promise(() => undefined)
    let isOver = false
    const closing = noting.close(1_000).then(() => (isOver = true))
    await clock.advance(999)
    expect([isOver, told.length]).toEqual([false, 2])
    await clock.advance(1)
    await closing
    expect([isOver, told.length]).toEqual([true, 2])
  })

  it('notes with the next publish what the store could not', async () => {
    const its = await register('a')
    await clock.advance(DAY)
    trouble = new Error('the disk is full')
    noting.note(its, clock.now())
    await clock.advance(5_000)
    trouble = undefined
    noting.note(its, clock.now())
    await clock.advance(5_000)
    await answered
    expect(told).toEqual([['a'], ['a']])
    expect((await found('a')).seenAt).toBeGreaterThan(its.seenAt)
  })
})

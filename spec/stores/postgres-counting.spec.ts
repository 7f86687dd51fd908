import { makeCounting } from '../../lib/stores/postgres-counting'
import { handClock } from '../support/hand-clock'

describe('lib/stores/postgres-counting', () => {
  /** A database that counts one registration more each time, and takes so many milliseconds for it. */
  const start = (took: number) => {
    const clock = handClock()
    const asked = { times: 0, fails: false }
    const count = makeCounting(async () => {
      await clock.sleep(took)
      if (asked.fails) throw new Error('it is away')
      return new Map([['app', ++asked.times]])
    }, clock)
    const counted = async (): Promise<number | undefined> => {
      const [answer] = await Promise.all([count(), clock.advance(took)])
      return answer.get('app')
    }
    return { clock, asked, count, counted }
  }

  it('counts each time where that takes no time', async () => {
    const { counted } = start(99)
    expect([await counted(), await counted()]).toEqual([1, 2])
  })

  it('tells what took long again, two hundred times as long as it took', async () => {
    const { clock, counted } = start(500)
    expect(await counted()).toBe(1)
    await clock.advance(90_000)
    expect(await counted()).toBe(1)
    await clock.advance(10_000)
    expect(await counted()).toBe(2)
  })

  it('counts once for all who ask at once', async () => {
    const { clock, asked, count } = start(10)
    const both = Promise.all([count(), count()])
    await clock.advance(10)
    expect((await both).map((each) => each.get('app'))).toEqual([1, 1])
    expect(asked.times).toBe(1)
  })

  it('tells who asks that it can’t be counted, and counts when it can', async () => {
    const { asked, clock, count, counted } = start(500)
    asked.fails = true
    const failed = expect(count()).rejects.toThrow('it is away')
    await clock.advance(500)
    await failed
    asked.fails = false
    expect(await counted()).toBe(1)
  })
})

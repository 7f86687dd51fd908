/** The one clock of what instances share, as one of them knows it. No database. */
import { makeSharedTime } from '../../lib/stores/postgres-time'
import { handClock } from '../support/hand-clock'

const HOUR = 3600_000

describe('lib/stores/postgres-time', () => {
  const start = () => {
    const clock = handClock()
    /** By how much the database's clock is ahead of the steady one, and how long it takes to say so. */
    const database = { origin: clock.now() - clock.elapsed(), answersAfter: 0 }
    const time = makeSharedTime(clock, async () => {
      await clock.advance(database.answersAfter)
      return database.origin + clock.elapsed() - database.answersAfter / 2
    })
    return { clock, database, time }
  }

  it.each([HOUR, -HOUR])('is the database’s, wherever our wall clock is set (%d ms)', async (by) => {
    const { clock, time } = start()
    const right = clock.now()
    clock.jump(by)
    await time.look()
    expect([time.now(), time.offset()]).toEqual([right, -by])
    clock.jump(-by)
    expect([time.now(), time.offset()]).toEqual([right, 0])
    clock.jump(by)
    await clock.advance(5_000)
    expect([time.now(), time.offset()]).toEqual([right + 5_000, -by])
  })

  it('takes clocks that differ by two seconds for the same', async () => {
    const { clock, time } = start()
    await time.look()
    clock.jump(2_000)
    expect([time.now(), time.offset()]).toEqual([clock.now(), 0])
    clock.jump(1)
    expect(time.offset()).toBe(-2_001)
  })

  it('does not set the clock to and fro where two differ by about two seconds', async () => {
    const { clock, time } = start()
    await time.look()
    clock.jump(2_001)
    expect(time.offset()).toBe(-2_001)
    clock.jump(-1_000)
    expect(time.offset()).toBe(-1_001)
    clock.jump(-1)
    expect(time.offset()).toBe(0)
    clock.jump(1_000)
    expect(time.offset()).toBe(0)
  })

  it('tells once how far the database’s clock was set back, and follows it', async () => {
    const { clock, database, time } = start()
    expect(await time.look()).toBe(0)
    database.origin -= HOUR
    expect(await time.look()).toBe(HOUR)
    expect(time.now()).toBe(clock.now() - HOUR)
    expect(await time.look()).toBe(0)
    database.origin += HOUR
    expect(await time.look()).toBe(0)
    expect(time.now()).toBe(clock.now())
  })

  it('does not take the first look for a clock that was set back', async () => {
    const { database, time } = start()
    database.origin -= HOUR
    expect(await time.look()).toBe(0)
  })

  it('learns from a slow answer only where it knows nothing yet', async () => {
    const { clock, database, time } = start()
    database.origin += HOUR
    database.answersAfter = 10_000
    await time.look()
    expect(time.offset()).toBe(HOUR)
    database.origin -= HOUR
    expect(await time.look()).toBe(0)
    expect(time.now()).toBe(clock.now() + HOUR)
  })

  it('without a database’s goes on where our own is set back, and goes along where that is set ahead', async () => {
    const clock = handClock()
    const begun = clock.now()
    const time = makeSharedTime(clock, async () => undefined)
    expect(await time.look()).toBe(0)
    clock.jump(-HOUR)
    expect(time.now()).toBe(begun)
    clock.jump(3 * HOUR)
    expect(time.now()).toBe(begun + 2 * HOUR)
    clock.jump(-HOUR)
    expect(time.now()).toBe(begun + 2 * HOUR)
  })
})

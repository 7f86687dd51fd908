/** When push services are asked whether they take our credentials, and when they are left in peace. */
import { type Finding } from '../../lib/providers/provider'
import { makeProving, type Provable, type Proving } from '../../lib/admin/proving'
import { type Event } from '../../lib/observe'
import { handClock } from '../support/hand-clock'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

describe('lib/admin/proving', () => {
  const fact: Finding = { is: 'fact', text: 'proven' }
  const fault: Finding = { is: 'fault', text: 'refused', mend: 'Use another key' }

  function scene() {
    const clock = handClock()
    const kept = new Map<string, { readonly value: string; readonly at: number }>()
    const told: Event[] = []
    const asked: { readonly app: string; readonly at: number }[] = []
    let answer: readonly Finding[] = [fact]
    let answering: Promise<void> | undefined
    let fingerprint = 'one'
    const begun = clock.elapsed()
    const app = (name: string): Provable => ({
      ...{ app: name, fingerprint, isOpen: true },
      async prove() {
        asked.push({ app: name, at: clock.elapsed() - begun })
        await answering
        return answer
      },
    })
    let names: readonly string[] = ['ios']
    const running: Proving[] = []
    return {
      ...{ clock, asked, told },
      start: (): Proving => {
        const proving = makeProving({
          apps: () => names.map(app),
          keep: {
            get: async (name) => kept.get(name),
            put: async (name, value, at) => void kept.set(name, { value, at }),
          },
          clock,
          observe: (event) => void told.push(event),
        })
        proving.start()
        running.push(proving)
        return proving
      },
      answers: (...findings: readonly Finding[]) => void (answer = findings),
      answersAfter: (moment: Promise<void>) => void (answering = moment),
      changes: () => void (fingerprint = 'two'),
      has: (...apps: readonly string[]) => void (names = apps),
      stop: () => running.forEach((each) => each.stop()),
    }
  }

  it('asks soon after the start, one app after the other', async () => {
    const { clock, asked, start, has, stop } = scene()
    has('ios', 'android')
    start()
    await clock.advance(2 * SECOND - 1)
    expect(asked).toEqual([])
    await clock.advance(2 * SECOND)
    expect(asked).toEqual([
      { app: 'ios', at: 2 * SECOND },
      { app: 'android', at: 3 * SECOND },
    ])
    stop()
  })

  it('asks nobody again who was proven, neither later nor at another start within the hour', async () => {
    const { clock, asked, start, stop } = scene()
    start().stop()
    start()
    await clock.advance(30 * MINUTE)
    expect(asked).toHaveLength(1)
    stop()
    start()
    await clock.advance(20 * MINUTE)
    expect(asked).toHaveLength(1)
    stop()
  })

  it('asks at a start after the hour, and at one with other credentials', async () => {
    const { clock, asked, start, changes, stop } = scene()
    start()
    await clock.advance(5 * SECOND)
    stop()
    await clock.advance(HOUR)
    start()
    await clock.advance(5 * SECOND)
    expect(asked).toHaveLength(2)
    stop()
    changes()
    start()
    await clock.advance(5 * SECOND)
    expect(asked).toHaveLength(3)
    stop()
  })

  it('asks one that failed again after a minute, then ever more seldom up to half an hour', async () => {
    const { clock, asked, start, answers, stop } = scene()
    answers(fault)
    start()
    await clock.advance(4 * HOUR)
    const spans = asked.map(({ at }, index) => Math.round((at - (asked[index - 1]?.at ?? 0)) / MINUTE))
    expect(spans.slice(0, 8)).toEqual([0, 1, 2, 4, 8, 16, 30, 30])
    stop()
  })

  it('tells a failure once, doubts the app as long as it lasts, and no longer', async () => {
    const { clock, told, start, answers, stop } = scene()
    answers(fault)
    const proving = start()
    await clock.advance(10 * MINUTE)
    expect(told).toEqual([{ at: 'trouble', about: 'app ios', text: 'refused. Use another key' }])
    expect(proving.doubts()).toEqual(new Map([['ios', 'refused. Use another key']]))
    answers(fact)
    await clock.advance(10 * MINUTE)
    expect(proving.doubts()).toEqual(new Map())
    stop()
  })

  it('tells nothing of a question that the end of the service broke off', async () => {
    const { clock, asked, told, start, answers, answersAfter, stop } = scene()
    const proving = start()
    let end = (): void => undefined
    answersAfter(new Promise((resolve) => (end = resolve)))
    answers(fault)
    await clock.advance(2 * SECOND)
    expect(asked).toHaveLength(1)
    stop()
    end()
    await clock.advance(MINUTE)
    expect(told).toEqual([])
    expect(proving.doubts()).toEqual(new Map())
  })

  it('tells each fault once: those that are mended alike as one', async () => {
    const { clock, told, start, answers, stop } = scene()
    const clocks: Finding = { is: 'fault', text: 'the clock is wrong', mend: 'Set it' }
    answers({ ...fault, text: 'production refuses it' }, { ...fault, text: 'sandbox refuses it' }, clocks)
    start()
    await clock.advance(10 * SECOND)
    const text = 'production refuses it. Use another key. The clock is wrong. Set it'
    expect(told).toEqual([{ at: 'trouble', about: 'app ios', text }])
    stop()
  })

  it('asks at once when an operator does, also those that were proven', async () => {
    const { clock, asked, start, stop } = scene()
    const proving = start()
    await clock.advance(5 * SECOND)
    expect(await proving.now()).toEqual([{ app: 'ios', findings: [fact] }])
    expect(asked).toHaveLength(2)
    stop()
  })
})

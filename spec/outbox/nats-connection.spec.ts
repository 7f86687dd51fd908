import { Unavailable } from '../../lib/model/unavailable'
import { makeHealth } from '../../lib/outbox/nats-connection'
import { handClock, settle } from '../support/hand-clock'

describe('lib/outbox/nats-connection', () => {
  const started = () => {
    const clock = handClock()
    const told: string[] = []
    const health = makeHealth({
      shown: 'PUSH at nats://127.0.0.1:4222',
      clock,
      trouble: (text) => void told.push(text),
    })
    const fails = (words: string) =>
      health.once(() => Promise.reject(new Error(words))).catch((error: unknown) => error)
    return { clock, told, health, fails }
  }

  it('tells of a trouble once while it lasts, though other work does well in between', async () => {
    const { clock, told, health, fails } = started()
    let isMended = false
    const work = health.untilWell(() => (isMended ? Promise.resolve('done') : Promise.reject(new Error('timeout'))))
    for (let seconds = 0; seconds < 120; seconds++) {
      await clock.advance(1_000)
      expect(await health.once(() => Promise.resolve('well'))).toBe('well')
      await fails('timeout')
    }
    expect(told).toEqual([
      'outbox PUSH at nats://127.0.0.1:4222: timeout: it does not answer: see that a majority of its servers is up',
    ])
    isMended = true
    await clock.advance(1_000)
    expect(await work).toBe('done')
  })

  it('tells of another trouble beside it', async () => {
    const { told, fails } = started()
    expect(await fails('timeout')).toBeInstanceOf(Unavailable)
    await fails('maximum bytes exceeded')
    await fails('timeout')
    expect(told.map((text) => text.split(': ')[1])).toEqual(['timeout', 'maximum bytes exceeded'])
  })

  it('tells of it again when it comes back after half a minute', async () => {
    const { clock, told, fails } = started()
    await fails('timeout')
    await clock.advance(29_999)
    await fails('timeout')
    expect(told).toHaveLength(1)
    await clock.advance(30_000)
    await fails('timeout')
    expect(told).toHaveLength(2)
  })

  it('tells nothing once it is closed, and tries no more', async () => {
    const { told, health } = started()
    const work = health.untilWell(() => Promise.reject(new Error('timeout'))).catch((error: unknown) => error)
    await settle()
    health.close()
    expect(await work).toBeInstanceOf(Unavailable)
    expect(told).toHaveLength(1)
  })
})

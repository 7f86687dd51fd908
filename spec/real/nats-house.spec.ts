/** The whole service with its pushes in a real NATS: what it wakes, and what a server hears while NATS is away. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answers } from '../../lib/sim/apns-answers'
import { realDescribe } from '../support/available'
import { callAt } from '../support/call'
import { IOS, startHouse, type House } from '../support/house'
import { startNats } from '../support/nats-cluster'
import { publishTo, registerDevice } from '../support/one-device'
import { patiently } from '../support/patience'
import { serverForAll } from '../support/real-server'

const TOKEN = 'c3'.repeat(32)

realDescribe('nats', 'the service with its outbox in NATS', () => {
  const server = serverForAll(() => startNats())
  let house: House | undefined
  afterEach(() => house?.close())

  it('wakes a phone, answers "wait" while NATS is away, and goes on by itself', async () => {
    const outbox = { kind: 'nats', servers: server().servers, contentKey: Buffer.alloc(32, 7).toString('base64') }
    const its = (house = await startHouse({ settings: { outbox } }))
    its.apns.addDevice({ token: TOKEN, topic: IOS })
    const node = await registerDevice(its, 'juliet@example.com', IOS, TOKEN)
    const heard = async (times: number): Promise<void> => {
      await patiently(() => its.apns.received(TOKEN).length >= times, its.rest)
      expect(its.apns.received(TOKEN)).toHaveLength(times)
    }
    expect(await publishTo(its, node)).toBe('result')
    await heard(1)
    await server().kill(0)
    expect(await publishTo(its, node)).toBe('internal-server-error')
    expect(its.log.filter((line) => line.includes('"about":"store"'))).toEqual([
      expect.stringContaining('outbox XMPP_PUSH'),
    ])
    await server().start(0)
    let answer = ''
    for (const begun = performance.now(); performance.now() - begun < 30_000 && answer !== 'result';) {
      await its.clock.advance(1_000)
      answer = String(await publishTo(its, node))
    }
    expect(answer).toBe('result')
    const account = async () => (await its.service().accounts()).get(IOS)
    // Received by Apple is not yet written down here.
    const isOver = async (): Promise<boolean> => {
      const { delivered = 0, waiting = 1, inFlight = 1 } = (await account()) ?? {}
      return delivered >= 2 && waiting + inFlight === 0
    }
    await patiently(isOver, () => its.clock.advance(1_000))
    expect(await account()).toMatchObject({ waiting: 0, inFlight: 0 })
    expect((await account())?.delivered).toBeGreaterThanOrEqual(2)
  }, 90_000)

  it('goes over to another store, and what waits in the queue that both name is delivered from there', async () => {
    const contentKey = Buffer.alloc(32, 7).toString('base64')
    const outbox = { kind: 'nats', stream: 'BOTH', servers: server().servers, contentKey }
    const its = (house = await startHouse({ settings: { outbox } }))
    const [first, second] = ['component', 'second'].map((name) => join(its.folder, `${name}.config.json`)) as [
      string,
      string,
    ]
    const settings = JSON.parse(readFileSync(first, 'utf8')) as object
    writeFileSync(second, JSON.stringify({ ...settings, store: { kind: 'sqlite', file: 'data/second.db' } }))
    its.apns.addDevice({ token: TOKEN, topic: IOS })
    const node = await registerDevice(its, 'juliet@example.com', IOS, TOKEN)
    its.apns.script({ answer: answers.refuse('ServiceUnavailable'), times: 1 })
    expect(await publishTo(its, node)).toBe('result')
    const account = async () => (await its.service().accounts()).get(IOS)
    await patiently(async () => (await account())?.waiting === 1, its.rest)
    await its.service().stop('it moves')

    const moved = await callAt(its.clock, 'migrate', '--from', first, '--to', second)
    expect(moved).toMatchObject({ code: 0, err: '' })
    expect(moved.out).toMatch(/devices +1 moved[^]*pushes +stay in the queue that both name[^]*both agree/)
    writeFileSync(first, readFileSync(second, 'utf8'))
    await its.start()
    await patiently(
      async () => (await account())?.delivered === 1,
      () => its.clock.advance(1_000),
    )
    expect(its.apns.received(TOKEN)).toHaveLength(1)
    expect(await account()).toMatchObject({ accepted: 1, abandoned: 0, waiting: 0 })
  }, 60_000)
})

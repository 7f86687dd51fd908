import { NOW, PHONE, startScene, TOPIC, VOIP, type Scene } from '../support/apns-scene'

const OTHER = 'd4'.repeat(32)
const at = (token: string) => ({ path: `/3/device/${token}` })

describe('lib/sim/apns-devices', () => {
  let scene: Scene
  afterEach(() => scene.close())

  it('knows no other device than those that were added', async () => {
    scene = await startScene()
    const client = await scene.open()
    expect(await client.push(at(OTHER))).toMatchObject({ status: 400, reason: 'BadDeviceToken' })
    scene.apns.addDevice({ token: OTHER, topic: TOPIC })
    expect(await client.push(at(OTHER))).toMatchObject({ status: 200 })
  })

  it('says BadDeviceToken for a device of the other environment', async () => {
    scene = await startScene({ environment: 'sandbox' })
    const client = await scene.open()
    scene.apns.addDevice({ token: OTHER, topic: TOPIC, environment: 'production' })
    expect(await client.push(at(OTHER))).toMatchObject({ status: 400, reason: 'BadDeviceToken' })
    expect(await client.push()).toMatchObject({ status: 200 })
  })

  it('says DeviceTokenNotForTopic for a device of another topic', async () => {
    scene = await startScene()
    expect(await (await scene.open()).push(at(VOIP))).toMatchObject({ status: 400, reason: 'DeviceTokenNotForTopic' })
  })

  it.each([
    ['unregistered', 'Unregistered'],
    ['expired', 'ExpiredToken'],
  ] as const)('says 410 with its time for a device that is %s', async (kind, reason) => {
    scene = await startScene()
    const client = await scene.open()
    scene.apns.changeDevice(PHONE, { kind, since: NOW - 5 })
    expect(await client.push()).toMatchObject({ status: 410, body: JSON.stringify({ reason, timestamp: NOW - 5 }) })
    scene.apns.changeDevice(PHONE, { kind: 'registered' })
    expect(await client.push()).toMatchObject({ status: 200 })
    expect(scene.apns.violations).toEqual([])
  })

  it('warns of a push to a device that the client was told is dead', async () => {
    scene = await startScene()
    const client = await scene.open()
    scene.apns.changeDevice(PHONE, { kind: 'unregistered', since: NOW })
    await client.push()
    expect(scene.apns.warnings).toEqual([])
    expect(await client.push()).toMatchObject({ status: 410 })
    expect(scene.apns.warnings).toMatchObject([{ rule: 'dead-token', connection: 1, stream: 3 }])
  })

  it.each([2, 64, 200])('accepts a token of %i digits', async (digits) => {
    scene = await startScene()
    const token = 'f0'.repeat(digits / 2)
    scene.apns.addDevice({ token: token.toUpperCase(), topic: TOPIC })
    expect(await (await scene.open()).push(at(token))).toMatchObject({ status: 200 })
    expect(scene.apns.received(token)).toHaveLength(1)
  })

  it('limits each token by itself, by the simulator’s clock', async () => {
    scene = await startScene({ tokenBucket: { size: 2, refillMs: 1000 } })
    scene.apns.addDevice({ token: OTHER, topic: TOPIC })
    const client = await scene.open()
    const statuses = async (...tokens: readonly string[]) => {
      const all: (number | undefined)[] = []
      for (const token of tokens) all.push((await client.push(at(token))).status)
      return all
    }
    expect(await statuses(PHONE, PHONE, PHONE, OTHER)).toEqual([200, 200, 429, 200])
    scene.advance(1000)
    expect(await statuses(PHONE, PHONE)).toEqual([200, 429])
  })

  it('has no limit unless it is told of one', async () => {
    scene = await startScene()
    const client = await scene.open()
    const all = await Promise.all(Array.from({ length: 50 }, () => client.push()))
    expect(all.every(({ status }) => status === 200)).toBe(true)
  })

  it('adds apns-unique-id to what the sandbox accepts, and production does not', async () => {
    scene = await startScene({ environment: 'sandbox' })
    expect((await (await scene.open()).push()).headers['apns-unique-id']).toMatch(/^[0-9a-f-]{36}$/)
    await scene.close()
    scene = await startScene()
    expect((await (await scene.open()).push()).headers['apns-unique-id']).toBeUndefined()
  })

  it('does not change a device that it does not know', async () => {
    scene = await startScene()
    expect(() => {
      scene.apns.changeDevice(OTHER, { kind: 'expired', since: 0 })
    }).toThrow('addDevice')
  })
})

import { join } from 'node:path'
import { readQuestion } from '../../lib/admin/reading-questions'
import { type Incoming, MOST_INCOMING, takeIn, type TakenIn } from '../../lib/admin/take-in'
import { questionsOf } from '../../lib/commands/import-door'
import { standIn } from '../../lib/model/stand-in'
import { sqlite } from '../../lib/stores/sqlite'
import { type Store } from '../../lib/stores/store'
import { makeFolder } from '../support/folder'
import { handClock } from '../support/hand-clock'

const DAY = 24 * 3600_000
const folder = makeFolder()
const clock = handClock()
let made = 0
let store: Store

const device = (name: string, more: Partial<Incoming> = {}): Incoming => ({
  ...{
    service: 'push.example.com',
    node: `node ${name}`,
    owner: standIn(name, 'example.com'),
    dialect: 'conversations',
  },
  ...{ device: name, app: 'android', secret: `secret ${name}`, address: `token ${name}`, hints: {}, registeredAt: 0 },
  ...more,
})

async function take(devices: readonly Incoming[], commit = true): Promise<readonly TakenIn['is'][]> {
  const { registry, records } = store
  const options = { registry, records, now: () => clock.now(), newId: () => `id-${++made}`, commit }
  return (await takeIn(devices, options)).map((each) => each.is)
}

beforeEach(async () => {
  const trouble = (text: string): void => {
    throw new Error(text)
  }
  store = await sqlite.open({ file: join(folder.path, `${++made}.db`), maxDeliveries: 10 }, { clock, trouble })
})
afterEach(() => store.close())

describe('lib/admin/take-in', () => {
  it('takes in what is new and leaves what stands', async () => {
    const devices = Array.from({ length: 1_200 }, (_, at) => device(`${at}`))
    expect(new Set(await take(devices, false))).toEqual(new Set(['new']))
    expect(new Set(await take(devices))).toEqual(new Set(['new']))
    expect(new Set(await take(devices))).toEqual(new Set(['there']))
    expect([...(await store.registry.count())]).toEqual([['android', 1_200]])
  })

  it.each([
    ['token', { address: 'another' }],
    ['secret', { secret: 'another' }],
    ['app', { app: 'tablet' }],
  ] as const)('takes another %s over', async (_what, other) => {
    await take([device('one')])
    expect(await take([device('one', other)], false)).toEqual(['changed'])
    expect(await take([device('one', other)])).toEqual(['changed'])
    expect(await take([device('one', other)])).toEqual(['there'])
    expect(await store.records.devices({ limit: 10 })).toHaveLength(1)
  })

  it('does not take in again what was removed here', async () => {
    await take([device('one')])
    await store.registry.unregister({ service: 'push.example.com', owner: device('one').owner })
    expect(await take([device('one')])).toEqual(['ended'])
    expect(await store.records.devices({ limit: 10 })).toEqual([])
  })

  it('is no sign that a device ended, where another one had its node', async () => {
    await take([device('one')])
    await store.registry.unregister({ service: 'push.example.com', owner: device('one').owner })
    expect(await take([device('two', { node: 'node one' })])).toEqual(['new'])
  })

  it('counts as a sign of life, so that nothing that was taken in is swept at once', async () => {
    await take([device('one')])
    const seenAt = async () => (await store.records.devices({ limit: 1 }))[0]?.seenAt
    expect(await seenAt()).toBe(clock.now())
    clock.jump(2 * DAY)
    await take([device('one')], false)
    expect(await seenAt()).toBe(clock.now() - 2 * DAY)
    await take([device('one')])
    await store.registry.count()
    expect(await seenAt()).toBe(clock.now())
  })
})

describe('lib/admin/questions, of devices to take in', () => {
  const question = (devices: unknown, commit: unknown = true) => readQuestion({ ask: 'take-in', devices, commit })

  it('takes devices as they are', () => {
    const devices = [device('one', { hints: { account: 'x' } })]
    expect(question(devices)).toEqual({ ask: 'take-in', devices, commit: true })
    expect(question([])).toEqual({ ask: 'take-in', devices: [], commit: true })
  })

  it.each([
    ['no list', {}, true],
    ['a device without a secret', [{ ...device('one'), secret: undefined }], true],
    ['an empty token', [device('one', { address: '' })], true],
    ['hints that are no texts', [{ ...device('one'), hints: { a: 1 } }], true],
    ['something more', [{ ...device('one'), more: 'x' }], true],
    ['a date that is none', [device('one', { registeredAt: 0.5 })], true],
    ['too many', Array.from({ length: MOST_INCOMING + 1 }, () => device('one')), true],
    ['no word whether they are meant', [device('one')], undefined],
  ])('refuses %s', (_what, devices, commit) => {
    expect(typeof question(devices, commit ?? 'perhaps')).toBe('string')
  })

  it('is asked in parts that the socket takes', () => {
    const devices = Array.from({ length: 2_000 }, (_, at) => device(`${at}`, { address: 'x'.repeat(at) }))
    const parts = questionsOf(devices)
    expect(parts.flat()).toEqual(devices)
    for (const part of parts) {
      expect(Buffer.byteLength(JSON.stringify({ ask: 'take-in', devices: part, commit: true }))).toBeLessThan(64 * 1024)
      expect(part.length).toBeLessThanOrEqual(MOST_INCOMING)
    }
  })
})

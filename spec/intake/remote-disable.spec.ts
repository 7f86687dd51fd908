import { join } from 'node:path'
import { makeRemoteDisabling, type ServerLine, type WhenToDisable } from '../../lib/intake/remote-disable'
import { type Software } from '../../lib/intake/software'
import { Opaque } from '../../lib/model/opaque'
import { type Event } from '../../lib/observe'
import { sqlite } from '../../lib/stores/sqlite'
import { type RemoteDisable, type Store } from '../../lib/stores/store'
import { makeFolder } from '../support/folder'
import { handClock, type HandClock } from '../support/hand-clock'

const SERVICE = 'push.example.com'
const SECOND = 1000
const MINUTE = 60 * SECOND
const DAY = 24 * 60 * MINUTE
const tigase: Software = { is: 'named', name: 'Tigase' }

describe('lib/intake/remote-disable', () => {
  const folder = makeFolder()
  let stores = 0
  let clock: HandClock
  let store: Store
  let answers: Software
  let isOnline: boolean
  let takes: boolean
  let asked: string[]
  let told: { readonly owner: string; readonly node: string; readonly at: number }[]
  let events: Event[]
  let stop: () => void

  beforeEach(async () => {
    clock = handClock()
    const file = join(folder.path, `store-${++stores}.db`)
    store = await sqlite.open({ file, maxDeliveries: 10 }, { clock, trouble: () => undefined })
    answers = tigase
    isOnline = true
    takes = true
    asked = []
    told = []
    events = []
    stop = () => undefined
  })
  afterEach(async () => {
    stop()
    await store.close()
  })

  const line: ServerLine = {
    isOnline: () => isOnline,
    async softwareOf(domain) {
      asked.push(domain)
      return answers
    },
    async disable(owner, node) {
      told.push({ owner, node, at: clock.elapsed() })
      return takes
    },
  }
  function start(
    when: WhenToDisable = 'auto',
    lineOf: (service: string) => ServerLine | undefined = () => line,
    among: { readonly isAttached?: () => boolean } = {},
  ): void {
    const observe = (event: Event): void => void events.push(event)
    const now = (): number => clock.now()
    const disabling = makeRemoteDisabling({ rows: store.remoteDisables, when, lineOf, ...among, now, clock, observe })
    stop = () => disabling.stop()
    disabling.start()
  }
  /** Registers a device and removes it without its server's knowledge. */
  async function remove(node: string, owner = 'romeo@example.com'): Promise<void> {
    const common = { service: SERVICE, node, owner, dialect: 'tigase', device: node, app: 'app', hints: {} }
    await store.registry.register({ ...common, id: `id-${node}`, address: new Opaque(node), at: clock.now() })
    await store.registry.unregister({ service: SERVICE, owner, node }, { remoteDisable: true })
  }
  const waiting = (): Promise<readonly RemoteDisable[]> => store.remoteDisables.due(9e15, 1000)
  /** Lets time pass in steps so small that every look at what is due comes to its end in between. */
  async function pass(ms: number, step = 5 * SECOND): Promise<void> {
    for (let left = ms; left > 0; left -= step) {
      await clock.advance(Math.min(left, step))
      // Two round trips of the store take longer than what follows from one.
      for (let trips = 0; trips < 6; trips++) await waiting()
    }
  }

  it('tells the owner’s server once, and is done with it', async () => {
    await remove('one')
    start()
    await pass(20 * MINUTE, MINUTE)
    expect(told).toMatchObject([{ owner: 'romeo@example.com', node: 'one' }])
    expect(await waiting()).toEqual([])
    expect(events).toEqual([
      { at: 'remote-disabled', service: SERVICE, owner: 'romeo@example.com', registration: 'id-one' },
    ])
  })

  it('asks a domain for its software once a day, whoever asks at once', async () => {
    start()
    await remove('one')
    await remove('two', 'juliet@example.com')
    await remove('three', 'nurse@example.net')
    await pass(5 * SECOND)
    expect(asked.sort()).toEqual(['example.com', 'example.net'])
    await remove('four')
    await pass(10 * SECOND)
    expect(asked).toHaveLength(2)
    await pass(DAY, DAY)
    await remove('five')
    await pass(10 * SECOND)
    expect(asked).toHaveLength(3)
    expect(told.map(({ node }) => node).sort()).toEqual(['five', 'four', 'one', 'three', 'two'])
  })

  it.each([
    ['another software', { is: 'named', name: 'Prosody' }],
    ['a name that only holds the word', { is: 'named', name: 'not Tigase' }],
    ['nothing that can be told', { is: 'untold' }],
  ] as const)('tells nobody where there is %s, and is done with it', async (_, software) => {
    answers = software
    await remove('one')
    start()
    await pass(5 * SECOND)
    expect({ asked, told, waiting: await waiting() }).toEqual({ asked: ['example.com'], told: [], waiting: [] })
  })

  it('waits for a server that is silent, and asks again after ten minutes', async () => {
    answers = { is: 'silent' }
    await remove('one')
    start()
    await pass(9 * MINUTE, MINUTE)
    expect({ asked: asked.length, told, waiting: await waiting() }).toMatchObject({
      asked: 1,
      told: [],
      waiting: [{ node: 'one' }],
    })
    answers = tigase
    await pass(3 * MINUTE, MINUTE)
    expect(asked).toHaveLength(2)
    expect(told).toHaveLength(1)
  })

  it('waits while the link is down', async () => {
    isOnline = false
    await remove('one')
    start()
    await pass(2 * MINUTE, MINUTE)
    expect({ asked, told }).toEqual({ asked: [], told: [] })
    isOnline = true
    await pass(2 * MINUTE, MINUTE)
    expect(told).toHaveLength(1)
  })

  it('tells again after a minute what the link did not take', async () => {
    takes = false
    await remove('one')
    start()
    await pass(50 * SECOND)
    expect(told).toHaveLength(1)
    takes = true
    await pass(20 * SECOND)
    expect(told).toHaveLength(2)
    await pass(5 * MINUTE, MINUTE)
    expect(told).toHaveLength(2)
    expect(events).toHaveLength(1)
  })

  it('tells ten a second', async () => {
    for (const node of ['one', 'two', 'three']) await remove(node)
    start()
    await pass(5 * SECOND)
    await pass(500, 50)
    const [first = 0, ...others] = told.map(({ at }) => at)
    expect(others.map((at) => at - first)).toEqual([100, 200])
  })

  it('gives a server up after seven days', async () => {
    isOnline = false
    await remove('one')
    await clock.advance(7 * DAY + 1)
    isOnline = true
    start()
    await pass(10 * SECOND)
    expect({ told, waiting: await waiting() }).toEqual({ told: [], waiting: [] })
  })

  it.each([
    ['it is to tell nobody', 'never', (): ServerLine | undefined => line],
    ['the JID is none of ours any more', 'always', (): ServerLine | undefined => undefined],
  ] as const)('tells and asks nobody where %s, and keeps nothing', async (_, when, lineOf) => {
    await remove('one')
    start(when, lineOf)
    await pass(5 * SECOND)
    expect({ asked, told, waiting: await waiting() }).toEqual({ asked: [], told: [], waiting: [] })
  })

  it('tells whoever it is where it is always to, and asks nobody', async () => {
    answers = { is: 'untold' }
    await remove('one')
    start('always')
    await pass(5 * SECOND)
    expect(told).toHaveLength(1)
    expect(asked).toEqual([])
  })

  it('tells nothing any more once it is stopped; it stays on disk', async () => {
    start()
    stop()
    await remove('one')
    await pass(MINUTE)
    expect(told).toEqual([])
    expect(await waiting()).toHaveLength(1)
  })

  it('speaks of a broken store once, and goes on when it works', async () => {
    const { remoteDisables } = store
    let isBroken = true
    const due = (...said: Parameters<typeof remoteDisables.due>) =>
      isBroken ? Promise.reject(new Error('the disk is full')) : remoteDisables.due(...said)
    const observe = (event: Event): void => void events.push(event)
    const rows = { ...remoteDisables, due }
    const disabling = makeRemoteDisabling({
      ...{ rows, when: 'auto', lineOf: () => line, now: () => clock.now(), clock, observe },
    })
    stop = () => disabling.stop()
    disabling.start()
    await remove('one')
    await pass(20 * SECOND)
    expect(events).toMatchObject([{ at: 'trouble', text: expect.stringContaining('the disk is full') as string }])
    isBroken = false
    await pass(10 * SECOND)
    expect(told).toHaveLength(1)
  })

  describe('among several instances', () => {
    it('leaves what it can’t tell, for it stands by, to whoever is attached', async () => {
      await remove('gone')
      const before = await waiting()
      isOnline = false
      start('always', () => line, { isAttached: () => isOnline })
      await pass(MINUTE)
      expect(await waiting()).toEqual(before)
      isOnline = true
      await pass(10 * SECOND)
      expect(told).toMatchObject([{ node: 'gone' }])
    })

    it('keeps what is told of a domain that another one has, for a week', async () => {
      await remove('gone')
      start('always', () => undefined, { isAttached: () => true })
      await pass(MINUTE)
      expect(await waiting()).toHaveLength(1)
      await pass(8 * DAY, DAY)
      expect(await waiting()).toHaveLength(0)
      expect(told).toEqual([])
    })
  })
})

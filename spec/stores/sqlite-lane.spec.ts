/** How calls share a commit, and what happens to them when one of them, or the disk, is at fault. */
import { execFileSync } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Opaque } from '../../lib/model/opaque'
import { sqlite } from '../../lib/stores/sqlite'
import { makeLane, type Lane } from '../../lib/stores/sqlite-lane'
import { makeSqliteOutbox } from '../../lib/stores/sqlite-outbox'
import { type ThreadOptions } from '../../lib/stores/sqlite-protocol'
import { startThread } from '../../lib/stores/sqlite-thread'
import { delivery, ended, ids, takeNow, uuid } from '../contracts/outbox-scene'
import { realDescribe } from '../support/available'
import { startChild } from '../support/child-lines'
import { compiled } from '../support/compiled'
import { makeFolder } from '../support/folder'
import { handClock } from '../support/hand-clock'

const FRAME_BYTES = 4096 + 24

describe('lib/stores/sqlite-lane', () => {
  const folder = makeFolder()
  // Ahead of the child's deliveries, so that all of them are due.
  const clock = handClock(Date.now() + 60_000)
  let made = 0
  const newFile = () => join(folder.path, `lane-${++made}.db`)
  const opened: { close(): Promise<void> }[] = []
  const open = async (file: string, maxDeliveries = 10_000) => {
    const store = await sqlite.open({ file, maxDeliveries }, { clock, trouble: (text) => expect(text).toBe('') })
    opened.push(store)
    return store
  }
  // Also where a test failed: an open store keeps its process alive.
  afterEach(() => Promise.all(opened.splice(0).map((each) => each.close())))

  it('commits in one transaction what is handed in during one turn', async () => {
    const file = newFile()
    const store = await open(file)
    const before = statSync(`${file}-wal`).size
    const puts = Array.from({ length: 300 }, () => delivery('app', clock.now()))
    await Promise.all(puts.map((put) => store.outbox.put([put])))
    // 300 transactions would write two pages at the least each, and the whole of 300 rows fits into some forty.
    expect((statSync(`${file}-wal`).size - before) / FRAME_BYTES).toBeLessThan(100)
    expect((await store.accounts()).get('app')).toMatchObject({ accepted: 300 })
  })

  it('rejects the one call that can not be stored, and serves those that came with it', async () => {
    const file = newFile()
    const store = await open(file)
    const [good, bad] = [delivery('app', clock.now()), delivery('app', clock.now(), { expiresAt: NaN })]
    await store.outbox.put([delivery('app', clock.now())])
    const [out] = await takeNow(store.outbox, { app: 9 })
    if (out === undefined) throw new Error('nothing claimed')
    const register = store.registry.register({
      ...{ id: uuid(), service: 'push.example.com', node: 'n', owner: 'juliet@example.com', dialect: 'tigase' },
      ...{ device: 'phone', app: 'app', address: new Opaque('token'), hints: {}, at: 1 },
    })
    const settle = store.outbox.settle([ended(out)])
    const calls = await Promise.allSettled([settle, store.outbox.put([good]), store.outbox.put([bad]), register])
    expect(calls.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
    expect(ids(await takeNow(store.outbox, { app: 9 }))).toEqual([good.id])
    const account = { accepted: 2, delivered: 1 }
    expect((await store.accounts()).get('app')).toMatchObject({ ...account, inFlight: 1 })
    await store.close()
    const again = await open(file)
    expect((await again.accounts()).get('app')).toMatchObject({ ...account, waiting: 1 })
    expect(ids(await takeNow(again.outbox, { app: 9 }))).toEqual([good.id])
  })

  it('hands out a call that came in one turn with the claim before messages that wait', async () => {
    const store = await open(newFile())
    const [message, call] = [delivery('app', clock.now()), delivery('app', clock.now(), { class: 'call' })]
    await store.outbox.put([message])
    const claim = store.outbox.claim(new Map([['app', 1]]))
    await store.outbox.put([call])
    expect(ids(await claim)).toEqual([call.id])
  })

  it('asks the thread twice for a push that comes alone: as it is put, and as it is settled', async () => {
    const file = newFile()
    const bounds = { maxDeliveries: 10, maxDeliveriesPerApp: 10, maxBytes: Infinity }
    const options = {
      file,
      contentKey: undefined,
      contentKeyFrom: '',
      bounds,
      now: clock.now(),
    } satisfies ThreadOptions
    const { worker } = await startThread('sqlite-worker', options, file)
    const post = worker.postMessage.bind(worker)
    let posted = 0
    worker.postMessage = (message: unknown) => {
      posted++
      post(message)
    }
    const { outbox, claimed, brought, close } = makeSqliteOutbox((): Lane => lane, clock)
    const lane = makeLane({ worker, file, clock, told: { trouble: (text) => expect(text).toBe('') }, claimed, brought })
    opened.push({ close: () => (close(), lane.close()) })
    const room = new Map([['app', 1]])
    for (let round = 0; round < 3; round++) {
      const claim = outbox.claim(room)
      const push = delivery('app', clock.now())
      await outbox.put([push])
      const [out] = await claim
      if (out === undefined) throw new Error('nothing claimed')
      expect(ids([out])).toEqual([push.id])
      const next = outbox.claim(room)
      await outbox.settle([ended(out)])
      void outbox.claim(new Map())
      expect(await next).toEqual([])
    }
    expect(posted).toBe(6)
    // What waits for its time is handed out at that time, though nothing else is asked meanwhile.
    const later = { ...delivery('app', clock.now()), dueAt: clock.now() + 5_000 }
    await outbox.put([later])
    const claim = outbox.claim(room)
    await clock.advance(4_999)
    expect(posted).toBe(7)
    await clock.advance(1)
    expect(ids(await claim)).toEqual([later.id])
    expect(posted).toBe(8)
  })

  it('answers what is asked alone as what is asked along with others', async () => {
    const store = await open(newFile())
    const push = delivery('app', clock.now())
    const find = () => store.registry.find([{ service: 'push.example.com', node: 'n' }])
    await store.registry.register({
      ...{ id: uuid(), service: 'push.example.com', node: 'n', owner: 'juliet@example.com', dialect: 'tigase' },
      ...{ device: 'phone', app: 'app', address: new Opaque('token'), hints: {}, at: 1 },
    })
    const [alone] = await find()
    const accounts = await store.accounts()
    const together = await Promise.all([find(), store.outbox.put([push]), store.accounts()])
    expect(alone).toMatchObject([{ owner: 'juliet@example.com', address: new Opaque('token') }])
    expect([together[0][0], together[1]]).toEqual([alone, ['kept']])
    expect([accounts.get('app')?.accepted ?? 0, (await store.accounts()).get('app')?.waiting]).toEqual([0, 1])
  })

  it('refuses as full what queues for a disk that does not keep up', async () => {
    const store = await open(newFile(), 100_000)
    const puts = Array.from({ length: 6 }, () => Array.from({ length: 2000 }, () => delivery('app', clock.now())))
    const answers = await Promise.all(puts.map((put) => store.outbox.put(put)))
    expect(answers.map((answer) => answer[0])).toEqual(['kept', 'kept', 'kept', 'kept', 'kept', 'full'])
    expect((await store.accounts()).get('app')).toMatchObject({ accepted: 10_000 })
  })

  it('is closed in ten seconds where the disk hangs, says so, and rejects what was handed in', async () => {
    const told: string[] = []
    // A thread that takes a batch and never comes back from it.
    const hang = `require('node:worker_threads').parentPort.on('message', () =>
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0))`
    const lane = makeLane({
      ...{ worker: new Worker(hang, { eval: true }), file: 'hung.db', clock },
      told: { trouble: (text) => told.push(text), notice: (text) => told.push(text) },
      claimed: () => ({ released: [] }),
      brought: () => undefined,
    })
    const put = new Promise<string>((resolve, reject) => {
      lane.hand({ of: 'put', deliveries: [delivery('app', clock.now())], resolve, reject })
    })
    const rejected = expect(put).rejects.toThrow('hung.db does not answer, its disk hangs')
    let isClosed = false
    const closing = lane.close().then(() => (isClosed = true))
    await clock.advance(9_999)
    expect(isClosed).toBe(false)
    await clock.advance(1)
    await closing
    await rejected
    expect(told).toEqual([expect.stringContaining('closed without it')])
  })

  describe('where a part of the file is damaged', () => {
    const MARK = 'in-the-damaged-page'
    const node = (n: number) => ({ service: 'push.example.com', node: `node-${n}` })

    /** 300 registrations, the table's page with one of them overwritten. */
    async function damaged(file: string): Promise<void> {
      const store = await open(file)
      await Promise.all(
        Array.from({ length: 300 }, (_, n) =>
          store.registry.register({
            ...{ id: String(n).padStart(8, '0'), ...node(n), owner: `user${n}@example.com`, dialect: 'tigase' },
            ...{ device: `phone-${n}`, app: 'app', hints: { mark: n === 150 ? MARK : 'whole' }, at: clock.now() },
          }),
        ),
      )
      await store.close()
      const bytes = readFileSync(file)
      const at = bytes.indexOf(MARK)
      expect(at).toBeGreaterThan(4096)
      const page = at - (at % 4096)
      bytes.fill(0xff, page, page + 16)
      writeFileSync(file, bytes)
    }

    it('refuses only what lies in it, and tells once what and where it is and what to do', async () => {
      const file = newFile()
      await damaged(file)
      const told: string[] = []
      const options = { file, maxDeliveries: 1000 }
      const store = await sqlite.open(options, { clock, trouble: (text) => told.push(text) })
      opened.push(store)
      for (let turn = 0; turn < 3; turn++) {
        const puts = [
          store.outbox.put([delivery('app', clock.now())]),
          store.outbox.put([delivery('app', clock.now())]),
        ]
        const lost = expect(store.registry.find([node(150)])).rejects.toThrow('malformed')
        const found = store.registry.find([node(0), node(299)])
        expect(await Promise.all(puts)).toEqual([['kept'], ['kept']])
        await lost
        expect((await found).map((each) => each.length)).toEqual([1, 1])
      }
      expect(told).toEqual([expect.stringMatching(/^store .* is damaged .*all else goes on; stop the service.*backup/)])
      expect(await takeNow(store.outbox, { app: 100 })).toHaveLength(6)
    })
  })

  realDescribe('prlimit', 'on a disk that takes nothing more', () => {
    it('rejects puts, answers reads, keeps settlements, tells it once, recovers by itself, and tells that', async () => {
      const file = newFile()
      const limit = ['--fsize=600000:unlimited', process.execPath]
      const child = startChild('prlimit', [...limit, ...[compiled(join(__dirname, 'sqlite-child.ts')), 'flood', file]])
      opened.push({ close: () => child.stop() })
      const { pid } = await child.until('open')
      await child.until('rejected')
      await child.until('still')
      execFileSync('prlimit', ['--pid', String(pid), '--fsize=unlimited'])
      await child.until('settled')
      await child.until('recovered')
      await child.stop()
      const told = child.lines.filter((line) => line['event'] === 'trouble').map((line) => line['text'])
      expect(told).toEqual([expect.stringMatching(/^store .* takes nothing: the disk (fails|is full); .*tried again/)])
      const notices = child.lines.filter((line) => line['event'] === 'notice').map((line) => line['text'])
      expect(notices).toEqual([
        expect.stringMatching(/^store .* takes again what it is given; it took nothing for \d+ s$/),
      ])
      const promised = child.lines.filter((line) => line['event'] === 'put').flatMap((line) => line['ids'] as string[])
      const store = await open(file, 1_000_000)
      const found = ids(await takeNow(store.outbox, { app: 1_000_000 }))
      const settled = child.lines
        .filter((line) => line['event'] === 'settled')
        .flatMap((line) => line['ids'] as string[])
      expect([...settled].filter((id) => found.includes(id))).toEqual([])
      expect(promised.filter((id) => !found.includes(id) && !settled.includes(id))).toEqual([])
    })
  })
})

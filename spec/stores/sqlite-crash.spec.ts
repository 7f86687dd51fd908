/** What a killed process leaves behind: kernel locks gone, nothing lost that was promised, nothing back that was settled. */
import { type ChildLines, startChild } from '../support/child-lines'
import { compiled } from '../support/compiled'
import { makeFolder } from '../support/folder'
import { handClock } from '../support/hand-clock'
import { closes } from '../../lib/model/accounting'
import { sqlite } from '../../lib/stores/sqlite'
import { SCHEMA_VERSION } from '../../lib/stores/sqlite-schema'
import { ids, takeNow } from '../contracts/outbox-scene'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const children: ChildLines[] = []
const child = (what: 'hold' | 'work', file: string): ChildLines => {
  const script = compiled(join(__dirname, 'sqlite-child.ts'))
  const started = startChild(process.execPath, [script, what, file])
  children.push(started)
  return started
}
afterEach(() => Promise.all(children.splice(0).map((each) => each.stop())))

const told = (worked: ChildLines, event: string): readonly string[] =>
  worked.lines.filter((line) => line['event'] === event).flatMap((line) => line['ids'] as string[])

/** Resolves when so many lines of an event were told. */
const linesOf = (worked: ChildLines, event: string, count: number): Promise<void> =>
  new Promise((done) => {
    const look = () => (told(worked, event).length >= count ? done() : void setImmediate(look))
    look()
  })

const surroundings = () => ({ clock: handClock(Date.now() + 60_000), trouble: () => undefined })

describe('lib/stores/sqlite, killed', () => {
  const folder = makeFolder()

  it('lets one process at a time open it, and the next one as soon as that is killed', async () => {
    const file = join(folder.path, 'held.db')
    const options = { file, maxDeliveries: 10 }
    const holder = child('hold', file)
    await holder.until('open')
    await expect(sqlite.open(options, surroundings())).rejects.toMatchObject({
      name: 'StoreRefused',
      message: `store ${file} is open in another process, which holds its lock; stop that one first, or name another file in store.file`,
    })
    await holder.stop()
    // The tables' version stands in the file itself (SQLite file format §1.3), where an older program looks for it.
    expect(readFileSync(file).readUInt32BE(60)).toBe(SCHEMA_VERSION)
    const store = await sqlite.open(options, surroundings())
    await store.close()
  })

  it('loses nothing that was promised and brings back nothing that was settled, killed amid its work', async () => {
    const file = join(folder.path, 'killed.db')
    const promised = new Set<string>()
    const settled = new Set<string>()
    const perhapsSettled = new Set<string>()
    for (const kill of [60, 400, 150]) {
      const worker = child('work', file)
      await linesOf(worker, 'settled', kill)
      await worker.stop()
      told(worker, 'put').forEach((id) => promised.add(id))
      told(worker, 'settled').forEach((id) => settled.add(id))
      told(worker, 'out').forEach((id) => perhapsSettled.add(id))
    }
    const store = await sqlite.open({ file, maxDeliveries: 1_000_000 }, surroundings())
    const claimed = await takeNow(store.outbox, { app: 1_000_000 })
    const left = new Set(ids(claimed))
    expect([...promised].filter((id) => !left.has(id) && !perhapsSettled.has(id))).toEqual([])
    expect([...settled].filter((id) => left.has(id))).toEqual([])
    for (const { delivery, ambiguous, attempts } of claimed) {
      expect(delivery.notification.content).toEqual({ body: delivery.id })
      expect(ambiguous).toBe(attempts > 0)
      if (perhapsSettled.has(delivery.id)) expect(ambiguous).toBe(true)
    }
    const account = (await store.accounts()).get('app')
    if (account === undefined) throw new Error('no account')
    expect(closes(account)).toBe(true)
    expect(account).toMatchObject({ waiting: 0, inFlight: claimed.length })
    expect(account.delivered).toBeGreaterThanOrEqual(settled.size)
    expect(account.accepted).toBeGreaterThanOrEqual(promised.size)
    await store.close()
  })
})

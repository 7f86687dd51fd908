import { join } from 'node:path'
import { askService } from '../../lib/admin/asking'
import { openOffice } from '../../lib/admin/office'
import { type Ask } from '../../lib/admin/questions'
import { type Event } from '../../lib/observe'
import { type Store } from '../../lib/stores/store'
import { sqlite } from '../../lib/stores/sqlite'
import { makeFolder } from '../support/folder'
import { type HandClock, handClock } from '../support/hand-clock'

describe('lib/admin/office', () => {
  const folder = makeFolder()
  const path = join(folder.path, 'xmpp-push.sock')
  let clock: HandClock
  let store: Store
  let events: Event[]
  const closes: (() => Promise<void>)[] = []
  beforeEach(async () => {
    clock = handClock()
    events = []
    const options = { file: join(folder.path, 'store.db'), maxDeliveries: 10 }
    store = await sqlite.open(options, { clock, trouble: () => undefined })
  })
  afterEach(async () => {
    for (const close of closes.splice(0)) await close()
    await store.close()
  })

  /** An instance that says its name, whatever it is asked. */
  const open = async (name: string, isShared = true): Promise<() => Promise<void>> => {
    const ask = (() => Promise.resolve({ is: 'failed', why: name })) as unknown as Ask
    const keeping = () => ({ registrations: 0, tombstones: 1, traces: 1, tracesSize: 1 })
    const observe = (event: Event): void => void events.push(event)
    const close = await openOffice({ store, ask, path, isShared, keeping, clock, observe })
    closes.push(close)
    return close
  }
  const answers = async (): Promise<unknown> => {
    const asked = await askService(path, { ask: 'status' }, clock)
    return asked.is === 'reply' && asked.reply.is === 'failed' ? asked.reply.why : asked.is
  }

  it('is the first one’s of two instances at one place, and the other one’s when that ends', async () => {
    const close = await open('one')
    await open('other')
    expect(await answers()).toBe('one')
    expect(events).toEqual([
      expect.objectContaining({
        at: 'notice',
        text: expect.stringMatching(/another instance's.*folder of its own/) as string,
      }),
    ])
    await close()
    for (let looks = 0; looks < 20 && (await answers()) !== 'other'; looks++) await clock.advance(5_000)
    expect(await answers()).toBe('other')
    expect(events).toHaveLength(1)
  })

  it('is left alone by one that is closed before the place is free', async () => {
    const close = await open('one')
    await (
      await open('other')
    )()
    expect(await answers()).toBe('one')
    await close()
    await clock.advance(20_000)
    expect(await answers()).toBe('nobody')
  })
})

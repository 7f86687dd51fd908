import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { askService } from '../../lib/admin/asking'
import { type Question, type Status } from '../../lib/admin/questions'
import { callAt, type Called } from '../support/call'
import { type House, IOS, startHouse } from '../support/house'
import { publishTo, registerDevice } from '../support/one-device'

const HOLD_MS = 30_000

describe('the commands backup and restore', () => {
  let house: House
  const file = (name: string): string => join(house.folder, name)
  const run = (...words: readonly string[]): Promise<Called> =>
    callAt(house.clock, ...words, '--config', file('component.config.json'))
  const token = (at: number): string => at.toString(16).padStart(64, 'c')
  const register = (at: number): Promise<string> => {
    house.apns.addDevice({ token: token(at), topic: IOS })
    return registerDevice(house, `romeo${at}@example.com`, IOS, token(at))
  }
  /** Another configuration in the same folder, with a store of its own. */
  const elsewhere = (name: string): ((...words: readonly string[]) => Promise<Called>) => {
    const config = JSON.parse(readFileSync(file('component.config.json'), 'utf8')) as object
    writeFileSync(file(`${name}.json`), JSON.stringify({ ...config, store: { kind: 'sqlite', file: `${name}/it.db` } }))
    return (...words) => callAt(house.clock, ...words, '--config', file(`${name}.json`))
  }
  const ask = (question: Question) =>
    askService(file('data/xmpp-push.db.sock'), question, house.clock).then((asked) =>
      asked.is === 'reply' ? asked.reply : asked,
    )

  beforeEach(async () => {
    house = await startHouse()
  })
  afterEach(() => house.close())

  it('take a copy in the middle of traffic, and what was accepted before is there, with closed books', async () => {
    const nodes: string[] = []
    for (let at = 0; at < 20; at++) nodes.push(await register(at))
    let isOver = false
    let published = 0
    const publish = async (): Promise<void> => {
      for (let at = 0; !isOver && at < 2_000; at++) {
        expect(await publishTo(house, nodes[at % nodes.length] ?? '')).toBe('result')
        published++
      }
    }
    const traffic = Promise.all([publish(), publish(), publish()])
    const { code, out, err } = await run('backup', '--to', file('b.db'), '--with-key', '--json')
    isOver = true
    await traffic
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(JSON.parse(out)).toMatchObject({ to: file('b.db'), registrations: 20, key: file('b.db.key') })
    expect(published).toBeGreaterThan(3)
    expect(statSync(file('b.db')).mode & 0o777).toBe(0o600)

    const there = elsewhere('there')
    const restored = await there('restore', '--from', file('b.db'))
    expect([restored.code, restored.err]).toEqual([0, ''])
    expect(restored.out).toMatch(/^devices +20; those that registered after the backup was made are lost$/m)
    expect(restored.out).toMatch(/^key +\S+there\/it\.db\.key is the one of the backup now$/m)
    expect(restored.out).toMatch(/\nstart the service\n$/)
    const status = JSON.parse((await there('status', '--json')).out) as Status
    expect(status.apps.find(({ app }) => app === IOS)).toMatchObject({ registrations: 20, missing: 0 })
    for (const node of nodes) expect((await there('devices', 'show', node)).code).toBe(0)
  })

  it('refuse to exchange a store under a service that nobody could start again, and say how it is done', async () => {
    await run('backup', '--to', file('b.db'))
    const { code, err } = await run('restore', '--from', file('b.db'))
    expect(code).toBe(1)
    expect(err).toBe(
      'xmpp-push: this service can not exchange its store while it runs; stop it, restore, and start it again\n',
    )
    await house.service().stop('the spec wants it')
    const done = await run('restore', '--from', file('b.db'))
    expect([done.code, done.out]).toEqual([0, expect.stringMatching(/^former +\S+xmpp-push\.db\.before-/m)])
  })

  it('work without a service, and say what can not be done', async () => {
    await register(1)
    await house.service().stop('the spec wants it')
    const { code, out } = await run('backup', '--to', file('b.db'))
    expect([code, out]).toEqual([0, expect.stringMatching(/^devices +1$/m)])
    const { err } = await run('backup', '--to', file('b.db'))
    expect(err).toBe(
      `xmpp-push: ${file('b.db')} is there already; name another file, or replace it with --force; nothing was written\n`,
    )
  })

  it('give a copy up where the service did not wait for its end', async () => {
    const begun = await ask({ ask: 'hold-still' })
    const hold = 'answer' in begun ? (begun.answer as { hold: string }).hold : ''
    expect(hold).not.toBe('')
    const busy = await run('backup', '--to', file('b.db'))
    expect(busy.err).toContain('somebody is backing it up or restoring it already; wait for the end of that')
    await house.clock.advance(HOLD_MS - 1)
    expect(await ask({ ask: 'hold-still', hold })).toMatchObject({ is: 'answer' })
    await house.clock.advance(HOLD_MS - 1)
    expect(await ask({ ask: 'let-go', hold })).toMatchObject({ is: 'answer' })
    expect(await ask({ ask: 'let-go', hold })).toMatchObject({ is: 'failed' })

    const again = await ask({ ask: 'hold-still' })
    const late = 'answer' in again ? (again.answer as { hold: string }).hold : ''
    await house.clock.advance(HOLD_MS)
    const why = 'the service did not wait for the end of the copy, so that it may be no good; do it again'
    expect(await ask({ ask: 'hold-still', hold: late })).toEqual({ is: 'failed', why })
    expect(await ask({ ask: 'let-go', hold: late })).toEqual({ is: 'failed', why })
    expect((await run('backup', '--to', file('b.db'))).code).toBe(0)
  })

  it('send whoever has a PostgreSQL to its own tools, with the line', async () => {
    const config = JSON.parse(readFileSync(file('component.config.json'), 'utf8')) as object
    const store = {
      ...{ kind: 'postgres', url: 'postgres://push@127.0.0.1:1/push' },
      contentKey: Buffer.alloc(32, 7).toString('base64'),
    }
    writeFileSync(file('pg.json'), JSON.stringify({ ...config, store }))
    for (const [words, tool] of [
      [['backup', '--to', file('x.dump')], 'pg_dump --format=custom --host=127.0.0.1'],
      [['restore', '--from', file('x.dump')], 'pg_restore --clean'],
    ] as const) {
      const { code, err } = await callAt(house.clock, ...words, '--config', file('pg.json'))
      expect([code, err]).toEqual([1, expect.stringContaining(tool)])
      expect(err).toContain('the store is postgres, which is a database of its own; use its own tools:')
    }
    expect(existsSync(file('x.dump'))).toBe(false)
  })
})

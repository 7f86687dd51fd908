import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { askService } from '../../lib/admin/asking'
import { type Question, type Status } from '../../lib/admin/questions'
import { main } from '../../lib/cli'
import { systemClock } from '../../lib/clock'
import { answers } from '../../lib/sim/apns-answers'
import { DOMAIN, IOS } from '../support/house'
import { publishTo } from '../support/one-device'
import { makeRunScene, type RunScene } from '../support/run-scene'

describe('the command restore, while the service runs', () => {
  let scene: RunScene
  const iosOf = ({ apps }: Status) => apps.find(({ app }) => app === IOS)
  const left = (folder = 'data'): readonly string[] =>
    readdirSync(scene.file(folder)).filter((name) => /restoring|part|before-/.test(name))
  /** A push to a device that its push service does not take. */
  const wait = async (number: number, node: string): Promise<void> => {
    const answer = answers.refuse('TooManyRequests')
    scene.apns.script({ answer, times: 'always', token: scene.tokenOf(number) })
    expect(await publishTo(scene, node)).toBe('result')
  }
  const backUp = async (...more: readonly string[]): Promise<string> => {
    expect(await scene.run(['backup', '--to', scene.file('b.db'), ...more])).toMatchObject({ code: 0, err: '' })
    return scene.file('b.db')
  }

  beforeEach(async () => {
    scene = await makeRunScene()
    await scene.start()
  })
  afterEach(() => scene.close())

  it('exchanges the store in the middle of traffic, and tells what was lost by it', async () => {
    const nodes: string[] = []
    for (let at = 0; at < 5; at++) nodes.push(await scene.register(at))
    await wait(0, nodes[0] ?? '')
    const from = await backUp()
    const late = await scene.register(5)
    await wait(1, nodes[1] ?? '')

    let published = 0
    let end = (): void => undefined
    const ended = new Promise<'over'>((resolve) => (end = () => resolve('over')))
    const traffic = async (): Promise<void> => {
      for (let answer = ''; answer !== 'over'; await new Promise((turn) => setImmediate(turn))) {
        // What is asked while the link goes down is answered by nobody.
        answer = await Promise.race([publishTo(scene, nodes[4] ?? '').catch(() => 'lost'), ended])
        if (answer === 'result') published++
      }
    }
    const going = traffic()
    const { code, out, err } = await scene.run(['restore', '--from', from, '--yes', '--json'])
    end()
    await going
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const { former } = JSON.parse(out) as { readonly former: string }
    expect(JSON.parse(out)).toMatchObject({
      ...{ from, to: scene.file('data/it.db'), registrations: 5, waiting: 1, abandoned: 0 },
      ...{ before: { registrations: 6 }, lost: 1 },
    })
    const { lostWaiting } = JSON.parse(out) as { readonly lostWaiting: number }
    expect(lostWaiting).toBeGreaterThanOrEqual(1)
    expect(left().map((name) => scene.file(`data/${name}`))).toEqual([former])
    expect(published).toBeGreaterThan(1)

    await scene.online()
    const { length: before } = scene.apns.received(scene.tokenOf(3))
    expect(await publishTo(scene, nodes[3] ?? '')).toBe('result')
    await scene.apns.journal.waitFor(() => scene.apns.received(scene.tokenOf(3)).length > before, 20_000)
    expect(iosOf(await scene.status())).toMatchObject({ registrations: 5, missing: 0 })
    expect(await publishTo(scene, late)).toBe('item-not-found')
    expect(scene.server.connections(DOMAIN)).toBe(1)
    expect(await scene.stop()).toMatchObject({ code: 0, err: '' })
  })

  it('says what will be lost and asks, and leaves all as it is where nobody wants it', async () => {
    await scene.register(1)
    const from = await backUp()
    await scene.register(2)
    const unasked = await scene.run(['restore', '--from', from])
    expect(unasked).toMatchObject({ code: 1, out: '' })
    expect(unasked.err).toMatch(
      /^ {2}devices +2 now, 1 in the backup; 1 came since, and will be lost until their apps/m,
    )
    expect(unasked.err).toMatch(/^ {2}pushes +0 wait now, 0 in the backup; 0 came since, and will not be sent/m)
    expect(unasked.err).toMatch(/\nxmpp-push: nothing was changed, and the service goes on; .* say --yes\n$/)
    expect([left(), iosOf(await scene.status())?.registrations]).toEqual([[], 2])

    let printed = ''
    const out = (text: string): void => void (printed += text)
    const words = ['restore', '--from', from, '--config', scene.file('service.json')]
    const onEnter = (enter: () => void): (() => void) => {
      setImmediate(enter)
      return () => undefined
    }
    expect(await main(words, { out, err: out, clock: systemClock, onEnter })).toBe(0)
    expect(printed).toContain('Press Enter to do it, or Ctrl-C to leave all as it is.')
    expect(printed).toMatch(/^devices +1; 1 that registered after the backup was made is lost, until/m)
    expect(printed).toMatch(/^former +\S+, with 2 devices and 0 pushes that waited; remove it once all is well$/m)
    expect(printed).toMatch(/\nthe service runs on it\n$/)
    expect(iosOf(await scene.status())?.registrations).toBe(1)
  })

  it('touches nothing where the backup is no good, and lets the service go on', async () => {
    await scene.register(1)
    const bad = scene.file('bad.db')
    writeFileSync(bad, 'no database at all, but long enough to have a header'.repeat(9))
    const { code, err } = await scene.run(['restore', '--from', bad, '--yes'])
    expect(code).toBe(1)
    expect(err).toMatch(/is not a database, and no backup; name a file that a backup made; the store is as it was\n$/)
    const own = await scene.run(['restore', '--from', scene.file('data/it.db'), '--yes'])
    expect(own.err).toContain('is the store itself; name a file that a backup made')
    expect([left(), iosOf(await scene.status())?.registrations]).toEqual([[], 1])
    // Its place is free again.
    await backUp()
  })

  it('is one at a time, and no backup is made meanwhile', async () => {
    const from = await backUp()
    const ask = (question: Question) => askService(scene.file('data/it.db.sock'), question, systemClock)
    expect(await ask({ ask: 'hold-place' })).toMatchObject({ reply: { is: 'answer' } })
    for (const words of [
      ['restore', '--from', from, '--yes'],
      ['backup', '--to', scene.file('c.db')],
    ]) {
      expect((await scene.run(words)).err).toContain('somebody is backing it up or restoring it already')
    }
    const why = expect.stringContaining('restore again') as string
    expect(await ask({ ask: 'exchange', hold: 'of another' })).toMatchObject({ reply: { is: 'failed', why } })
    expect(await ask({ ask: 'exchanged', hold: 'of another' })).toMatchObject({ reply: { answer: { is: 'unknown' } } })
  })

  it('goes back to the former store where the service does not start on the backup', async () => {
    await wait(1, await scene.register(1))
    const from = await backUp('--with-key')
    await scene.stop()
    const store = { kind: 'sqlite', file: 'other/it.db' }
    const contentKey = Buffer.alloc(32, 7).toString('base64')
    scene.configure('keyed.json', { store: { ...store, contentKey } })
    // Whoever restores does not know of the service's own key.
    scene.configure('unkeyed.json', { store })
    await scene.start('keyed.json')
    await scene.register(2)
    await scene.register(3)
    const { code, err, out } = await scene.run(['restore', '--from', from, '--yes'], 'unkeyed.json')
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(
      /^xmpp-push: the service did not start with the backup \(.*another key.*\); the former store is/,
    )
    await scene.online('keyed.json')
    expect(iosOf(await scene.status('keyed.json'))).toMatchObject({ registrations: 2, missing: 0 })
    expect([left('other'), existsSync(scene.file('other/it.db.key'))]).toEqual([[], false])
  })
})

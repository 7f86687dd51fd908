/** Ctrl-C, or SIGTERM, in the midst of a restore: what was made ready beside the store goes, and the store is as it was. */
import { existsSync, readdirSync } from 'node:fs'
import { startCommand } from '../support/command-process'
import { IOS } from '../support/house'
import { makeRunScene, type RunScene } from '../support/run-scene'

/** A copy of so small a store may be done before the signal is there: then it is tried again. */
const TRIES = 20

describe('the command restore, broken off', () => {
  let scene: RunScene
  const beside = (): readonly string[] => readdirSync(scene.file('data')).filter((name) => name.includes('restoring'))
  const devices = async (): Promise<number | undefined> =>
    (await scene.status()).apps.find(({ app }) => app === IOS)?.registrations

  /** With a backup of one device, and another one that registered since. */
  beforeEach(async () => {
    scene = await makeRunScene()
    await scene.start()
    await scene.register(1)
    expect(await scene.run(['backup', '--to', scene.file('b.db')])).toMatchObject({ code: 0 })
    await scene.register(2)
  })
  afterEach(() => scene.close())

  /** Signals it at the first sight of what it makes ready; what it had printed when it ended, and how it did. */
  async function breakOff(signal: NodeJS.Signals) {
    const words = ['restore', '--from', scene.file('b.db'), '--config', scene.file('service.json')]
    const command = startCommand({ folder: scene.file('.') }, ...words)
    let isOver = false
    void command.ended.then(() => (isOver = true))
    while (!existsSync(scene.file('data/it.db.restoring')) && !isOver) await new Promise((turn) => setImmediate(turn))
    command.signal(signal)
    return { code: await command.ended, printed: command.printed }
  }

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'takes away what it made ready, at rest: %s',
    async (signal) => {
      await scene.stop()
      let ended = await breakOff(signal)
      for (let tries = 1; ended.code === 0 && tries < TRIES; tries++) ended = await breakOff(signal)
      // As who is ended by a signal that nobody hears.
      expect(ended).toEqual({ code: null, printed: `xmpp-push: broken off by ${signal}; the store is as it was\n` })
      expect(beside()).toEqual([])
    },
    60_000,
  )

  it('takes away what it made ready, beside the running service, which is free for another at once', async () => {
    let ended = await breakOff('SIGINT')
    // Nobody says yes to it, so that it never comes to an exchange.
    for (let tries = 1; ended.code === 1 && tries < TRIES; tries++) ended = await breakOff('SIGINT')
    expect(ended).toEqual({ code: null, printed: 'xmpp-push: broken off by SIGINT; the store is as it was\n' })
    expect([beside(), await devices()]).toEqual([[], 2])
    const again = await scene.run(['restore', '--from', scene.file('b.db'), '--yes'])
    expect(again).toMatchObject({ code: 0, err: '' })
    expect(await devices()).toBe(1)
  }, 60_000)

  it('leaves all as it is where it is broken off at its question', async () => {
    const words = ['restore', '--from', scene.file('b.db'), '--config', scene.file('service.json')]
    const command = startCommand({ folder: scene.file('.') }, ...words)
    await command.until(/Press Enter to do it/)
    command.signal('SIGINT')
    expect(await command.ended).toBe(1)
    expect(command.printed).toMatch(/\nxmpp-push: nothing was changed, and the service goes on\n$/)
    expect([beside(), await devices()]).toEqual([[], 2])
  }, 60_000)

  it('says that the service goes on with it once that is coming down', async () => {
    const socket = scene.file('data/it.db.sock')
    const words = ['restore', '--yes', '--from', scene.file('b.db'), '--config', scene.file('service.json')]
    let code: number | null = 0
    let printed = ''
    for (let tries = 0; code === 0 && tries < TRIES; tries++) {
      const command = startCommand({ folder: scene.file('.') }, ...words)
      let isOver = false
      void command.ended.then(() => (isOver = true))
      while (existsSync(socket) && !isOver) await new Promise((turn) => setImmediate(turn))
      command.signal('SIGINT')
      code = await command.ended
      printed = command.printed
      await scene.online()
    }
    expect({ code, printed }).toEqual({
      code: null,
      printed:
        'xmpp-push: broken off by SIGINT; the service goes on exchanging the store all the same, and its log tells what came of it\n',
    })
    expect([beside(), await devices()]).toEqual([[], 1])
  }, 60_000)
})

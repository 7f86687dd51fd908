import { readdirSync } from 'node:fs'
import { askService } from '../../lib/admin/asking'
import { type Status } from '../../lib/admin/questions'
import { systemClock } from '../../lib/clock'
import { type CommandProcess, startCommand } from '../support/command-process'
import { IOS } from '../support/house'
import { makeRunScene, type RunScene } from '../support/run-scene'

const CONFIG = 'killed.json'

describe('the command restore, where the service is killed meanwhile', () => {
  let scene: RunScene
  let service: CommandProcess
  const start = (): void => {
    service = startCommand({ folder: scene.file('.') }, 'run', '--config', scene.file(CONFIG))
  }
  /** Of the service that runs, once it is attached. */
  const devices = async (): Promise<number | undefined> => {
    for (;;) {
      const asked = await askService(scene.file('data/it.db.sock'), { ask: 'status' }, systemClock)
      const status = asked.is === 'reply' && asked.reply.is === 'answer' ? (asked.reply.answer as Status) : undefined
      if (status?.running?.links.every(({ isOnline }) => isOnline) === true)
        return status.apps.find(({ app }) => app === IOS)?.registrations
      await new Promise((turn) => setImmediate(turn))
    }
  }

  beforeAll(async () => {
    scene = await makeRunScene()
    scene.configure(CONFIG, { log: { level: 'info' } })
    start()
    await devices()
    await scene.register(1)
    expect(await scene.run(['backup', '--to', scene.file('b.db')], CONFIG)).toMatchObject({ code: 0 })
  }, 60_000)
  afterAll(async () => {
    service.signal('SIGKILL')
    await service.ended
    await scene.close()
  })

  it.each([
    ['as it comes down', /"at":"stopping"/],
    ['once it is down', /"at":"stopped"/],
    ['as it starts on the backup', /"at":"stopped"[^]*"at":"started"/],
  ])(
    'leaves one of the two stores, whole, and says which: %s',
    async (_, when) => {
      await scene.register(2)
      expect(await devices()).toBe(2)
      const killing = service.until(when).then(() => service.signal('SIGKILL'))
      const restoring = scene.run(['restore', '--from', scene.file('b.db'), '--yes'], CONFIG)
      await killing
      await service.ended
      start()
      const { code, err } = await restoring
      const found = await devices()
      if (code !== 0) {
        const which = found === 1 ? 'the backup is' : 'the store that was there before is'
        expect(err).toBe(`xmpp-push: the service ended meanwhile and was started anew; ${which} in place, whole\n`)
      }
      expect(found).toBe(code === 0 ? 1 : /the backup is/.test(err) ? 1 : 2)
    },
    60_000,
  )

  it('is done by the same command afterwards', async () => {
    await scene.register(2)
    expect(await scene.run(['restore', '--from', scene.file('b.db'), '--yes'], CONFIG)).toMatchObject({
      ...{ code: 0, err: '' },
    })
    expect(await devices()).toBe(1)
    expect(readdirSync(scene.file('data')).filter((name) => name.includes('restoring'))).toEqual([])
  }, 60_000)
})

/** A backup in the midst of which somebody is killed: the service, or the command itself. What bears its name is whole, and so is the store. */
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { main } from '../../lib/cli'
import { type Clock, systemClock } from '../../lib/clock'
import { closes } from '../../lib/model/accounting'
import { sqlite } from '../../lib/stores/sqlite'
import { delivery } from '../contracts/outbox-scene'
import { type Called, callAt } from '../support/call'
import { type CommandProcess, startCommand } from '../support/command-process'
import { makeFolder } from '../support/folder'

const APP = 'org.example.web'
const DEVICES = 300
const PUSHES = 200

describe('a backup in the midst of which somebody is killed', () => {
  const folder = makeFolder()
  const running: CommandProcess[] = []
  afterEach(async () => {
    for (const each of running.splice(0)) {
      each.signal('SIGKILL')
      await each.ended
    }
  })

  /** A store with devices and pushes in it, whose service would attach to a server that is not there. */
  async function used(name: string) {
    const file = join(folder.path, `${name}.db`)
    // Nothing there is due, so that nobody is asked for it.
    const now = systemClock.now() + 3600_000
    const clock: Clock = { ...systemClock, now: () => now }
    const store = await sqlite.open({ file, maxDeliveries: 1000 }, { clock, trouble: () => undefined })
    for (let at = 0; at < DEVICES; at++) {
      await store.registry.register({
        ...{ id: `id${at}`, service: 'push.example.com', node: `node${at}`, owner: `romeo${at}@example.com` },
        ...{ dialect: 'webpush', device: `device${at}`, app: APP, hints: {}, at: now },
      })
    }
    await store.outbox.put(Array.from({ length: PUSHES }, () => delivery('org.example.gone', now)))
    await store.close()
    const config = folder.write(`${name}.json`, {
      component: { domain: 'push.example.com', service: 'xmpp://127.0.0.1:9', secret: 'hush' },
      store: { kind: 'sqlite', file },
      apps: { [APP]: { provider: 'webpush', profile: 'webpush' } },
    })
    return { file, config, to: join(folder.path, `${name}-backup.db`) }
  }

  function start(...words: readonly string[]): CommandProcess {
    const started = startCommand({ folder: folder.path }, ...words)
    running.push(started)
    return started
  }

  /** What is in a store that nobody has open, and that its books close. */
  async function heldIn(file: string) {
    const store = await sqlite.open({ file, maxDeliveries: 1000 }, { clock: systemClock, trouble: () => undefined })
    const [accounts, devices] = [await store.accounts(), await store.registry.count()]
    await store.close()
    const all = [...accounts.values()]
    expect(all.every(closes)).toBe(true)
    return {
      devices: devices.get(APP),
      pushes: all.reduce((sum, { waiting, inFlight }) => sum + waiting + inFlight, 0),
    }
  }
  const whole = { devices: DEVICES, pushes: PUSHES }
  /** Whether there is a copy that is begun. */
  const isBegun = (to: string): boolean => existsSync(join(dirname(to), `.${basename(to)}.part`))
  const call = (...words: readonly string[]): Promise<Called> => callAt(systemClock, ...words)

  it('is refused where that is the service, leaves nothing behind, and the store is whole', async () => {
    const { file, config, to } = await used('service')
    const service = start('run', '--config', config)
    await service.until(/"at":"started"/)
    let killed = 0
    // The first who waits while there is a part of the copy is whoever looks how far it is.
    const clock: Clock = {
      ...systemClock,
      sleep(ms, signal) {
        if (killed === 0 && isBegun(to)) {
          killed++
          service.signal('SIGKILL')
        }
        return systemClock.sleep(ms, signal)
      },
    }
    let [out, err] = ['', '']
    const terminal = { out: (text: string) => void (out += text), err: (text: string) => void (err += text), clock }
    const code = await main(['backup', '--to', to, '--with-key', '--config', config], terminal)
    await service.ended
    expect({ code, out, killed }).toEqual({ code: 1, out: '', killed: 1 })
    expect(err).toMatch(/^xmpp-push: .*(service|socket).*; nothing was written\n$/)
    expect([existsSync(to), existsSync(`${to}.key`), isBegun(to)]).toEqual([false, false, false])

    // At rest it is made, from a store that was opened by nobody since.
    expect(await call('backup', '--to', to, '--config', config)).toMatchObject({ code: 0, err: '' })
    expect(await heldIn(file)).toEqual(whole)
    expect(await heldIn(to)).toEqual(whole)
  })

  it('is whole or not there where that is the command, and the next one is made', async () => {
    const { file, config, to } = await used('command')
    const command = start('backup', '--to', to, '--config', config)
    let isOver = false
    void command.ended.then(() => (isOver = true))
    // At the first sight of a copy that is begun, however far it is by then.
    while (!isBegun(to) && !isOver) await new Promise((done) => setImmediate(done))
    command.signal('SIGKILL')
    await command.ended
    if (existsSync(to)) expect(await heldIn(to)).toEqual(whole)
    expect(await call('backup', '--to', to, '--force', '--config', config)).toMatchObject({ code: 0, err: '' })
    expect(isBegun(to)).toBe(false)
    expect(await heldIn(to)).toEqual(whole)
    expect(await heldIn(file)).toEqual(whole)
  })
})

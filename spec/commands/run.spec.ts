import { startXmppServerSimulator } from '../../lib/sim/xmpp-server'
import { call } from '../support/call'
import { makeFolder } from '../support/folder'

describe('lib/commands/run', () => {
  const folder = makeFolder()

  it('stops in order, and ends with 0, where it is told to while it starts', async () => {
    const server = await startXmppServerSimulator({ components: [{ domain: 'push.example.com', secret: 'hush-hush' }] })
    const file = folder.write('component.config.json', {
      component: { domain: 'push.example.com', service: server.service, secret: 'hush-hush' },
      store: { kind: 'sqlite', file: 'push.db' },
      apps: { hosted: { provider: 'relay', profile: 'mattermost', upstream: 'https://localhost:1' } },
      access: { register: ['example.com'] },
      log: { level: 'error' },
    })
    const running = call('run', '--config', file)
    while (process.listenerCount('SIGHUP') === 0) await new Promise((turn) => setImmediate(turn))
    process.emit('SIGHUP', 'SIGHUP')
    process.emit('SIGTERM', 'SIGTERM')
    expect(await running).toMatchObject({ code: 0, err: '' })
    expect([process.listenerCount('SIGTERM'), process.listenerCount('SIGHUP')]).toEqual([0, 0])
    await server.close()
  })
})

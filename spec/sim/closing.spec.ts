import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { startApnsSimulator } from '../../lib/sim/apns'
import { startFcmSimulator } from '../../lib/sim/fcm'
import { startOauthSimulator } from '../../lib/sim/oauth'
import { startPushProxySimulator } from '../../lib/sim/push-proxy'
import { startWebPushSimulator } from '../../lib/sim/webpush'

interface Closable {
  readonly port: number
  readonly close: () => Promise<void>
}

const withPort = (url: string, { close }: Pick<Closable, 'close'>): Closable => ({
  port: Number(new URL(url).port),
  close,
})

const simulators: Readonly<Record<string, () => Promise<Closable>>> = {
  APNs: () => startApnsSimulator({}),
  FCM: async () => {
    const oauth = await startOauthSimulator()
    const fcm = await startFcmSimulator({ oauth })
    return { port: fcm.port, close: async () => void (await Promise.all([fcm.close(), oauth.close()])) }
  },
  OAuth: () => startOauthSimulator(),
  'push proxy': async () => {
    const proxy = await startPushProxySimulator()
    return withPort(proxy.url, proxy)
  },
  'Web Push': async () => {
    const web = await startWebPushSimulator()
    return withPort(web.origin, web)
  },
}

async function ended(socket: Socket): Promise<void> {
  socket.on('error', () => undefined)
  if (!socket.closed) await once(socket, 'close')
}

describe('a simulator that is closed', () => {
  it.each(Object.keys(simulators))('of %s ends who never began TLS, and who has and asks nothing', async (name) => {
    const simulator = await simulators[name]?.()
    if (simulator === undefined) throw new Error(`no simulator of ${name}`)
    const { port } = simulator
    const mute = connect({ port, host: '127.0.0.1' })
    await once(mute, 'connect')
    const idle = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2', 'http/1.1'] })
    await once(idle, 'secureConnect')
    const ends = [ended(mute), ended(idle)]
    await simulator.close()
    await Promise.all(ends)
    expect([mute.closed, idle.closed]).toEqual([true, true])
  })
})

/** The wire through an HTTP proxy that nobody here wrote: tinyproxy. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../lib/clock'
import { makeProxyServer } from '../../lib/model/proxy'
import { Opaque } from '../../lib/model/opaque'
import { makeHttp2Origin } from '../../lib/wire/http2'
import { type WireFailure, type WireReply } from '../../lib/wire/wire'
import { programPath, realDescribe } from '../support/available'
import { ca, makePeer, ok, portOf, type Peer } from '../support/http2-peer'

realDescribe('tinyproxy', 'wire/tunnel through tinyproxy', () => {
  let folder: string
  let proxy: ChildProcess
  let port: number
  let peer: Peer

  const start = async (...lines: readonly string[]): Promise<void> => {
    const probe = createServer()
    port = await portOf(probe)
    probe.close()
    await once(probe, 'close')
    const config = [`Port ${port}`, 'Listen 127.0.0.1', 'Timeout 60', 'MaxClients 20', ...lines]
    writeFileSync(join(folder, 'tinyproxy.conf'), `${config.join('\n')}\n`)
    proxy = spawn(programPath('tinyproxy') ?? 'tinyproxy', ['-d', '-c', join(folder, 'tinyproxy.conf')])
    for (let tries = 0; tries < 1000; tries++) {
      const socket = connect(port, '127.0.0.1')
      const isUp = await new Promise<boolean>((is) => {
        socket.once('connect', () => is(true))
        socket.once('error', () => is(false))
      })
      socket.destroy()
      if (isUp) return
      await systemClock.sleep(20)
    }
    throw new Error('tinyproxy does not listen')
  }
  const push = async (who?: { readonly user: string; readonly password: Opaque }): Promise<WireReply | WireFailure> => {
    const origin = makeHttp2Origin(
      {
        ...{ url: `https://localhost:${peer.port}`, ca, requestTimeout: 10_000, connectTimeout: 5000 },
        ...{ pingAfter: 15_000, maxBody: 1000, initialStreams: 0, maxStreams: 100, notice: () => undefined },
        proxy: makeProxyServer({ host: '127.0.0.1', port }, who),
      },
      systemClock,
    )
    const answer = await origin.request({ method: 'POST', path: '/3/device/00', headers: {}, body: '{}' })
    await origin.close(1000)
    return answer
  }

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tinyproxy-'))
    peer = await makePeer(ok)
  })
  afterEach(async () => {
    proxy.kill()
    await once(proxy, 'exit')
    await peer.close()
    rmSync(folder, { recursive: true })
  })

  it('is let through with the password that it wants, and told what is missing or wrong without it', async () => {
    await start('BasicAuth push s3cret')
    expect(await push({ user: 'push', password: new Opaque('s3cret') })).toMatchObject({ is: 'reply', status: 200 })
    expect(peer.paths).toEqual(['/3/device/00'])
    const words = (text: string) => ({
      unreachable: true,
      ambiguous: false,
      why: expect.stringContaining(text) as string,
    })
    expect(await push()).toMatchObject(words('407 Proxy Authentication Required: it wants a user and a password'))
    expect(await push({ user: 'push', password: new Opaque('other') })).toMatchObject(words('refused CONNECT'))
    expect(peer.paths).toHaveLength(1)
  })

  it('is told when a port is not among those that it serves', async () => {
    await start('ConnectPort 443')
    const why = expect.stringContaining('403 Forbidden: it does not let this machine out to localhost') as string
    expect(await push()).toMatchObject({ is: 'failure', why, ambiguous: false })
  })

  it('is told when the proxy can’t reach the host', async () => {
    await start()
    await peer.close()
    const answer = await push()
    expect(answer).toMatchObject({ is: 'failure', ambiguous: false, unreachable: true })
    expect(answer).toMatchObject({ why: expect.stringMatching(/refused CONNECT localhost:\d+ with 50[0-4]/) as string })
    peer = await makePeer(ok)
  })
})

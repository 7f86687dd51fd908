/** The wire against an HTTP/2 server that nobody here wrote: nghttpd of nghttp2, which shares no code with Node but its framing library. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../lib/clock'
import { makeHttp2Origin } from '../../lib/wire/http2'
import { type Origin } from '../../lib/wire/wire'
import { programPath, realDescribe } from '../support/available'
import { authority, ca, portOf } from '../support/http2-peer'

realDescribe('nghttpd', 'wire/http2 against nghttpd', () => {
  let folder: string
  let server: ChildProcess
  let origin: Origin
  let frames = ''

  const startNghttpd = async (...words: string[]): Promise<void> => {
    const probe = createServer()
    const port = await portOf(probe)
    probe.close()
    await once(probe, 'close')
    const { certPem, keyPem } = authority.issueServer()
    writeFileSync(join(folder, 'cert.pem'), certPem)
    writeFileSync(join(folder, 'key.pem'), keyPem, { mode: 0o600 })
    const files = [String(port), join(folder, 'key.pem'), join(folder, 'cert.pem')]
    frames = ''
    server = spawn(programPath('nghttpd') ?? 'nghttpd', ['-v', '-a', '127.0.0.1', '-d', folder, ...words, ...files])
    server.stdout?.on('data', (text: Buffer) => (frames += text.toString()))
    while (!/listen/i.test(frames)) await once(server.stdout ?? server, 'data')
    origin = makeHttp2Origin(
      {
        url: `https://localhost:${port}`,
        ca,
        requestTimeout: 10_000,
        connectTimeout: 5000,
        pingAfter: 15_000,
        maxBody: 1000,
        initialStreams: 0,
        maxStreams: 100,
        notice: () => undefined,
      },
      systemClock,
    )
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'nghttpd-'))
  })
  afterEach(async () => {
    await origin.close(1000)
    server.kill()
    await once(server, 'exit')
    rmSync(folder, { recursive: true })
  })

  it('sends a hundred requests over one stream at a time, none refused, no PRIORITY frame', async () => {
    await startNghttpd('-m', '1', '--echo-upload')
    const replies = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        origin.request({ method: 'POST', path: `/${n}`, headers: { 'x-n': String(n) }, body: `body ${n}` }),
      ),
    )
    expect(replies.map((reply) => (reply.is === 'reply' ? `${reply.status} ${reply.body}` : reply.why))).toEqual(
      Array.from({ length: 100 }, (_, n) => `200 body ${n}`),
    )
    expect(frames).not.toMatch(/RST_STREAM|PRIORITY frame|GOAWAY/)
    expect(new Set([...frames.matchAll(/\[id=(\d+)\]/g)].map(([, id]) => id)).size).toBe(1)
  })

  it('says which headers must not enter a compression table', async () => {
    await startNghttpd()
    const headers = { authorization: 'bearer x', 'apns-topic': 'org.example' }
    const sensitive = ['authorization', ':path']
    expect(await origin.request({ method: 'GET', path: '/nothing', headers, sensitive, body: '' })).toMatchObject({
      is: 'reply',
      status: 404,
    })
    expect(frames).toMatch(/sensitive\) authorization: bearer x/)
    expect(frames).toMatch(/sensitive\) :path: \/nothing/)
    expect(frames).toMatch(/stream_id=1\) apns-topic: org.example/)
    expect(frames).not.toMatch(/RST_STREAM|GOAWAY/)
  })
})

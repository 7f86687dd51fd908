/** The wire against Go's net/http. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { type WireReply } from '../../lib/wire/wire'
import { programPath, realDescribe } from '../support/available'
import { sessions } from '../support/http2-sessions'
import { openWorkshop, type Workshop } from '../support/real-http2'

const VISIBLE = Array.from({ length: 0x7f - 0x21 }, (_, n) => String.fromCharCode(0x21 + n)).join('')

realDescribe('go', 'wire/http2 against Go', () => {
  let workshop: Workshop
  let port = 0
  const post = (path: string, body = '', headers = {}) => ({ method: 'POST' as const, path, headers, body })

  beforeAll(() => {
    workshop = openWorkshop()
    const build = ['build', '-o', join(workshop.folder, 'server'), join(__dirname, '../support/http2-server.go')]
    const env = { ...process.env, GOTOOLCHAIN: 'local', GOPROXY: 'off', GO111MODULE: 'off' }
    execFileSync(programPath('go') ?? 'go', build, { env })
  }, 280_000)
  beforeEach(async () => {
    const { said } = workshop.start(join(workshop.folder, 'server'), ['cert.pem', 'key.pem'])
    await workshop.until(() => said().includes('\n'))
    port = Number(said())
  })
  afterAll(() => workshop.close())

  describe.each(sessions)('by %s', (_name, http2) => {
    it('brings what was sent, as it was sent', async () => {
      const origin = workshop.origin(port, { http2 })
      const replies = await Promise.all(
        Array.from({ length: 300 }, (_, n) =>
          origin.request(post('/echo', `body ${n} é`, { 'x-echo': `${n} ${VISIBLE}` })),
        ),
      )
      const seen = replies.map((reply) => [reply.is === 'reply' && [reply.status, reply.headers['x-echo'], reply.body]])
      expect(seen).toEqual(Array.from({ length: 300 }, (_, n) => [[202, `${n} ${VISIBLE}`, `body ${n} é`]]))
      expect((replies[0] as WireReply).headers['x-host']).toBe(`localhost:${port}`)
    })

    it('keeps to the windows of both sides', async () => {
      const origin = workshop.origin(port, { http2, maxBody: 3_000_000 })
      const [sent, large, ...small] = await Promise.all([
        origin.request(post('/length', 'x'.repeat(3_000_000))),
        origin.request(post('/large/2500000')),
        ...Array.from({ length: 20 }, () => origin.request(post('/length', 'x'.repeat(5000)))),
      ])
      expect(sent).toMatchObject({ status: 200, body: '3000000' })
      expect(large.is === 'reply' && large.body.length).toBe(2_500_000)
      for (const reply of small) expect(reply).toMatchObject({ status: 200, body: '5000' })
    })

    it('takes an early answer, trailers, and a body that is cut', async () => {
      const origin = workshop.origin(port, { http2 })
      expect(await origin.request(post('/early', 'x'.repeat(2_000_000)))).toMatchObject({ is: 'reply', status: 413 })
      expect(await origin.request(post('/trailers'))).toMatchObject({ is: 'reply', status: 200, body: 'body' })
      expect(await origin.request(post('/large/1000000'))).toMatchObject({ status: 200, body: 'x'.repeat(1000) })
      expect(await origin.request(post('/abort'))).toMatchObject({ is: 'failure', ambiguous: true })
      expect(await origin.request(post('/echo', 'b'))).toMatchObject({ status: 202, body: 'b' })
    })

    it('hears that the server is shutting down', async () => {
      const origin = workshop.origin(port, { http2, requestTimeout: 200 })
      // The GOAWAY comes while this one is under way, and lets it.
      expect(await origin.request(post('/shutdown'))).toMatchObject({ is: 'failure', ambiguous: true })
      expect(await origin.request(post('/echo'))).toMatchObject({ is: 'failure', ambiguous: false, unreachable: true })
    })
  })
})

/** The wire against an HTTP/2 server that nobody here wrote: nghttpd of nghttp2, which shares no code with Node but its framing library. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Origin } from '../../lib/wire/wire'
import { programPath, realDescribe } from '../support/available'
import { sessions } from '../support/http2-sessions'
import { openWorkshop, type Workshop } from '../support/real-http2'

realDescribe('nghttpd', 'wire/http2 against nghttpd', () => {
  let workshop: Workshop
  let frames: () => string

  beforeEach(() => {
    workshop = openWorkshop()
  })
  afterEach(() => workshop.close())

  describe.each(sessions)('by %s', (_name, http2) => {
    const startNghttpd = async (...words: string[]): Promise<Origin> => {
      const port = await workshop.freePort()
      const nghttpd = programPath('nghttpd') ?? 'nghttpd'
      const all = ['-v', '-a', '127.0.0.1', '-d', workshop.folder, ...words, String(port), 'key.pem', 'cert.pem']
      const { said } = workshop.start(nghttpd, all)
      frames = said
      await workshop.until(() => /listen/i.test(said()))
      return workshop.origin(port, { http2 })
    }

    it('sends a hundred requests over one stream at a time, none refused, no PRIORITY frame', async () => {
      const origin = await startNghttpd('-m', '1', '--echo-upload')
      const replies = await Promise.all(
        Array.from({ length: 100 }, (_, n) =>
          origin.request({ method: 'POST', path: `/${n}`, headers: { 'x-n': String(n) }, body: `body ${n}` }),
        ),
      )
      expect(replies.map((reply) => (reply.is === 'reply' ? `${reply.status} ${reply.body}` : reply.why))).toEqual(
        Array.from({ length: 100 }, (_, n) => `200 body ${n}`),
      )
      expect(frames()).not.toMatch(/RST_STREAM|PRIORITY frame|GOAWAY/)
      expect(new Set([...frames().matchAll(/\[id=(\d+)\]/g)].map(([, id]) => id)).size).toBe(1)
    })

    it('says which headers must not enter a compression table', async () => {
      const origin = await startNghttpd()
      const headers = { authorization: 'bearer x', 'apns-topic': 'org.example' }
      const sensitive = ['authorization', ':path']
      const request = { method: 'GET', path: '/nothing', headers, sensitive, body: '' } as const
      for (let n = 0; n < 3; n++) expect(await origin.request(request)).toMatchObject({ is: 'reply', status: 404 })
      // What it says of the last request may come after its answer.
      await workshop.until(() => (frames().match(/send HEADERS frame/g) ?? []).length >= 3)
      expect(frames().match(/sensitive\) authorization: bearer x/g)).toHaveLength(3)
      expect(frames().match(/sensitive\) :path: \/nothing/g)).toHaveLength(3)
      expect(frames().match(/stream_id=\d+\) apns-topic: org.example/g)).toHaveLength(3)
      expect(frames()).not.toMatch(/RST_STREAM|GOAWAY/)
    })

    it.each([0, 64])('keeps to a header table of %i bytes', async (size) => {
      const origin = await startNghttpd(`--header-table-size=${size}`, '--echo-upload')
      for (let n = 0; n < 20; n++) {
        const headers = { 'x-same': 'always', 'x-n': String(n), 'x-long': 'y'.repeat(n * 10) }
        const reply = await origin.request({ method: 'POST', path: '/', headers, body: String(n) })
        expect(reply).toMatchObject({ status: 200, body: String(n) })
      }
      expect(frames()).not.toMatch(/RST_STREAM|GOAWAY/)
    })

    it('keeps to small windows', async () => {
      // 2^10 - 1 bytes for a stream, 2^16 - 1 for the connection.
      const origin = await startNghttpd('-w', '10', '-W', '16', '--echo-upload', '--max-concurrent-streams=20')
      const body = 'z'.repeat(900)
      const replies = await Promise.all(
        Array.from({ length: 200 }, () =>
          origin.request({ method: 'POST', path: '/', headers: {}, body: body.repeat(5) }),
        ),
      )
      for (const reply of replies) expect(reply).toMatchObject({ status: 200, body: body.repeat(5).slice(0, 1000) })
    })

    it('takes what is padded', async () => {
      const origin = await startNghttpd('--padding=100')
      writeFileSync(join(workshop.folder, 'file'), 'content')
      const reply = await origin.request({ method: 'GET', path: '/file', headers: {}, body: '' })
      expect(reply).toMatchObject({ status: 200, body: 'content' })
      await workshop.until(() => /padlen=/.test(frames()))
    })
  })
})

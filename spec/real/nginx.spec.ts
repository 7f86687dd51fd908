/** The wire against nginx, which ends connections as it likes: after so many requests, and when it reads its configuration anew. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { programPath, realDescribe } from '../support/available'
import { sessions } from '../support/http2-sessions'
import { openWorkshop, type Workshop } from '../support/real-http2'

realDescribe('nginx', 'wire/http2 against nginx', () => {
  let workshop: Workshop
  let port = 0
  let reload: () => void

  beforeEach(async () => {
    workshop = openWorkshop()
    const { folder } = workshop
    port = await workshop.freePort()
    // The workers of a root's nginx are nobody.
    chmodSync(folder, 0o755)
    mkdirSync(join(folder, 'www'))
    writeFileSync(join(folder, 'www', 'large'), 'x'.repeat(400_000))
    const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path temp;`).join(' ')
    writeFileSync(
      join(folder, 'nginx.conf'),
      `daemon off; pid nginx.pid; error_log stderr notice; worker_processes 1;
      events { worker_connections 256; }
      http {
        access_log off; ${temp} default_type text/plain;
        keepalive_requests 40; http2_max_concurrent_streams 16;
        server {
          listen 127.0.0.1:${port} ssl http2;
          ssl_certificate cert.pem; ssl_certificate_key key.pem;
          location /say { return 200 "$request_uri $http_x_echo"; }
          location / { root www; }
        }
      }`,
    )
    const { child, said } = workshop.start(programPath('nginx') ?? 'nginx', ['-p', folder, '-c', 'nginx.conf'])
    await workshop.until(() => said().includes('start worker process '))
    reload = () => void child.kill('SIGHUP')
  })
  afterEach(() => workshop.close())

  describe.each(sessions)('by %s', (_name, http2) => {
    it('loses nothing though every connection ends after 40 requests', async () => {
      const origin = workshop.origin(port, { http2 })
      const results: string[] = []
      let next = 0
      await Promise.all(
        Array.from({ length: 30 }, async () => {
          while (next < 600) {
            const n = next++
            const reply = await origin.request({
              method: 'POST',
              path: `/say/${n}`,
              headers: { 'x-echo': `e${n}` },
              body: '{}',
            })
            results.push(reply.is === 'reply' ? `${reply.status} ${reply.body}` : reply.why)
          }
        }),
      )
      expect(results.sort()).toEqual(Array.from({ length: 600 }, (_, n) => `200 /say/${n} e${n}`).sort())
    })

    it('loses nothing when the server reads its configuration anew', async () => {
      const origin = workshop.origin(port, { http2 })
      const wrong: string[] = []
      let sent = 0
      await Promise.all(
        Array.from({ length: 5 }, async (_, lane) => {
          for (let n = 0; n < 60; n++) {
            if (lane === 0 && n % 20 === 10) reload()
            const reply = await origin.request({ method: 'GET', path: '/say', headers: {}, body: '' })
            sent++
            if (reply.is !== 'reply' || reply.status !== 200) wrong.push(JSON.stringify(reply))
          }
        }),
      )
      expect([sent, wrong]).toEqual([300, []])
    })

    it('takes a file beyond every window whole', async () => {
      const origin = workshop.origin(port, { http2, maxBody: 500_000 })
      const reply = await origin.request({ method: 'GET', path: '/large', headers: {}, body: '' })
      expect(reply.is === 'reply' && reply.body.length).toBe(400_000)
      expect(reply).toMatchObject({ headers: { 'content-length': '400000' } })
    })
  })
})

/** docs/proxy/nginx.conf, as it stands there but for its addresses. */
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { programPath } from '../support/available'
import { DOMAIN } from '../support/house'
import { describeProxyInFront } from '../support/proxy-in-front'

describeProxyInFront(
  {
    need: 'nginx',
    file: 'nginx.conf',
    async start(workshop, port, example) {
      const { folder } = workshop
      const site = example
        .replace('listen 443', `listen 127.0.0.1:${port}`)
        .replace(/ *listen \[::\]:443.*\n/, '')
        .replace(/\/etc\/letsencrypt\/\S*fullchain.pem/, 'cert.pem')
        .replace(/\/etc\/letsencrypt\/\S*privkey.pem/, 'key.pem')
      // The workers of a root's nginx are nobody.
      chmodSync(folder, 0o755)
      const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path temp_${name};`)
      writeFileSync(
        join(folder, 'nginx.conf'),
        `daemon off; pid nginx.pid; error_log stderr notice; events {} http { access_log off; ${temp.join(' ')} ${site} }`,
      )
      const { said } = workshop.start(programPath('nginx') ?? 'nginx', ['-p', folder, '-c', 'nginx.conf'])
      await workshop.until(() => said().includes('start worker process '))
    },
  },
  (post) => {
    it('takes no large body', async () => {
      expect(await post(`/unregister-device/${DOMAIN}`, 'x'.repeat(9_000))).toMatch(/^413 /)
    })
  },
)

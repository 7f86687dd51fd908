/** docs/proxy/Caddyfile, as it stands there but for its addresses and its certificate. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { programPath } from '../support/available'
import { describeProxyInFront } from '../support/proxy-in-front'

describeProxyInFront(
  {
    need: 'caddy',
    file: 'Caddyfile',
    async start(workshop, port, example) {
      const { folder } = workshop
      const config = join(folder, 'Caddyfile')
      const site = example.replace(
        'push.example.com {',
        `https://localhost:${port} {\n\tbind 127.0.0.1\n\ttls ${folder}/cert.pem ${folder}/key.pem`,
      )
      const quiet = ['admin off', 'auto_https disable_redirects', 'skip_install_trust']
      writeFileSync(config, `{\n\t${quiet.join('\n\t')}\n\tstorage file_system ${folder}/caddy\n}\n${site}`)
      const words = ['run', '--config', config, '--adapter', 'caddyfile']
      const { said } = workshop.start(programPath('caddy') ?? 'caddy', words)
      await workshop.until(() => said().includes('serving initial configuration'))
    },
  },
  () => undefined,
)

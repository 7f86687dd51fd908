/** docs/proxy/Caddyfile, as it stands there but for its addresses and its certificate: Caddy in front of the service, asked as Siskin asks. */
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { programPath, realDescribe } from '../support/available'
import { DOMAIN, IOS } from '../support/house'
import { ca } from '../support/http2-peer'
import { startHttpHouse, type HttpHouse } from '../support/http-house'
import { registerDevice } from '../support/one-device'
import { openWorkshop, type Workshop } from '../support/real-http2'

const device = 'a'.repeat(64)
const example = readFileSync(join(__dirname, '..', '..', 'docs', 'proxy', 'Caddyfile'), 'utf8')

realDescribe('caddy', 'docs/proxy/Caddyfile', () => {
  let workshop: Workshop
  let place: HttpHouse
  let port = 0

  beforeAll(async () => {
    place = await startHttpHouse(['tigase'], { http: { trustedProxies: ['127.0.0.1'] } })
    workshop = openWorkshop()
    const { folder } = workshop
    port = await workshop.freePort()
    const site = example
      .replace(
        'push.example.com {',
        `https://localhost:${port} {\n\tbind 127.0.0.1\n\ttls ${folder}/cert.pem ${folder}/key.pem`,
      )
      .replaceAll('127.0.0.1:8087', new URL(place.url).host)
    writeFileSync(
      join(folder, 'Caddyfile'),
      `{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n\tstorage file_system ${folder}/caddy\n}\n${site}`,
    )
    const said = workshop.start(programPath('caddy') ?? 'caddy', [
      'run',
      '--config',
      join(folder, 'Caddyfile'),
      '--adapter',
      'caddyfile',
    ])
    await workshop.until(() => said.said().includes('serving initial configuration'))
  })
  afterAll(async () => {
    await workshop.close()
    await place.close()
  })

  function post(path: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
    return new Promise((done, failed) => {
      const host = { host: '127.0.0.1', port, servername: 'localhost', ca, agent: false }
      const json = { 'content-type': 'application/json', host: `localhost:${port}`, ...headers }
      const asked = request({ ...host, path, method: 'POST', headers: json }, (answer) => {
        let text = ''
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()))
        answer.on('end', () => done(`${String(answer.statusCode)} ${text}`))
      })
      asked.on('error', failed)
      asked.end(body)
    })
  }
  const removal = (account: string): string => JSON.stringify({ account, provider: IOS, 'device-token': device })

  it.each(['/unregister-device/', '/rest/push/unregister-device/'])(
    'hands %s on, and the device is gone',
    async (path) => {
      const account = 'juliet@example.com'
      await registerDevice(place.house, account, IOS, device)
      expect(await place.house.service().devices(DOMAIN, account)).toHaveLength(1)
      expect(await post(`${path}${DOMAIN}`, removal(account))).toBe('200 {"result":"success"}')
      expect(await place.house.service().devices(DOMAIN, account)).toEqual([])
    },
  )

  it('hands on nothing else', async () => {
    expect(await post('/metrics', '')).toMatch(/^404 /)
  })

  it('lets nobody dodge the pace of an address by a header', async () => {
    const codes: string[] = []
    for (let at = 0; at < 25; at++) {
      const said = await post(`/unregister-device/${DOMAIN}`, '{}', { 'x-forwarded-for': `198.51.100.${at}` })
      codes.push(said.slice(0, 3))
    }
    expect(codes).toContain('429')
  })
})

/** docs/proxy/nginx.conf, as it stands there but for its addresses: nginx in front of the service, asked as Siskin asks. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { programPath, realDescribe } from '../support/available'
import { DOMAIN, IOS } from '../support/house'
import { ca } from '../support/http2-peer'
import { startHttpHouse, type HttpHouse } from '../support/http-house'
import { registerDevice } from '../support/one-device'
import { openWorkshop, type Workshop } from '../support/real-http2'

const device = 'a'.repeat(64)
const example = readFileSync(join(__dirname, '..', '..', 'docs', 'proxy', 'nginx.conf'), 'utf8')

realDescribe('nginx', 'docs/proxy/nginx.conf', () => {
  let workshop: Workshop
  let place: HttpHouse
  let port = 0

  beforeAll(async () => {
    place = await startHttpHouse(['tigase'], { http: { trustedProxies: ['127.0.0.1'] } })
    workshop = openWorkshop()
    const { folder } = workshop
    port = await workshop.freePort()
    const site = example
      .replace('listen 443', `listen 127.0.0.1:${port}`)
      .replace(/ *listen \[::\]:443.*\n/, '')
      .replace(/\/etc\/letsencrypt\/\S*fullchain.pem/, 'cert.pem')
      .replace(/\/etc\/letsencrypt\/\S*privkey.pem/, 'key.pem')
      .replaceAll('127.0.0.1:8087', new URL(place.url).host)
    // The workers of a root's nginx are nobody.
    chmodSync(folder, 0o755)
    const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path temp_${name};`)
    writeFileSync(
      join(folder, 'nginx.conf'),
      `daemon off; pid nginx.pid; error_log stderr notice; events {} http { access_log off; ${temp.join(' ')} ${site} }`,
    )
    const { said } = workshop.start(programPath('nginx') ?? 'nginx', ['-p', folder, '-c', 'nginx.conf'])
    await workshop.until(() => said().includes('start worker process '))
  })
  afterAll(async () => {
    await workshop.close()
    await place.close()
  })

  function post(path: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
    return new Promise((done, failed) => {
      const host = { host: '127.0.0.1', port, servername: 'localhost', ca, agent: false }
      const json = { 'content-type': 'application/json', ...headers }
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
    expect(await post(`/unregister-device/${DOMAIN}`, 'x'.repeat(9_000))).toMatch(/^413 /)
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

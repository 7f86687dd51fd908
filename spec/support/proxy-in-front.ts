/** A proxy of docs/proxy in front of the service, on port 443 of the component's own host: what every one of them must do, asked as Siskin asks. */
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { realDescribe, type Need } from './available'
import { DOMAIN, IOS } from './house'
import { ca } from './http2-peer'
import { startHttpHouse, type HttpHouse } from './http-house'
import { registerDevice } from './one-device'
import { openWorkshop, type Workshop } from './real-http2'

const device = 'a'.repeat(64)
const removal = (account: string): string => JSON.stringify({ account, provider: IOS, 'device-token': device })

export interface ProxyInFront {
  readonly need: Need
  /** Its file in docs/proxy. */
  readonly file: string
  /** Begins it by that file, whose service is the one of the house already; resolves when it serves at the port. */
  readonly start: (workshop: Workshop, port: number, example: string) => Promise<void>
}

/** What is asked of it: status and body of the answer. */
export type Post = (path: string, body: string, headers?: Readonly<Record<string, string>>) => Promise<string>

/** `more`: what this proxy must do besides. */
export function describeProxyInFront({ need, file, start }: ProxyInFront, more: (post: Post) => void): void {
  realDescribe(need, `docs/proxy/${file}`, () => {
    let workshop: Workshop
    let place: HttpHouse
    let port = 0

    beforeAll(async () => {
      place = await startHttpHouse(['tigase'], { http: { trustedProxies: ['127.0.0.1'] } })
      workshop = openWorkshop()
      port = await workshop.freePort()
      const example = readFileSync(join(__dirname, '..', '..', 'docs', 'proxy', file), 'utf8')
      await start(workshop, port, example.replaceAll('127.0.0.1:8087', new URL(place.url).host))
    })
    afterAll(async () => {
      await workshop.close()
      await place.close()
    })

    const post: Post = (path, body, headers = {}) =>
      new Promise((done, failed) => {
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

    more(post)
  })
}

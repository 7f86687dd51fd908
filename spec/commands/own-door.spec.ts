import { createServer as createPlain, type AddressInfo, type Server } from 'node:net'
import { createServer } from 'node:tls'
import { systemClock } from '../../lib/clock'
import { askOwnDoor } from '../../lib/commands/own-door'
import { makeAuthority } from '../../lib/sim/certificates'
import { startXmppServerSimulator } from '../../lib/sim/xmpp-server'
import { callWith, someNames } from '../support/call'
import { makeFolder } from '../support/folder'

const DOMAIN = 'push.example.com'
const authority = makeAuthority()
const here = someNames(async () => ['127.0.0.1'])

async function at(server: Server, ask: (port: number) => Promise<void>): Promise<void> {
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done))
  try {
    await ask((server.address() as AddressInfo).port)
  } finally {
    await new Promise((done) => server.close(done))
  }
}

const served = (name: string): Server => {
  const { certPem: cert, keyPem: key } = authority.issueServer({ names: [name] })
  return createServer({ cert, key }, (socket) => void socket.on('error', () => undefined)).on(
    'tlsClientError',
    () => undefined,
  )
}
const ask = (port: number, ca?: string) =>
  askOwnDoor(DOMAIN, { clock: systemClock, names: here, port, ...(ca === undefined ? {} : { ca }) })

describe('lib/commands/own-door', () => {
  const folder = makeFolder()

  it('is answered where a certificate for the name is shown', () =>
    at(served(DOMAIN), async (port) => {
      expect(await ask(port, authority.caPem)).toEqual({ text: `https://push.example.com answers at port ${port}` })
    }))

  it.each([
    ['another name', 'other.example.com', authority.caPem, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['an authority that nobody believes', DOMAIN, undefined, 'UNABLE_TO'],
  ])('is not answered by a certificate of %s', (_, name, ca, why) =>
    at(served(name), async (port) => {
      const { text, mend } = await ask(port, ca)
      expect(text).toContain(why)
      expect(mend).toContain('docs/proxy')
    }),
  )

  it('is not answered where somebody hangs up', () =>
    at(
      createPlain((socket) => socket.destroy()),
      async (port) => expect((await ask(port)).mend).toBeDefined(),
    ))

  it('is a warning of check --live with its mend, where Tigase’s interface is served and nobody answers, and there alone', async () => {
    const server = await startXmppServerSimulator({ components: [{ domain: DOMAIN, secret: 'hush-hush-hush' }] })
    const config = (http: object) => ({
      component: { domain: DOMAIN, service: server.service, secret: 'hush-hush-hush' },
      store: { kind: 'sqlite', file: 'push.db' },
      apps: { 'org.example.web': { provider: 'webpush', profile: 'webpush' } },
      ...http,
    })
    // An address of this machine at which nobody listens.
    const names = someNames(async () => ['127.93.7.211'])
    const check = (file: string, http: object) =>
      callWith(systemClock, names, 'check', '--config', folder.write(file, config(http)), '--live')
    const listening = (serve: string) => ({ http: { listeners: [{ listen: '127.0.0.1:0', serve: [serve] }] } })
    const { code, out } = await check('with.json', listening('tigase'))
    expect(code).toBe(0)
    expect(out).toMatch(
      /^warning +https:\/\/push\.example\.com can not be asked at port 443 \(ECONNREFUSED\).*\n +→ Put/m,
    )
    expect((await check('without.json', listening('matrix'))).out).not.toContain('can not be asked')
    await server.close()
  })
})

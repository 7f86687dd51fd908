import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { makeTls } from '../../lib/config/tls'
import { makeWords } from '../../lib/config/words'
import { startHttp, type HttpServer } from '../../lib/http/server'
import { type Event } from '../../lib/observe'
import { makeAuthority } from '../../lib/sim/certificates'
import { handClock } from '../support/hand-clock'

const [first, second] = [makeAuthority('first').issueServer(), makeAuthority('second').issueServer()]

describe('lib/http/renewal', () => {
  const clock = handClock()
  const events: Event[] = []
  let folder = ''
  let server: HttpServer

  const write = (certificate: string, key: string): void => {
    writeFileSync(join(folder, 'cert.pem'), certificate)
    writeFileSync(join(folder, 'key.pem'), key)
  }
  const tls = () =>
    makeTls(makeWords({ folder, env: {} })).safeParse({ certificate: { file: 'cert.pem' }, key: { file: 'key.pem' } })
  /** The common name of who issued what the listener proves itself with. */
  const issuer = (): Promise<unknown> =>
    new Promise((done, failed) => {
      const socket: TLSSocket = connect({ port: Number(new URL(server.urls[0] ?? '').port), rejectUnauthorized: false })
      socket.once('error', failed)
      socket.once('secureConnect', () => {
        done(socket.getPeerCertificate().issuer.CN)
        socket.destroy()
      })
    })

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'renewal-'))
    write(first.certPem, first.keyPem)
    const read = tls()
    if (!read.success) throw read.error
    server = await startHttp({
      listeners: [{ host: '127.0.0.1', port: 0, serve: [], tls: read.data }],
      ...{ clock, observe: (event) => void events.push(event) },
    })
  })
  afterAll(async () => {
    await server.close(0)
    rmSync(folder, { recursive: true })
  })

  it('goes on with the certificate it had while the new one is half written, and tells so once', async () => {
    const before = await issuer()
    write(second.certPem, first.keyPem)
    await clock.advance(60_000)
    await clock.advance(60_000)
    expect(await issuer()).toBe(before)
    expect(events).toMatchObject([{ at: 'notice', text: expect.stringContaining('of another certificate') as unknown }])
  })

  it('proves itself with the new one a minute after it is there', async () => {
    const before = await issuer()
    write(second.certPem, second.keyPem)
    await clock.advance(60_000)
    expect(await issuer()).not.toBe(before)
    expect(events.at(-1)).toEqual({ at: 'renewed', url: server.urls[0] })
    await clock.advance(60_000)
    expect(events).toHaveLength(2)
  })

  it('is not begun with a key of another certificate', () => {
    write(second.certPem, first.keyPem)
    expect(tls().error?.issues).toMatchObject([{ message: 'the key is of another certificate' }])
  })
})

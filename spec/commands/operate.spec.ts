import { chmodSync, chownSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ownerOf } from '../../lib/admin/owner'
import { makeFolder } from '../support/folder'
import { callAt, type Called } from '../support/call'
import { type House, IOS, startHouse } from '../support/house'
import { publishTo, registerDevice } from '../support/one-device'

const DAEMON = 1
const NOBODY = 65534

describe('commands that ask the running service', () => {
  let house: House
  let node: string
  const file = (name: string): string => join(house.folder, name)
  const ask = (...words: readonly string[]): Promise<Called> =>
    callAt(house.clock, ...words, '--config', file('component.config.json'))
  const rewrite = (change: (config: Record<string, unknown>) => object): void => {
    const path = file('component.config.json')
    writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>)))
  }

  beforeEach(async () => {
    house = await startHouse()
    const token = 'a1b2'.padStart(64, 'c')
    house.apns.addDevice({ token, topic: IOS })
    node = await registerDevice(house, 'romeo@example.com', IOS, token)
  })
  afterEach(() => house.close())

  it('need no secret of the configuration, and mind no fault elsewhere in it', async () => {
    for (const gone of ['AuthKey_ABC123DEFG.p8', 'service-account.json', 'apns-ca.pem']) rmSync(file(gone))
    rewrite((config) => ({ ...config, component: { secret: { env: 'NO_SUCH_SECRET' } }, colour: 1 }))
    await publishTo(house, node)
    await house.rest()
    for (const words of [
      ['status'],
      ['apps'],
      ['devices', 'list'],
      ['explain', node],
      ['outbox', 'list'],
      ['send', node],
    ]) {
      expect(await ask(...words)).toMatchObject({ code: 0, err: '' })
    }
    const { code, err } = await ask('fuse', 'reset', IOS)
    expect({ code, err }).toMatchObject({ code: 1, err: expect.stringContaining('has not blown') as string })
  })

  it('tell what is wrong with the store’s place, for without it there is nobody to ask', async () => {
    rewrite((config) => ({ ...config, store: { kind: 'sqlite', flie: 'x' } }))
    expect(await ask('status')).toEqual({
      ...{ code: 1, out: '' },
      err: expect.stringMatching(/^FAULT +store\.flie: unknown key; did you mean "file"\?\n +→ /) as string,
    })
  })

  it('tell whose the socket is where this user may not open it', async () => {
    const isRoot = process.getuid?.() === 0
    chmodSync(house.folder, 0o755)
    if (isRoot) chownSync(file('data'), DAEMON, DAEMON)
    chmodSync(file('data'), isRoot ? 0o700 : 0)
    try {
      if (isRoot) process.seteuid?.(NOBODY)
      const { code, out, err } = await ask('status')
      expect({ code, out }).toEqual({ code: 1, out: '' })
      const owner = ownerOf(file('data'))
      if (isRoot) expect(owner).toBe('daemon')
      expect(err).toMatch(/^xmpp-push: the user \S+ may not open the service's socket \S+xmpp-push\.db\.sock, for it/)
      expect(err).toContain(`belongs to the user ${owner}; run the command as that user: sudo -u ${owner} xmpp-push`)
    } finally {
      if (isRoot) process.seteuid?.(0)
      chmodSync(file('data'), 0o700)
    }
  })

  it('read the store at rest although other parts of the configuration are at fault, and say so', async () => {
    await publishTo(house, node)
    await house.rest()
    await house.service().stop('the spec wants it')
    rewrite((config) => ({
      ...config,
      component: { ...(config['component'] as object), secret: { env: 'NO_SUCH_SECRET' } },
    }))
    const { code, out, err } = await ask('status')
    expect(code).toBe(0)
    expect(out).toContain('1 accepted = 1 delivered')
    expect(out).toMatch(/^app +org\.example\.android: 0 devices$/m)
    expect(err).toMatch(
      /^xmpp-push: no service runs, so its store is read; \S+ has 1 fault, which `xmpp-push check` tells\n$/,
    )
  })

  it('say which secret is missing where only the store at rest can answer, and needs it', async () => {
    await house.service().stop('the spec wants it')
    rewrite((config) => ({
      ...config,
      store: { kind: 'sqlite', file: 'data/xmpp-push.db', contentKey: { env: 'NO_KEY' } },
    }))
    const { code, out, err } = await ask('devices', 'list')
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(
      /^xmpp-push: no service with this configuration runs here \(nobody listens at \S+\), and its store/,
    )
    expect(err).toMatch(/^FAULT +store\.contentKey: the environment variable NO_KEY is not set\n +→ Set NO_KEY/m)
    expect((await ask('devices', 'remove', node)).err).toMatch(/; this takes a running one\n$/)
  })
})

describe('lib/admin/owner', () => {
  const passwd = 'root:x:0:0:root:/root:/bin/sh\nxmpp-push:x:995:995::/:/usr/sbin/nologin\n'
  const folder = makeFolder()

  it('names the owner, by number where the machine has no name for it', () => {
    const path = folder.write('its', '')
    const uid = String(process.getuid?.())
    expect(ownerOf(path, `somebody:x:${uid}:0::/:/bin/sh\n`)).toBe('somebody')
    expect(ownerOf(path, 'somebody:x:4242:0::/:/bin/sh\n')).toBe(`#${uid}`)
  })

  it('names that of the nearest folder where the path can not be looked at', () => {
    expect(ownerOf('/no/such/socket', passwd)).toBe('root')
  })
})

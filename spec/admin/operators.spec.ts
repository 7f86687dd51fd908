import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answers } from '../../lib/sim/apns-answers'
import { callAt, type Called } from '../support/call'
import { startHouse, ANDROID, IOS, type House } from '../support/house'
import { publishTo, registerDevice } from '../support/one-device'

let house: House
let made = 0
let ROMEO: string
let JULIET: string
let romeo: string
let juliet: string

const ask = (...words: readonly string[]): Promise<Called> =>
  callAt(house.clock, ...words, '--config', join(house.folder, 'component.config.json'))

/** What a command prints, where it has to succeed. */
async function told(...words: readonly string[]): Promise<string> {
  const { code, out, err } = await ask(...words)
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return out
}

async function json(...words: readonly string[]): Promise<unknown> {
  return JSON.parse(await told(...words, '--json')) as unknown
}

async function failure(...words: readonly string[]): Promise<string> {
  const { code, out, err } = await ask(...words)
  expect({ code, out }).toEqual({ code: 1, out: '' })
  return err
}

/** The id of the push that was accepted last. */
async function lastPush(): Promise<string> {
  const { traces } = (await json('explain', romeo)) as { traces: readonly { id: string }[] }
  return traces[0]?.id ?? ''
}

async function device(owner: string): Promise<string> {
  const token = `${(++made).toString(16).padStart(60, 'c')}a1b2`
  house.apns.addDevice({ token, topic: IOS })
  return registerDevice(house, owner, IOS, token)
}

/** One house for all tests of a `describe`, or one for each; two devices for each test. */
function lives(begin: typeof beforeEach, end: typeof afterEach): void {
  begin(async () => {
    house = await startHouse({ settings: { fuse: { tokens: 1, atLeast: 0, share: 1 } } })
  })
  end(() => house.close())
  beforeEach(async () => {
    ROMEO = `romeo-${made}@example.com`
    JULIET = `juliet-${made}@example.com`
    romeo = await device(ROMEO)
    juliet = await device(JULIET)
  })
}

describe('xmpp-push status', () => {
  lives(beforeEach, afterEach)

  it('tells links, devices, the accounting and what waits', async () => {
    await publishTo(house, romeo)
    await house.rest()
    house.apns.script({ answer: answers.refuse('ServiceUnavailable'), times: 1 })
    await publishTo(house, juliet)
    await house.rest()
    const text = await told('status')
    expect(text).toMatch(/^service +xmpp-push \d\S+, up /)
    expect(text).toMatch(/^link +push\.example\.com at xmpp:\S+: online$/m)
    expect(text).toMatch(/^app +org\.example\.ios: 2 devices$/m)
    expect(text).toContain('2 accepted = 1 delivered + 0 coalesced + 0 expired + 0 gone + 0 refused')
    expect(text).toContain('+ 0 unregistered + 0 quiet + 0 abandoned + 0 in flight + 1 waiting')
    expect(text).toMatch(/^app +org\.example\.android: 0 devices$/m)
    expect(text).toMatch(/^outbox +1 waiting, 0 in flight; the oldest came at /m)
    expect(text).not.toContain('FAULT')
  })

  it('tells that an app is held, and why', async () => {
    house.apns.script({ answer: answers.refuse('TopicDisallowed'), times: 1 })
    await publishTo(house, romeo)
    await house.rest()
    expect(await told('status')).toMatch(/^HELD +\S*.*TopicDisallowed/m)
  })

  it('tells a credential in doubt, whose pushes are tried, apart from one whose pushes wait', async () => {
    house.apns.removeKey('ABC123DEFG')
    await ask('check', '--live')
    const doubted = await told('status')
    expect(doubted).toMatch(/^DOUBT +its pushes are tried all the same, but .*InvalidProviderToken/m)
    expect(doubted).not.toContain('HELD')
    expect(await told('apps')).toMatch(/in DOUBT: .*InvalidProviderToken/)
    expect(await told('outbox', 'list')).toBe('nothing waits\n')
    await publishTo(house, romeo)
    await house.rest()
    const held = await told('status')
    expect(held).toMatch(
      /^HELD +its pushes wait, and one now and then tries whether it is over: .*InvalidProviderToken/m,
    )
    expect(held).not.toContain('DOUBT')
    expect(held).toMatch(
      /^ +→ Check that key, keyId and teamId .*\. Then: xmpp-push outbox retry --app org\.example\.ios$/m,
    )
    expect(await told('apps')).toMatch(/HELD: .*InvalidProviderToken.* → Check that key/)
  })

  it('prints the same as JSON', async () => {
    await publishTo(house, romeo)
    await house.rest()
    expect(await json('status')).toMatchObject({
      running: { links: [{ domain: 'push.example.com', isOnline: true }] },
      apps: [
        { app: IOS, isConfigured: true, registrations: 2, missing: 0, account: { accepted: 1, delivered: 1 } },
        { app: ANDROID, registrations: 0 },
      ],
      waiting: 0,
    })
  })
})

describe('xmpp-push devices', () => {
  lives(beforeAll, afterAll)

  it('lists all, those of an account, those of an app', async () => {
    const all = await told('devices', 'list')
    expect(all).toContain(ROMEO)
    expect(all).toContain(JULIET)
    const his = await told('devices', 'list', '--owner', `R${ROMEO.slice(1)}/phone`)
    expect(his).toContain(ROMEO)
    expect(his).not.toContain(JULIET)
    expect(await told('devices', 'list', '--app', ANDROID)).toBe('no devices\n')
  })

  it('lists a page at a time', async () => {
    await device(ROMEO)
    const his = ['devices', 'list', '--owner', ROMEO, '--limit', '1']
    const first = (await json(...his)) as { devices: { id: string }[]; next: string }
    const second = (await json(...his, '--after', first.next)) as typeof first
    expect(new Set([...first.devices, ...second.devices].map(({ id }) => id)).size).toBe(2)
    expect(second.next).toBeUndefined()
  })

  it('shows a device by its node or id, of its token the last four characters', async () => {
    const text = await told('devices', 'show', romeo)
    expect(text).toContain(`node        ${romeo} at push.example.com`)
    expect(text).toMatch(/token +…a1b2$/m)
    expect(text).not.toContain('cccc')
    const id = /^device (\S+)/.exec(text)?.[1] ?? ''
    expect(await told('devices', 'show', id)).toBe(text)
    expect(JSON.stringify(await json('devices', 'show', id))).not.toContain('cccc')
    expect(await failure('devices', 'show', 'no-such-node')).toContain('no device is registered with the id or node')
  })

  it('removes a device, whose node is then unknown', async () => {
    expect(await told('devices', 'remove', romeo)).toContain('removed 1 device')
    expect(await publishTo(house, romeo)).toBe('item-not-found')
    expect(await publishTo(house, juliet)).toBe('result')
    expect(await failure('devices', 'remove', romeo)).toContain('no device is registered')
    expect(house.log.join('')).toContain('"by":"an operator"')
  })
})

describe('xmpp-push devices erase', () => {
  lives(beforeEach, afterEach)

  it('erases everything of a person, prints it, and leaves nobody else short', async () => {
    await publishTo(house, romeo)
    await publishTo(house, juliet)
    await house.rest()
    house.apns.script({ answer: answers.refuse('ServiceUnavailable'), times: 1 })
    await publishTo(house, romeo)
    await house.rest()
    const text = await told('devices', 'erase', '--owner', ROMEO)
    expect(text).toContain(`node        ${romeo}`)
    expect(text).toContain(
      `erased of ${ROMEO}: 1 device, 0 notes of devices that were, 1 waiting push, 1 trace of pushes`,
    )
    expect(await told('explain', ROMEO)).toContain('nothing is known')
    expect(await told('explain', romeo)).toContain('nothing is known')
    expect(await told('explain', juliet)).toContain('delivered')
    expect(await json('status')).toMatchObject({
      apps: [{ app: IOS, missing: 0, account: { accepted: 3, delivered: 2, unregistered: 1, waiting: 0 } }, {}],
    })
    expect(await told('devices', 'erase', '--owner', ROMEO)).toContain(': 0 devices, 0 notes')
    expect(await failure('devices', 'erase', '--owner', 'example.com')).toContain('is no account')
  })
})

describe('xmpp-push explain', () => {
  lives(beforeAll, afterAll)

  it('tells each attempt with the vendor’s words, by push, node, device and account', async () => {
    house.apns.script({ answer: answers.refuse('ServiceUnavailable'), times: 1 })
    await publishTo(house, romeo)
    await house.rest()
    const push = await lastPush()
    const waiting = await told('explain', push)
    expect(waiting).toContain(`push ${push} for ${IOS}`)
    expect(waiting).toMatch(/accepted as message from example\.com, answered result$/m)
    expect(waiting).toMatch(/attempt 1: \w+: .*ServiceUnavailable.*; again at 2026-/)
    expect(waiting).toMatch(/^ {2}now +waits until 2026-/m)
    await house.pass(61_000)
    for (const name of [push, romeo, ROMEO]) {
      const text = await told('explain', name)
      expect(text).toMatch(/attempt 1: \w+: .*ServiceUnavailable.*; again at 2026-/)
      expect(text).toMatch(/attempt 2: delivered$/m)
      expect(text).not.toMatch(/secret word|cccc/)
    }
  })

  it('tells what took the place of a push', async () => {
    house.apns.script({ answer: answers.refuse('ServiceUnavailable'), times: 1 })
    await publishTo(house, romeo)
    await house.rest()
    const first = await lastPush()
    await publishTo(house, romeo)
    const second = await lastPush()
    expect(await told('explain', first)).toContain(`push ${second} took its place`)
  })

  it('tells why a node is dead, and what was refused since', async () => {
    house.apns.script({ answer: answers.refuse('Unregistered', { timestamp: house.clock.now() + 1 }), times: 1 })
    await publishTo(house, romeo)
    await house.rest()
    expect(await publishTo(house, romeo)).toBe('item-not-found')
    const text = await told('explain', romeo)
    expect(text).toMatch(/a device of \S+ was registered at node \S+ of push\.example\.com: .*Unregistered/)
    expect(text).toMatch(/attempt 1: gone \(gone: .*Unregistered/)
    expect(text).toContain('a publish from example.com to push.example.com was refused (unknown-node)')
  })

  it('tells the pushes of a device by its id although it is gone', async () => {
    const { devices } = (await json('explain', romeo)) as { devices: readonly { id: string }[] }
    house.apns.script({ answer: answers.refuse('Unregistered', { timestamp: house.clock.now() + 1 }), times: 1 })
    await publishTo(house, romeo)
    await house.rest()
    const text = await told('explain', devices[0]?.id ?? '')
    expect(text).toMatch(/^push \S+ for org\.example\.ios$/m)
    expect(text).toContain('Unregistered')
    expect(text).not.toContain('nothing is known')
  })

  it('tells of publishes that were refused, of a node that never was', async () => {
    await publishTo(house, romeo, 'example.net')
    expect(await told('explain', romeo)).toContain(
      'a publish from example.net to push.example.com was refused (foreign-publisher)',
    )
    await publishTo(house, 'never-was')
    expect(await told('explain', 'never-was')).toContain('was refused (unknown-node)')
    expect(await told('explain', 'never-asked')).toBe(
      'nothing is known of never-asked: no push that came lately, no device, no node, no owner\n',
    )
  })
})

describe('xmpp-push outbox', () => {
  lives(beforeEach, afterEach)

  it('lists what waits, and makes it due', async () => {
    house.apns.script({ answer: answers.refuse('ServiceUnavailable'), times: 1 })
    await publishTo(house, romeo)
    await house.rest()
    const push = await lastPush()
    expect(await told('outbox', 'list')).toMatch(
      new RegExp(`^${push} +${IOS} +message +\\d+ s ago +in \\d+ s +\\w+: .*ServiceUnavailable`, 'm'),
    )
    expect(await told('outbox', 'list', '--app', ANDROID)).toBe('nothing waits\n')
    expect(await told('outbox', 'retry', push)).toBe('1 push is due now\n')
    await house.pass(1)
    await house.rest()
    expect(await told('outbox', 'list')).toBe('nothing waits\n')
    expect(await failure('outbox', 'retry', push)).toContain('does not wait for its time')
  })

  it('makes all of an app due and ends its pause', async () => {
    house.apns.script({ answer: answers.refuse('TopicDisallowed'), times: 1 })
    await publishTo(house, romeo)
    await house.rest()
    expect(await told('outbox', 'list')).toContain('is held')
    expect(await told('outbox', 'retry', '--app', IOS)).toContain('1 push is due now')
    await house.pass(1)
    expect(await told('status')).toContain('1 accepted = 1 delivered')
  })

  it('drops what waits, one or all of an app, and counts it as abandoned', async () => {
    house.apns.script({ answer: answers.refuse('ServiceUnavailable'), times: 'always' })
    await publishTo(house, romeo)
    await house.rest()
    const push = await lastPush()
    expect(await told('outbox', 'drop', push)).toBe('1 push was dropped, and counted as abandoned\n')
    expect(await failure('outbox', 'drop', push)).toContain('does not wait')
    expect(await told('explain', push)).toContain('dropped by an operator')
    await publishTo(house, romeo)
    await publishTo(house, juliet)
    await house.rest()
    expect(await told('outbox', 'drop', '--app', IOS)).toBe('2 pushes were dropped, and counted as abandoned\n')
    expect(await told('outbox', 'drop', '--app', ANDROID)).toMatch(
      /^nothing of it waits, so nothing was dropped; .*xmpp-push apps/,
    )
    expect(await told('outbox', 'list')).toBe('nothing waits\n')
    expect(await told('status')).toContain('3 abandoned + 0 in flight + 0 waiting')
    expect(house.log.join('')).toContain('an operator dropped 2 deliveries of app')
  })

  it('tells that there is no such app, and which there are', async () => {
    const why = `xmpp-push: there is no app "org.example.iso"; there is ${IOS}, ${ANDROID}\n`
    for (const words of [
      ['outbox', 'list', '--app'],
      ['outbox', 'retry', '--app'],
      ['devices', 'list', '--app'],
      ['fuse', 'reset'],
    ]) {
      expect(await failure(...words, 'org.example.iso')).toBe(why)
    }
  })

  it('still knows an app that is no longer configured, of which something is kept', async () => {
    await publishTo(house, romeo)
    await house.rest()
    const path = join(house.folder, 'component.config.json')
    const config = JSON.parse(readFileSync(path, 'utf8')) as { apps: Record<string, unknown> }
    const { [IOS]: ios, ...others } = config.apps
    writeFileSync(path, JSON.stringify({ ...config, apps: others }))
    await house.service().reload(house.config())
    expect(await told('devices', 'list', '--app', IOS)).toContain(ROMEO)
    expect(await told('outbox', 'drop', '--app', IOS)).toContain('nothing of it waits')
    writeFileSync(path, JSON.stringify({ ...config, apps: { [IOS]: ios, ...others } }))
    await house.service().reload(house.config())
  })

  it('ends with 2 where neither or both of push and app are named', async () => {
    for (const command of ['retry', 'drop'])
      for (const words of [[], ['x', '--app', IOS]]) expect((await ask('outbox', command, ...words)).code).toBe(2)
    expect((await ask('outbox', 'list', '--limit', '0')).code).toBe(2)
  })
})

describe('xmpp-push fuse', () => {
  lives(beforeEach, afterEach)

  it('is told by status and reset by hand', async () => {
    expect(await failure('fuse', 'reset', IOS)).toContain('has not blown')
    for (const node of [romeo, juliet]) {
      house.apns.script({ answer: answers.refuse('Unregistered', { timestamp: house.clock.now() + 1 }), times: 1 })
      await publishTo(house, node)
      await house.rest()
    }
    expect(await told('status')).toMatch(/^FUSE +blown: more than 1 token/m)
    const warned = new RegExp(
      `^warning +apps\\.${IOS}: its fuse has blown: more than 1 token.*\n +→ .* xmpp-push fuse reset ${IOS}$`,
      'm',
    )
    expect(await told('check')).toMatch(warned)
    await house.service().stop('the spec wants it')
    for (const words of ['check', 'status']) expect(await told(words)).toContain('blown: more than 1 token')
    expect(await told('check')).toMatch(warned)
    await house.start()
    expect(await told('fuse', 'reset', IOS)).toContain(
      `the fuse of ${IOS} is reset; it had blown because more than 1 token`,
    )
    expect(await told('status')).not.toContain('FUSE')
    expect(await told('check')).not.toContain('fuse')
  })

  it('is told not to be known where the key of the store at rest can’t be read, and the rest is told', async () => {
    for (const node of [romeo, juliet]) {
      house.apns.script({ answer: answers.refuse('Unregistered', { timestamp: house.clock.now() + 1 }), times: 1 })
      await publishTo(house, node)
      await house.rest()
    }
    await house.service().stop('the spec wants it')
    const key = join(house.folder, 'data', 'xmpp-push.db.key')
    renameSync(key, `${key}.away`)
    const { code, out, err } = await ask('status')
    renameSync(`${key}.away`, key)
    expect({ code, isTold: out.includes('2 accepted') }).toEqual({ code: 0, isTold: true })
    expect(err).toContain(`whether the fuse of ${IOS} has blown can't be read: `)
    await house.start()
  })
})

describe('with no service running', () => {
  lives(beforeEach, afterEach)

  it('what only reads is read from the store; what changes says that it takes a running one', async () => {
    house.apns.script({ answer: answers.refuse('ServiceUnavailable'), times: 1 })
    await publishTo(house, romeo)
    await house.rest()
    const push = await lastPush()
    await house.service().stop('the spec wants it')
    const text = await told('status')
    expect(text).toContain('does not run; what follows stands in its store')
    const apps = await told('apps')
    expect(apps).toMatch(/^the service does not run; what follows stands in its store$/m)
    expect(apps).toMatch(/^org\.example\.ios .* nobody sends$/m)
    expect(text).toContain('1 accepted = 0 delivered')
    expect(text).toMatch(/^app +org\.example\.android: 0 devices$/m)
    expect(await told('devices', 'list')).toContain(ROMEO)
    expect(await told('devices', 'show', romeo)).toMatch(/token +…a1b2$/m)
    expect(await told('explain', push)).toContain('ServiceUnavailable')
    expect(await told('outbox', 'list')).toContain(push)
    for (const words of [
      ['devices', 'remove', romeo],
      ['devices', 'erase', '--owner', ROMEO],
      ['fuse', 'reset', IOS],
    ]) {
      expect(await failure(...words)).toContain('this takes a running one')
    }
    await house.start()
    await house.pass(61_000)
    expect(await told('status')).toContain('1 accepted = 1 delivered')
  })

  it('the socket is gone after a stop, and while it is there only its owner may use it', async () => {
    const socket = join(house.folder, 'data', 'xmpp-push.db.sock')
    expect(statSync(socket).isSocket()).toBe(true)
    expect(statSync(socket).mode & 0o777).toBe(0o600)
    await house.service().stop('the spec wants it')
    expect(() => statSync(socket)).toThrow()
    await house.start()
  })
})

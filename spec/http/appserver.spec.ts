/** mod_push_appserver's HTTP interface as the apps that registered over it ask it: forms out, lines of text back. */
import { answers } from '../../lib/sim/apns-answers'
import { DOMAIN, IOS } from '../support/house'
import { startHttpHouse, type HttpHouse, type Reply } from '../support/http-house'

const token = `b4${'a5c6'.repeat(15)}d7`
const other = `b5${'a5c6'.repeat(15)}d7`
const uuid = 'E0FF1D8C-EB96-4E10-A912-F68B03FD8D3E'
const form = { 'content-type': 'application/x-www-form-urlencoded' }

describe('http/appserver', () => {
  let place: HttpHouse
  beforeEach(async () => {
    place = await startHttpHouse(['appserver'])
    for (const each of [token, other]) place.house.apns.addDevice({ token: each, topic: IOS })
    place.house.fcm.setDevice('fcm-token:one', 'live')
  })
  afterEach(() => place.close())

  const post = (path: string, body: string, headers: Readonly<Record<string, string>> = form): Promise<Reply> =>
    place.ask('POST', `/push_appserver/v1/${path}`, body, headers)
  const register = async (body = `type=apns&node=${uuid}&token=${token}`): Promise<readonly string[]> =>
    (await post('register', body)).text.split('\n')
  const publish = (secret: string): Promise<string> =>
    place.house.server
      .client('example.com')
      .iq(
        `<iq type='set' to='${DOMAIN}'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='${uuid}'><item><notification xmlns='urn:xmpp:push:0'/></item></publish>` +
          `<publish-options><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub#publish-options</value></field><field var='secret'><value>${secret}</value></field></x></publish-options></pubsub></iq>`,
      )
      .then((answer) => answer.toString())

  it('registers a device, answers node and secret in lines, and servers publish to it', async () => {
    const reply = await post('register', `type=apns&node=${uuid}&token=${token}`)
    const [status, node, secret = '', ...rest] = reply.text.split('\n')
    expect([reply.status, status, node, rest]).toEqual([200, 'OK', uuid, []])
    expect(reply.headers['content-type']).toMatch(/^text\/plain/)
    expect(secret).not.toBe('')
    expect(await publish(secret)).toContain("type='result'")
    await place.house.rest()
    expect(place.house.apns.received(token)).toHaveLength(1)
    expect(await publish('wrong')).toContain("type='error'")
  })

  it('keeps the secret where the device registers again, with another token too, and wakes the new one', async () => {
    const first = await register()
    expect(await register()).toEqual(first)
    expect(await register(`type=apns&node=${uuid}&token=${other}`)).toEqual(first)
    expect((await post('push', `node=${uuid}&secret=${first[2] ?? ''}`)).text).toBe(`OK\n${uuid}`)
    expect([place.house.apns.received(token).length, place.house.apns.received(other).length]).toEqual([0, 1])
  })

  it('gives a new secret where the push service is another one, and forgets the first', async () => {
    const [, , first = ''] = await register()
    const [is, , second = ''] = await register(`type=fcm&node=${uuid}&token=fcm-token%3Aone`)
    expect([is, second === first]).toEqual(['OK', false])
    expect((await post('push', `node=${uuid}&secret=${first}`)).text).toBe('ERROR\nNode or secret not found!')
    expect((await post('push', `node=${uuid}&secret=${second}`)).text).toBe(`OK\n${uuid}`)
  })

  it('unregisters by type and node, once, and servers are told that the node is gone', async () => {
    const [, , secret = ''] = await register()
    expect((await post('unregister', `type=fcm&node=${uuid}`)).text).toBe('ERROR\nNode not found!')
    expect((await post('unregister', `type=apns&node=${uuid}`)).text).toBe(`OK\n${uuid}\n${secret}`)
    const again = await post('unregister', `type=apns&node=${uuid}`)
    expect([again.status, again.text]).toEqual([200, 'ERROR\nNode not found!'])
    expect(await publish(secret)).toContain('item-not-found')
  })

  it('leaves alone what an account has registered under the same node', async () => {
    await place.house.server
      .client('romeo@example.com/phone')
      .iq(
        `<iq type='set' to='${DOMAIN}'><command xmlns='http://jabber.org/protocol/commands' node='v1-register-push' action='execute'><x xmlns='jabber:x:data' type='submit'>` +
          `<field var='type'><value>apns</value></field><field var='node'><value>${uuid}</value></field><field var='token'><value>${other}</value></field></x></command></iq>`,
      )
    const devices = async (): Promise<number> =>
      (await place.house.service().devices(DOMAIN, 'romeo@example.com')).length
    expect((await post('unregister', `type=apns&node=${uuid}`)).text).toBe('ERROR\nNode not found!')
    await register()
    expect((await post('unregister', `type=apns&node=${uuid}`)).text).toMatch(/^OK\n/)
    expect(await devices()).toBe(1)
  })

  it('wakes a device for whoever has its secret', async () => {
    const [, , secret = ''] = await register()
    const reply = await post('push', `node=${uuid}&secret=${secret}`)
    expect([reply.status, reply.text]).toEqual([200, `OK\n${uuid}`])
    expect(place.house.apns.received(token)).toHaveLength(1)
    for (const wrong of [`node=${uuid}&secret=x`, `node=nobody&secret=${secret}`]) {
      expect((await post('push', wrong)).text).toBe('ERROR\nNode or secret not found!')
    }
  })

  it('tells of a dead token, and then knows the node no more', async () => {
    const [, , secret = ''] = await register()
    const at = place.house.clock.now() + 1000
    place.house.apns.script({ answer: answers.refuse('Unregistered', { timestamp: at }), times: 1 })
    expect((await post('push', `node=${uuid}&secret=${secret}`)).text).toBe('ERROR\nInternal server error!')
    await place.house.rest()
    expect((await post('push', `node=${uuid}&secret=${secret}`)).text).toBe('ERROR\nNode or secret not found!')
  })

  it.each([
    ['register', `type=apns&node=${uuid}`, 'token missing'],
    ['register', '{"type":"apns"}', 'type and node and token missing'],
    ['unregister', `node=${uuid}`, 'type missing'],
    ['push', `node=${uuid}`, 'secret missing'],
    ['push', 'node=&secret=%20', 'node and secret missing'],
    ['register', `type=apns&node=${uuid}&token=${'a'.repeat(4096)}`, 'The body is too large.'],
  ])('answers 400 to %s: %#', async (path, body, why) => {
    const reply = await post(path, body)
    expect([reply.status, reply.text]).toEqual([400, `ERROR\n${why}`])
  })

  it.each([
    [`type=wns&node=${uuid}&token=${token}`, '"type" must be'],
    [`type=apns&node=${uuid}&token=none`, 'no device token'],
    [`type=apns&node=${'n'.repeat(513)}&token=${token}`, 'longer than'],
  ])('says what is wrong with a registration: %#', async (body, why) => {
    const reply = await post('register', body)
    expect(reply.status).toBe(200)
    expect(reply.text).toMatch(/^ERROR\n/)
    expect(reply.text).toContain(why)
    expect(reply.text).not.toContain(token)
  })

  it('takes a form without a Content-Type', async () => {
    expect((await post('register', `type=apns&node=${uuid}&token=${token}`, {})).text).toMatch(/^OK\n/)
  })

  it('answers ERROR while the store fails, and nothing is lost', async () => {
    const [, , secret = ''] = await register()
    place.house.failStore(true)
    for (const [path, body] of [
      ['register', `type=apns&node=${uuid}&token=${token}`],
      ['unregister', `type=apns&node=${uuid}`],
      ['push', `node=${uuid}&secret=${secret}`],
    ] as const) {
      const reply = await post(path, body)
      expect([reply.status, reply.text]).toEqual([200, 'ERROR\nInternal server error!'])
    }
    place.house.failStore(false)
    expect((await post('push', `node=${uuid}&secret=${secret}`)).text).toBe(`OK\n${uuid}`)
  })

  it('lets an address ask so often and no more', async () => {
    let last: Reply | undefined
    for (let each = 0; each < 21; each++) last = await post('push', 'node=x&secret=y')
    expect([last?.status, last?.text]).toEqual([429, 'ERROR\nRatelimit reached!'])
  })

  it('says that it runs, and shows neither forms nor devices', async () => {
    const get = (path: string): Promise<Reply> => place.ask('GET', `/push_appserver/v1/${path}`)
    expect([(await get('health')).status, (await get('health')).text]).toEqual([
      200,
      expect.stringContaining('RUNNING'),
    ])
    for (const path of ['register', 'unregister', 'push', 'settings', `settings/${uuid}`]) {
      expect([path, (await get(path)).status]).toEqual([path, 403])
    }
  })
})

describe('http/appserver, told to show', () => {
  it('shows its forms, and its devices without secret or token', async () => {
    const place = await startHttpHouse(['appserver'], { http: { interfaces: { appserver: { debugging: true } } } })
    const get = async (path: string): Promise<string> => (await place.ask('GET', `/push_appserver/v1/${path}`)).text
    try {
      const node = '<b>"&'
      const asked = `type=apns&node=${encodeURIComponent(node)}&token=${token}`
      const [, , secret = ''] = (await place.ask('POST', '/push_appserver/v1/register', asked, form)).text.split('\n')
      for (const path of ['register', 'unregister', 'push']) expect(await get(path)).toContain('<form method="post">')
      expect(await get('register')).toContain('name="token"')
      const list = await get('settings')
      expect(list).toContain('<a href="settings/%3Cb%3E%22%26">&lt;b&gt;&quot;&amp;</a>')
      const its = await get(`settings/${encodeURIComponent(node)}`)
      expect(its).toContain('&quot;dialect&quot;: &quot;appserver&quot;')
      for (const word of [secret, token, '<b>']) expect(list + its).not.toContain(word)
    } finally {
      await place.close()
    }
  })

  it('shows devices to nobody who has no token of the listener', async () => {
    const place = await startHttpHouse(['appserver'], {
      listener: { auth: { tokens: { me: 'page-token-of-mine' } } },
      http: { interfaces: { appserver: { debugging: true } } },
    })
    try {
      const ask = (headers?: Readonly<Record<string, string>>) =>
        place.ask('GET', '/push_appserver/v1/settings', '', headers)
      expect((await ask()).status).toBe(401)
      expect((await ask({ authorization: 'Bearer page-token-of-mine' })).status).toBe(200)
      expect((await place.ask('POST', '/push_appserver/v1/push', 'node=x&secret=y', form)).status).toBe(200)
    } finally {
      await place.close()
    }
  })
})

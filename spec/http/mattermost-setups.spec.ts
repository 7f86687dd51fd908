/** The setups of docs/mattermost.md, as the page writes them, each played once; and what one finds when something is wrong. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { answers } from '../../lib/sim/apns-answers'
import { processAuthority } from '../../lib/sim/certificates'
import { startPushProxySimulator, type PushProxySimulator } from '../../lib/sim/push-proxy'
import { callAt } from '../support/call'
import { startHouse, type House } from '../support/house'
import { askAt } from '../support/http-house'

interface Setup {
  readonly apps?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly http?: {
    readonly listeners: readonly Readonly<Record<string, unknown>>[]
    readonly interfaces?: { readonly mattermost: Readonly<Record<string, unknown>> }
  }
}

/** The configuration that the page has under a title. */
function setupOf(title: string): Setup {
  const page = readFileSync(join(__dirname, '..', '..', 'docs', 'mattermost.md'), 'utf8')
  const section = page.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? ''
  return JSON.parse(/```json\n([^]*?)```/.exec(section)?.[1] ?? '') as Setup
}

const own = setupOf('Own apps')
const [listener = {}] = setupOf('For other servers').http?.listeners ?? []
const hosted = setupOf('For other servers').http?.interfaces?.mattermost ?? {}
const stores = setupOf('The apps of the stores')

const SERVER = 'kxm5b1gz4pnd9ehtq8dyfnwsac'
const SECRET = 'Wherefore art thou Romeo, asked the balcony'
const iphone = 'a1'.repeat(32)
const next = 'b2'.repeat(32)
const android = 'fcm-token:APA91b-of-an-android'

/** What Go writes of a `model.PushNotification`: in the order of its fields, the empty ones left out where they are `omitempty`. */
const pushOf = (platform: string, device: string, message = 'juliet: hi'): string =>
  `{"ack_id":"8ct3dyk9a7yp5x6qmuw1e4rbno","platform":"${platform}","server_id":"${SERVER}","device_id":"${device}",` +
  `"post_id":"fd6bcgrqzb8hdxxk5mpbzqpyuo","category":"CAN_REPLY","message":${JSON.stringify(message)},"badge":1,` +
  `"team_id":"rcgiyftm7jyrxnma1osd8zswby","channel_id":"3r6xz5pqfbbwupaitys11sgzth","channel_name":"Balcony","type":"message",` +
  `"sender_id":"wgd46s3b4pgbikjg4uwx5d5wfe","sender_name":"juliet","version":"v2","is_crt_enabled":false,"is_id_loaded":false,"signature":""}`

const headers = { 'user-agent': 'Go-http-client/1.1', 'accept-encoding': 'gzip' }

/** Everything of a house that a stranger with its disk, its log or its terminal could read. */
async function readable(house: House, push: string): Promise<string> {
  const file = join(house.folder, 'component.config.json')
  const asked = [['explain', push], ['outbox', 'list'], ['status']].map((words) =>
    callAt(house.clock, ...words, '--config', file),
  )
  const folder = join(house.folder, 'data')
  const files = readdirSync(folder).filter((name) => !name.endsWith('.sock'))
  expect(files).toEqual(expect.arrayContaining(['xmpp-push.db', 'xmpp-push.db-wal']))
  return [
    ...files.map((name) => readFileSync(join(folder, name), 'latin1')),
    ...(await Promise.all(asked)).map(({ out, err }) => out + err),
    house.log.join(''),
  ].join('\n')
}

const idIn = (house: House): string => /delivery ([0-9a-f-]{36})/.exec(house.log.join(''))?.[1] ?? ''

describe('docs/mattermost.md: own apps', () => {
  let house: House
  beforeAll(async () => {
    house = await startHouse({
      apps: ({ apns, fcm }) => {
        const places = {
          apns: { endpoint: apns.url, ca: { file: 'apns-ca.pem' } },
          fcm: { endpoint: fcm.endpoint, ca: { file: 'fcm-ca.pem' } },
        }
        return Object.fromEntries(
          Object.entries(own.apps ?? {}).map(([name, app]) => [
            name,
            { ...app, ...places[app['provider'] as keyof typeof places] },
          ]),
        )
      },
      settings: { http: { listeners: own.http?.listeners.map((each) => ({ ...each, listen: '127.0.0.1:0' })) } },
    })
    for (const [token, topic] of [
      [iphone, 'com.example.chat'],
      [next, 'com.example.chat.next'],
    ] as const) {
      house.apns.addApp({ bundleId: topic, teamId: 'DEF123GHIJ' })
      house.apns.addDevice({ token, topic })
    }
    house.fcm.setDevice(android, 'live')
  })
  afterAll(() => house.close())

  const post = async (platform: string, device: string): Promise<unknown> => {
    const url = house.service().urls[0] ?? ''
    return JSON.parse((await askAt(url, 'POST', '/api/v1/send_push', pushOf(platform, device), headers)).text)
  }

  it('sends each platform and version by the app that has it', async () => {
    expect(await post('apple_rn', iphone)).toEqual({ status: 'OK' })
    expect(house.apns.journal.entries.at(-1)?.topic).toBe('com.example.chat')
    expect(await post('apple_rn-v2', next)).toEqual({ status: 'OK' })
    expect(house.apns.journal.entries.at(-1)?.topic).toBe('com.example.chat.next')
    expect(await post('apple_rn-v3', iphone)).toEqual({ status: 'OK' })
    expect(house.apns.journal.entries.at(-1)?.topic).toBe('com.example.chat')
    expect(await post('android_rn-v2', android)).toEqual({ status: 'OK' })
    expect(house.fcm.inbox(android)).toHaveLength(1)
  })

  it('tells of the push by its id, which the log has, with the server that asked', async () => {
    const file = join(house.folder, 'component.config.json')
    const { out } = await callAt(house.clock, 'explain', idIn(house), '--config', file)
    expect(out).toMatch(new RegExp(`accepted as message from 127.0.0.1 ${SERVER}`))
    expect(out).toMatch(/attempt 1: delivered/)
  })

  it('says what is missing where nobody has the platform', async () => {
    expect(await post('apple_tv', iphone)).toEqual({
      status: 'FAIL',
      error: 'Did not send message because of missing platform property type=apple_tv',
    })
    expect(house.log.join('')).toContain('no app has a match of platform apple_tv')
  })

  it('says that the device is removed, and why in the log', async () => {
    house.apns.script({ answer: answers.refuse('Unregistered'), times: 1 })
    expect(await post('apple_rn', 'c3'.repeat(32))).toEqual({ status: 'REMOVE' })
    expect(house.log.join('')).toMatch(/delivery [0-9a-f-]{36} gone: 410 Unregistered/)
  })
})

describe('docs/mattermost.md: for other servers', () => {
  let house: House
  beforeAll(async () => {
    const { certPem, keyPem } = processAuthority().issueServer({ names: ['localhost', '127.0.0.1'] })
    const files = { certificate: certPem, key: keyPem }
    house = await startHouse({
      apps: ({ apns }) => ({
        'chat.ios': {
          ...{ ...own.apps?.['chat.ios'], topic: 'org.example.ios' },
          ...{ endpoint: apns.url, ca: { file: 'apns-ca.pem' } },
        },
      }),
      settings: {
        http: {
          listeners: [{ ...listener, listen: '127.0.0.1:0', tls: files }],
          interfaces: { mattermost: hosted },
        },
      },
    })
    house.apns.addDevice({ token: iphone, topic: 'org.example.ios' })
  })
  afterAll(() => house.close())

  /** Over TLS, as a server far away asks it. */
  const post = (body: string): Promise<unknown> =>
    new Promise((done, failed) => {
      const { port } = new URL(house.service().urls[0] ?? '')
      const asked = request(
        {
          ...{ host: 'localhost', port, method: 'POST', path: '/api/v1/send_push', agent: false },
          ...{ ca: processAuthority().caPem, headers: { ...headers, 'content-length': Buffer.byteLength(body) } },
        },
        (answer) => {
          let text = ''
          answer.setEncoding('utf8').on('data', (part: string) => (text += part))
          answer.on('end', () => done(JSON.parse(text)))
        },
      )
      asked.on('error', failed).end(body)
    })

  it('says aloud that whoever reaches it may ask, and takes pushes of the servers on the list alone', async () => {
    expect(house.log.join('')).toMatch(/https:\S+ serves mattermost to whoever reaches it/)
    expect(await post(pushOf('apple_rn', iphone).replace(SERVER, 'somebody'))).toMatchObject({ status: 'FAIL' })
    expect(house.log.join('')).toContain('server somebody of 127.0.0.1: this server may not send pushes here')
    expect(house.apns.journal.entries).toHaveLength(0)
  })

  it('keeps no text that anyone could read: database, WAL, log and explain have none while it waits, and none afterwards', async () => {
    house.apns.script({ answer: answers.refuse('ServiceUnavailable'), times: 1 })
    expect(await post(pushOf('apple_rn', iphone, SECRET))).toEqual({ status: 'OK' })
    const push = idIn(house)
    const waiting = await readable(house, push)
    expect(waiting).toContain('503 ServiceUnavailable')
    expect(waiting).toContain(push)
    expect(waiting).not.toContain('Wherefore')
    await house.pass(61_000)
    const sent = house.apns.journal.entries.at(-1)
    expect([sent?.answer, JSON.stringify(sent?.payload)]).toMatchObject([
      { status: 200 },
      expect.stringContaining(SECRET) as string,
    ])
    expect(await readable(house, push)).not.toContain('Wherefore')
  })

  it('would have found the text, had it been there', async () => {
    writeFileSync(join(house.folder, 'data', 'a copy'), SECRET)
    expect(await readable(house, idIn(house))).toContain('Wherefore')
  })
})

describe('docs/mattermost.md: the apps of the stores', () => {
  let house: House
  let theirs: PushProxySimulator
  beforeAll(async () => {
    theirs = await startPushProxySimulator()
    const app = { ...stores.apps?.['store.ios'], upstream: theirs.url, ca: theirs.ca }
    house = await startHouse({
      apps: () => ({ 'store.ios': app }),
      settings: { http: { listeners: [{ listen: '127.0.0.1:0', serve: ['mattermost'] }] } },
    })
  })
  afterAll(async () => {
    await house.close()
    await theirs.close()
  })

  it('hands a push on as it came, and tells the server what became of it', async () => {
    const url = house.service().urls[0] ?? ''
    const body = pushOf('apple_rnbeta-v2', 'theirs')
    const post = async (): Promise<string> => (await askAt(url, 'POST', '/api/v1/send_push', body, headers)).text
    expect(await post()).toBe('{"status":"OK"}')
    expect(theirs.journal.at(-1)?.push).toEqual(JSON.parse(body))
    theirs.inject({ is: 'reply', status: 'REMOVE' })
    expect(await post()).toBe('{"status":"REMOVE"}')
    expect(theirs.violations).toEqual([])
  })
})

/** A day of a Mattermost server at its push proxy, byte for byte as Go sends it: one kept connection, and no header but Go's own. */
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { callAt } from '../support/call'
import { IOS } from '../support/house'
import { matchedApps, startHttpHouse, type HttpHouse } from '../support/http-house'

const iphone = 'a1'.repeat(32)
const android = 'fcm-token:APA91b-of-an-android'
const SERVER = 'kxm5b1gz4pnd9ehtq8dyfnwsac'
const ACK = '8ct3dyk9a7yp5x6qmuw1e4rbno'
const POST = 'fd6bcgrqzb8hdxxk5mpbzqpyuo'
const CHANNEL = '3r6xz5pqfbbwupaitys11sgzth'

interface Heard {
  readonly status: string
  readonly headers: string
  readonly body: string
}

/** A connection that is kept, as Go's client keeps it. */
function openLine(url: string) {
  const { hostname, port, host } = new URL(url)
  const socket: Socket = connect(Number(port), hostname)
  let heard = ''
  let look = (): void => undefined
  socket.setEncoding('utf8').on('data', (part: string) => {
    heard += part
    look()
  })
  return {
    socket,
    async post(path: string, body: string): Promise<Heard> {
      heard = ''
      const length = Buffer.byteLength(body)
      socket.write(
        `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: ${length}\r\nAccept-Encoding: gzip\r\n\r\n${body}`,
      )
      return new Promise((done, failed) => {
        socket.once('close', () => failed(new Error(`closed after ${heard}`)))
        look = () => {
          const [head = '', text] = heard.split('\r\n\r\n')
          const wanted = Number(/content-length: (\d+)/i.exec(head)?.[1])
          if (text === undefined || Buffer.byteLength(text) < wanted) return
          socket.removeAllListeners('close')
          done({ status: head.split('\r\n')[0] ?? '', headers: head.toLowerCase(), body: text })
        }
      })
    },
  }
}

describe('a Mattermost server', () => {
  let place: HttpHouse
  let line: ReturnType<typeof openLine>
  beforeAll(async () => {
    const apps = matchedApps('mattermost', { match: { platform: 'apple_rn' } }, { match: { platform: 'android_rn' } })
    place = await startHttpHouse(['mattermost', 'metrics'], { apps })
    place.house.apns.addDevice({ token: iphone, topic: IOS })
    place.house.fcm.setDevice(android, 'live')
    line = openLine(place.url)
  })
  afterAll(async () => {
    line.socket.destroy()
    await place.close()
  })

  const head = (platform: string, device: string, ack = ACK): string =>
    `{"ack_id":"${ack}","platform":"${platform}","server_id":"${SERVER}","device_id":"${device}"`
  const tail = `"is_crt_enabled":false,"is_id_loaded":false,"signature":""}`
  const send = (body: string): Promise<Heard> => line.post('/api/v1/send_push', body)
  const lastApns = () => {
    const { headers = {}, payload } = place.house.apns.journal.entries.at(-1) ?? {}
    return { type: headers['apns-push-type'], priority: headers['apns-priority'], payload }
  }
  const lastData = (): unknown =>
    (JSON.parse(place.house.fcm.journal.at(-1)?.body ?? '{}') as { message?: { data?: unknown } }).message?.data
  const OK = { status: 'HTTP/1.1 200 OK', body: '{"status":"OK"}' }

  it('sends a message to both phones of its user', async () => {
    const message = (platform: string, device: string): string =>
      `${head(platform, device)},"post_id":"${POST}","category":"CAN_REPLY","message":"juliet: \\u003c3 \\u0026 more","badge":2,` +
      `"team_id":"rcgiyftm7jyrxnma1osd8zswby","channel_id":"${CHANNEL}","channel_name":"Balcony","type":"message",` +
      `"sender_id":"wgd46s3b4pgbikjg4uwx5d5wfe","sender_name":"juliet","version":"v2",${tail}`
    expect(await send(message('apple_rn-v2', iphone))).toMatchObject(OK)
    expect(lastApns()).toMatchObject({
      ...{ type: 'alert', priority: '10' },
      payload: {
        aps: { alert: { title: 'Balcony', body: 'juliet: <3 & more' }, badge: 2, sound: 'default' },
        ...{ type: 'message', ack_id: ACK, post_id: POST, server_id: SERVER, signature: 'NO_SIGNATURE' },
      },
    })
    expect(await send(message('android_rn-v2', android))).toMatchObject(OK)
    expect(lastData()).toMatchObject({ type: 'message', message: 'juliet: <3 & more', badge: '2', ack_id: ACK })
  })

  it('hears from a phone that it has it, and passes that on', async () => {
    const body = `{"id":"${ACK}","received_at":1767225600000,"platform":"ios","type":"message","post_id":"${POST}","is_id_loaded":false}`
    expect(await line.post('/api/v1/ack', body)).toMatchObject(OK)
    const { text } = await place.ask('GET', '/metrics')
    expect(text).toContain('service_delivered_total{platform="ios",type="message"} 1')
    expect(text).toContain('service_success_with_ack_total{platform="apple_rn",type="message"} 1')
    const file = join(place.house.folder, 'component.config.json')
    const { out } = await callAt(place.house.clock, 'status', '--config', file)
    expect(out).toMatch(
      /^http +mattermost: 2 pushes asked for = 2 OK \+ 0 REMOVE \+ 0 FAIL \+ 0 being answered; 1 acknowledged by phones$/m,
    )
  })

  it('sets the badge, when something was read elsewhere', async () => {
    const body = `${head('apple_rn-v2', iphone, '')},"post_id":"","badge":1,"cont_ava":1,"type":"update_badge",${tail}`
    expect(await send(body)).toMatchObject(OK)
    expect(lastApns()).toMatchObject({ priority: '5', payload: { aps: { badge: 1 }, type: 'update_badge' } })
  })

  it('clears a channel; a badge that is left out is 0', async () => {
    const body = (platform: string, device: string): string =>
      `${head(platform, device)},"post_id":"","cont_ava":1,"channel_id":"${CHANNEL}","type":"clear",${tail}`
    expect(await send(body('apple_rn', iphone))).toMatchObject(OK)
    expect(lastApns()).toMatchObject({
      payload: { aps: { badge: 0, 'content-available': 1, 'thread-id': CHANNEL }, type: 'clear' },
    })
    expect(await send(body('android_rn', android))).toMatchObject(OK)
    expect(lastData()).toMatchObject({ type: 'clear', badge: '0', channel_id: CHANNEL })
  })

  it('says that a session has expired', async () => {
    const body =
      `${head('apple_rn', iphone)},"post_id":"","sound":"none","message":"Session Expired: Please log in","badge":1,"type":"session",` +
      `"version":"v2",${tail}`
    expect(await send(body)).toMatchObject(OK)
    expect(lastApns()).toMatchObject({
      ...{ type: 'alert', payload: { aps: { alert: 'Session Expired: Please log in' }, type: 'session' } },
    })
  })

  it('tries whether a phone can be reached, and shows nothing there', async () => {
    const body = (platform: string, device: string): string =>
      `${head(platform, device, '')},"post_id":"","badge":-1,"type":"test","version":"2",${tail}`
    expect(await send(body('apple_rn', iphone))).toMatchObject(OK)
    expect(lastApns().payload?.['aps']).toEqual({ 'content-available': 1 })
    expect(await send(body('android_rn', android))).toMatchObject(OK)
    expect(lastData()).toMatchObject({ type: 'test', version: '2' })
    expect(lastData()).not.toHaveProperty('badge')
    expect(await send(body('android_rn', 'fcm-token:of-nobody-at-all'))).not.toMatchObject(OK)
  })

  it('counts by no word that a stranger made up', async () => {
    await send(`${head('apple_made_up-v12345', iphone)},"type":"made up",${tail}`)
    await line.post(
      '/api/v1/ack',
      `{"id":"1","received_at":1,"platform":"made up","type":"made up","is_id_loaded":false}`,
    )
    const { text } = await place.ask('GET', '/metrics')
    expect(text).not.toMatch(/made.up|12345/)
    expect(text).toContain('service_delivered_total{platform="other",type="other"} 1')
    expect(text).toContain(
      'service_notifications_by_app_version_total{platform="other",type="other",version="other"} 1',
    )
  })

  it('hears only texts, in JSON, on a connection that is kept', async () => {
    for (const body of ['{', '{}', `${head('apple_tv', iphone)},${tail}`]) {
      const heard = await send(body)
      expect(heard).toMatchObject({ status: 'HTTP/1.1 200 OK' })
      expect(heard.headers).toContain('content-type: application/json')
      expect(Object.values(JSON.parse(heard.body) as object).filter((value) => typeof value !== 'string')).toEqual([])
    }
    expect(place.house.apns.violations).toEqual([])
    expect(place.house.fcm.violations).toEqual([])
  })
})

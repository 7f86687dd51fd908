/** A MongooseIM server's alert, silent and call pushes, from its bytes (HTTP/1.1, `content-type` alone, the token raw in the path) to the phone. */
import { connect } from 'node:net'
import { answers } from '../../lib/sim/apns-answers'
import { IOS } from '../support/house'
import { matchedApps, startHttpHouse, type HttpHouse } from '../support/http-house'

const ios = `b4${'a5c6'.repeat(15)}d7`
const pushKit = `b5${'a5c6'.repeat(15)}d7`
const android = 'fcm-token:APA91b-of_a-caller'

describe('a MongooseIM server', () => {
  let place: HttpHouse
  beforeAll(async () => {
    place = await startHttpHouse(['mongoosepush'], { apps: matchedApps('mongoosepush') })
    place.house.apns.addDevice({ token: ios, topic: IOS })
    place.house.apns.addDevice({ token: pushKit, topic: `${IOS}.voip` })
    place.house.fcm.setDevice(android, 'live')
  })
  afterAll(() => place.close())

  /** Status line and body of the answer. */
  function send(device: string, body: string, version = 'v3'): Promise<readonly [string, string]> {
    const { hostname, port, host } = new URL(place.url)
    return new Promise((done, failed) => {
      const socket = connect(Number(port), hostname)
      let said = ''
      socket.on('data', (chunk: Buffer) => {
        said += chunk.toString()
        const [head = '', text = ''] = said.split('\r\n\r\n')
        if (text.length >= Number(/content-length: (\d+)/i.exec(head)?.[1] ?? Infinity)) {
          socket.end()
          done([head.split('\r\n')[0] ?? '', text])
        }
      })
      socket.on('error', failed)
      socket.write(
        `POST /${version}/notification/${device} HTTP/1.1\r\nContent-Length: ${String(Buffer.byteLength(body))}\r\nHost: ${host}\r\ncontent-type: application/json\r\n\r\n${body}`,
      )
    })
  }
  const sent = ['HTTP/1.1 200 OK', 'null'] as const
  const apns = () => place.house.apns.journal.entries.at(-1)
  const fcm = (): unknown => JSON.parse(place.house.fcm.journal.at(-1)?.body ?? '{}')

  it('alerts, on both services', async () => {
    const alert = `{"body":"hi","title":"bob@x.example","tag":"bob@x.example","badge":3,"sound":"default"}`
    const body = `{"service":"apns","mode":"prod","topic":"${IOS}","priority":"high","mutable_content":"true","alert":${alert}}`
    expect(await send(ios, body)).toEqual(sent)
    expect(apns()).toMatchObject({
      headers: { 'apns-push-type': 'alert', 'apns-priority': '10', 'apns-topic': IOS },
      payload: {
        aps: { alert: { title: 'bob@x.example', body: 'hi' }, badge: 3, sound: 'default', 'mutable-content': 1 },
      },
    })
    expect(await send(android, `{"service":"fcm","alert":${alert}}`, 'v2')).toEqual(sent)
    expect(fcm()).toMatchObject({
      message: {
        token: android,
        android: { notification: { title: 'bob@x.example', body: 'hi', tag: 'bob@x.example' } },
      },
    })
  })

  it('wakes silently, on both services', async () => {
    const data = `{"last-message-body":"hi","last-message-sender":"bob@x.example","message-count":3}`
    expect(await send(ios, `{"service":"apns","data":${data}}`)).toEqual(sent)
    expect(apns()).toMatchObject({
      headers: { 'apns-push-type': 'background', 'apns-priority': '5' },
      payload: { aps: { 'content-available': 1 }, 'message-count': 3 },
    })
    expect(await send(android, `{"service":"fcm","data":${data}}`)).toEqual(sent)
    expect(fcm()).toMatchObject({ message: { token: android, data: { 'message-count': '3' } } })
  })

  it('rings, on both services', async () => {
    const data = `{"type":"jmi","jmi-sid":"s1","jmi-from":"bob@x.example/phone"}`
    expect(await send(pushKit, `{"service":"apns","topic":"${IOS}.voip","data":${data}}`)).toEqual(sent)
    expect(apns()).toMatchObject({ headers: { 'apns-push-type': 'voip' }, payload: { 'jmi-sid': 's1' } })
    expect(await send(android, `{"service":"fcm","data":${data}}`)).toEqual(sent)
    expect(fcm()).toMatchObject({ message: { android: { priority: 'HIGH', ttl: '30s', collapse_key: 'jmi-s1' } } })
  })

  it('hears of a dead token, for which it disables the node', async () => {
    place.house.apns.script({ answer: answers.refuse('Unregistered'), times: 1 })
    const [status, text] = await send(`b6${ios.slice(2)}`, '{"service":"apns","alert":{"body":"hi","title":"bob"}}')
    expect([status, text]).toEqual(['HTTP/1.1 410 Gone', '{"reason":"unregistered"}'])
  })
})

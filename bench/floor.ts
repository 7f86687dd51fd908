/** What the same work costs with nothing around it: a bare HTTP/2 loop against the same peer, and a bare parse of the same stanza. */
import { createPrivateKey, randomUUID, sign } from 'node:crypto'
import { connect, sensitiveHeaders, type ClientHttp2Session } from 'node:http2'
import xml from '@xmpp/xml'
import { publish } from './xmpp-load'

export interface FloorOrder {
  readonly url: string
  readonly ca: string
  readonly key: string
  readonly tokens: readonly string[]
  readonly count: number
}

export interface FloorTold {
  /** Microseconds of CPU for one. */
  readonly http2: number
  readonly xml: number
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function providerToken(key: string): string {
  const head = `${encode({ alg: 'ES256', kid: 'FLOORKEY01' })}.${encode({ iss: 'BENCHTEAM1', iat: Math.floor(Date.now() / 1000) })}`
  const signature = sign('sha256', Buffer.from(head), { key: createPrivateKey(key), dsaEncoding: 'ieee-p1363' })
  return `${head}.${signature.toString('base64url')}`
}

const body = JSON.stringify({
  aps: { alert: { 'loc-key': 'New message!' }, sound: 'default', 'mutable-content': 1 },
  account: 'user1234@example.com',
  'unread-messages': 1,
})

function post(session: ClientHttp2Session, jwt: string, token: string): Promise<number> {
  return new Promise((resolve) => {
    let status = 0
    const stream = session.request({
      ':method': 'POST',
      ':path': `/3/device/${token}`,
      authorization: `bearer ${jwt}`,
      'apns-topic': 'org.example.bench',
      'apns-push-type': 'alert',
      'apns-priority': '10',
      'apns-id': randomUUID(),
      'apns-expiration': String(Math.floor(Date.now() / 1000) + 3600),
      [sensitiveHeaders]: ['authorization'],
    })
    stream.on('response', (headers) => (status = Number(headers[':status'])))
    stream.on('data', () => undefined)
    stream.on('error', () => undefined)
    stream.on('close', () => resolve(status))
    stream.end(body)
  })
}

async function http2Floor({ url, ca, key, tokens, count }: FloorOrder): Promise<number> {
  const session = connect(url, { ca })
  await new Promise((done) => session.once('remoteSettings', done))
  const jwt = providerToken(key)
  await post(session, jwt, tokens[0] ?? '')
  const before = process.cpuUsage()
  let sent = 0
  let refused = 0
  await Promise.all(
    Array.from({ length: 200 }, async () => {
      while (sent < count) {
        const status = await post(session, jwt, tokens[sent++ % tokens.length] ?? '')
        if (status !== 200) refused += 1
      }
    }),
  )
  const used = process.cpuUsage(before)
  session.close()
  if (refused > 0) process.stderr.write(`floor: ${refused} requests were refused\n`)
  return (used.user + used.system) / count
}

function xmlFloor(count: number): number {
  const parser = new xml.Parser()
  let seen = 0
  parser.on('element', () => (seen += 1))
  parser.write(`<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'>`)
  const stanzas = Array.from({ length: count }, (_each, number) => publish(String(number), `node-${number}`))
  const before = process.cpuUsage()
  for (const stanza of stanzas) parser.write(stanza)
  const used = process.cpuUsage(before)
  if (seen !== count) process.stderr.write(`floor: ${seen} of ${count} stanzas were parsed\n`)
  return (used.user + used.system) / count
}

process.once('message', (order: FloorOrder) => {
  void http2Floor(order).then((http2) => {
    const told: FloorTold = { http2, xml: xmlFloor(order.count) }
    process.send?.(told)
    process.disconnect()
  })
})

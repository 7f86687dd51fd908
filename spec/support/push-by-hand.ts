/** Web Push from the sending end, by hand and every part of it open to error: RFC 8188, 8291, 8292. It shares no code with lib. */
import {
  createCipheriv,
  createECDH,
  createPrivateKey,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
  sign,
} from 'node:crypto'
import { type OutgoingHttpHeaders } from 'node:http'
import { connect } from 'node:http2'
import { type Agent, request } from 'node:https'

export interface Keys {
  readonly p256dh: string
  readonly auth: string
}

/** What to do otherwise than a correct sender. */
export interface Sealing {
  readonly salt?: Buffer
  readonly privateKey?: Buffer
  readonly recordSize?: number
  readonly delimiter?: number
  readonly padding?: number
  /** A second record begins after so many octets of content; the record size must be 17 more. */
  readonly splitAt?: number
  /** In place of the sender's point. */
  readonly keyId?: Buffer
}

const derive = (salt: Buffer, secret: Buffer, info: Buffer | string, length: number): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, salt, info, length))

/** A body of one record, or of two. */
export function seal(keys: Keys, plaintext: string | Buffer, how: Sealing = {}): Buffer {
  const { salt = randomBytes(16), recordSize = 4096, delimiter = 2, padding = 0 } = how
  const receiver = Buffer.from(keys.p256dh, 'base64url')
  const ecdh = createECDH('prime256v1')
  if (how.privateKey === undefined) ecdh.generateKeys()
  else ecdh.setPrivateKey(how.privateKey)
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), receiver, ecdh.getPublicKey()])
  const secret = derive(Buffer.from(keys.auth, 'base64url'), ecdh.computeSecret(receiver), info, 32)
  const key = derive(salt, secret, 'Content-Encoding: aes128gcm\0', 16)
  const nonce = derive(salt, secret, 'Content-Encoding: nonce\0', 12)
  const content = Buffer.concat([Buffer.from(plaintext), Buffer.alloc(padding)])
  const parts =
    how.splitAt === undefined ? [content] : [content.subarray(0, how.splitAt), content.subarray(how.splitAt)]
  const records = parts.map((part, index) => {
    const own = Buffer.from(nonce)
    own.writeUInt8(own.readUInt8(11) ^ index, 11)
    const cipher = createCipheriv('aes-128-gcm', key, own)
    const end = index + 1 < parts.length ? 1 : delimiter
    const at = index + 1 < parts.length ? part.length : part.length - padding
    const filled = Buffer.concat([part.subarray(0, at), Buffer.from([end]), part.subarray(at)])
    return Buffer.concat([cipher.update(filled), cipher.final(), cipher.getAuthTag()])
  })
  const keyId = how.keyId ?? ecdh.getPublicKey()
  const size = Buffer.alloc(4)
  size.writeUInt32BE(recordSize)
  return Buffer.concat([salt, size, Buffer.from([keyId.length]), keyId, ...records])
}

/** An application server with its key. */
export interface Sender {
  /** The uncompressed point, base64url. */
  readonly point: string
  /** The private key's octets, base64url. */
  readonly secret: string
  readonly jwt: (claims: object, header?: object, signature?: 'raw' | 'der') => string
  readonly authorization: (claims: object) => string
}

export function makeSender(): Sender {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = pair.privateKey.export({ format: 'jwk' })
  const octets = [jwk.x ?? '', jwk.y ?? ''].map((text) => Buffer.from(text, 'base64url'))
  const point = Buffer.concat([Buffer.from([4]), ...octets]).toString('base64url')
  const key = createPrivateKey({ format: 'jwk', key: jwk })
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const jwt: Sender['jwt'] = (claims, header = { typ: 'JWT', alg: 'ES256' }, signature = 'raw') => {
    const text = `${part(header)}.${part(claims)}`
    const dsaEncoding = signature === 'raw' ? 'ieee-p1363' : 'der'
    return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding }).toString('base64url')}`
  }
  return {
    point,
    secret: jwk.d ?? '',
    jwt,
    authorization: (claims) => `vapid t=${jwt(claims)}, k=${point}`,
  }
}

/** What came back. */
export interface Heard {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
  /** Informational answers before it. */
  readonly informed: readonly number[]
}

export interface Push {
  readonly url: string
  readonly ca: string
  readonly method?: string
  readonly headers: OutgoingHttpHeaders
  readonly body?: Buffer
}

/** Sends over HTTP/1.1; rejects when the connection is lost before the answer is whole. */
export function pushOverOne({ url, ca, method = 'POST', headers, body }: Push, agent?: Agent): Promise<Heard> {
  return new Promise((heard, failed) => {
    const informed: number[] = []
    const asked = request(url, { ca, method, headers, agent: agent ?? false, family: 4 }, (got) => {
      let text = ''
      got.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      got.on('error', failed)
      got.on('end', () => heard({ status: got.statusCode ?? 0, headers: got.headers, body: text, informed }))
    })
    asked.on('information', ({ statusCode }) => informed.push(statusCode))
    asked.on('error', failed)
    asked.end(body)
  })
}

/** Sends over HTTP/2, on a connection of its own; rejects when the stream is lost before the answer is whole. */
export function pushOverTwo({ url, ca, method = 'POST', headers, body }: Push): Promise<Heard> {
  const { origin, pathname, search } = new URL(url)
  return new Promise<Heard>((heard, failed) => {
    const session = connect(origin, { ca })
    const informed: number[] = []
    session.on('error', failed)
    session.on('goaway', (code) => failed(new Error(`GOAWAY ${code}`)))
    const stream = session.request({ ...headers, ':method': method, ':path': `${pathname}${search}` })
    let answer: Omit<Heard, 'body' | 'informed'> | undefined
    let text = ''
    let isWhole = false
    stream.on('headers', (fields) => informed.push(Number(fields[':status'])))
    stream.on('response', (fields) => (answer = { status: fields[':status'] ?? 0, headers: fields }))
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    stream.on('end', () => (isWhole = true))
    stream.on('error', failed)
    stream.on('close', () => {
      if (answer !== undefined && isWhole && stream.rstCode === 0) heard({ ...answer, body: text, informed })
      else failed(new Error(`lost with code ${stream.rstCode}`))
      session.destroy()
    })
    stream.end(body)
  })
}

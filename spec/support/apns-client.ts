// A plain client of the APNs simulator on node:http2, which can also break every rule. It shares no code with lib.

import { sign, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import {
  connect,
  type ClientHttp2Session,
  type ClientSessionOptions,
  type SecureClientSessionOptions,
} from 'node:http2'

/** Makes a provider token; every part of it can be made wrong. */
export const providerToken = (options: {
  readonly privateKey: KeyObject
  readonly keyId?: string
  readonly teamId?: string
  readonly issuedAt: number
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
  readonly dsaEncoding?: 'der' | 'ieee-p1363'
}): string => {
  const { privateKey, keyId = 'KEY1234567', teamId = 'TEAM123456', issuedAt, dsaEncoding = 'ieee-p1363' } = options
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const header = part({ alg: 'ES256', kid: keyId, ...options.header })
  const signed = `${header}.${part({ iss: teamId, iat: issuedAt, ...options.claims })}`
  return `${signed}.${sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding }).toString('base64url')}`
}

/** How a request ended: with an answer, with an error, or with neither, which is how Node shows a connection that broke. */
export interface Ended {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
  readonly reason: string | undefined
  readonly error: string | undefined
  readonly rstCode: number | undefined
}

/** A header that is left out is `undefined`; one that is sent twice is a list. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

export interface Push {
  readonly method?: string
  readonly path?: string
  readonly headers?: Headers
  readonly body?: string | Buffer
}

export interface ApnsClient {
  readonly session: ClientHttp2Session
  readonly push: (push?: Push) => Promise<Ended>
  readonly close: () => void
}

/** Connects and waits for the server's SETTINGS, unless told not to. */
export const connectToApns = async (
  url: string,
  options: SecureClientSessionOptions & ClientSessionOptions,
  defaults: Push,
  isPatient = true,
): Promise<ApnsClient> => {
  // Node 22.23 compares an IPv6 address with a certificate as if it were a name; the certificate is for localhost, too.
  const session = connect(url, url.includes('[') ? { servername: 'localhost', ...options } : options)
  session.on('error', () => undefined)
  if (isPatient) await once(session, 'remoteSettings')
  const push = (asked: Push = {}): Promise<Ended> => {
    const headers: Record<string, string | string[]> = {}
    const wanted: Headers = {
      ':method': asked.method ?? defaults.method ?? 'POST',
      ':path': asked.path ?? defaults.path ?? '/',
      ...defaults.headers,
      ...asked.headers,
    }
    for (const [name, value] of Object.entries(wanted))
      if (value !== undefined) headers[name] = typeof value === 'string' ? value : [...value]
    return new Promise((resolve) => {
      const body = asked.body ?? defaults.body ?? ''
      const stream = session.request(headers, { endStream: body.length === 0 })
      let status: number | undefined
      let answered: Readonly<Record<string, unknown>> = {}
      let error: string | undefined
      const parts: Buffer[] = []
      stream.on('response', (head) => {
        status = head[':status']
        answered = { ...head }
      })
      stream.on('data', (chunk: Buffer) => parts.push(chunk))
      stream.on('error', (failure: NodeJS.ErrnoException) => {
        error = `${failure.code ?? ''} ${failure.message}`
      })
      stream.on('close', () => {
        const said = Buffer.concat(parts).toString()
        const reason = /"reason":"(\w+)"/.exec(said)?.[1]
        resolve({ status, headers: answered, body: said, reason, error, rstCode: stream.rstCode })
      })
      if (body.length > 0) stream.end(body)
    })
  }
  return Object.freeze({
    session,
    push,
    close: () => {
      session.destroy()
    },
  })
}

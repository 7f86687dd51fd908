/** A house that serves interfaces over HTTP, and a caller that sends exactly the bytes it is told to. */
import { request, type IncomingHttpHeaders } from 'node:http'
import { startHouse, type House, type HouseOptions } from './house'

type Place = Parameters<NonNullable<HouseOptions['apps']>>[0]

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export interface HttpHouse {
  readonly house: House
  readonly url: string
  /** Sends a request; the path goes as it stands, and no header but those given and the length. */
  readonly ask: (
    method: string,
    path: string,
    body?: string | object,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Reply>
  readonly close: () => Promise<void>
}

export function askAt(
  url: string,
  method: string,
  path: string,
  body?: string | object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  const text = body === undefined || typeof body === 'string' ? (body ?? '') : JSON.stringify(body)
  const { hostname, port } = new URL(url)
  return new Promise((done, failed) => {
    const asked = request(
      {
        hostname,
        port,
        method,
        path,
        headers: { ...headers, 'content-length': Buffer.byteLength(text) },
        agent: false,
      },
      (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('end', () =>
          done({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            text: Buffer.concat(chunks).toString('utf8'),
          }),
        )
      },
    )
    asked.on('error', failed)
    asked.end(text)
  })
}

/** Serves these interfaces on one listener. `listener`: more of its keys. `http`: more of `http`. */
export async function startHttpHouse(
  serve: readonly string[],
  options: HouseOptions & { readonly listener?: object; readonly http?: object } = {},
): Promise<HttpHouse> {
  const { listener, http, settings, ...rest } = options
  const house = await startHouse({
    ...rest,
    settings: { ...settings, http: { listeners: [{ listen: '127.0.0.1:0', serve, ...listener }], ...http } },
  })
  const url = (): string => house.service().urls[0] ?? ''
  return {
    house,
    get url() {
      return url()
    },
    ask: (...said) => askAt(url(), ...said),
    close: () => house.close(),
  }
}

/** Two apps of the house that requests find by `match`, with this profile. */
export function matchedApps(profile: string, ios: object = {}, android: object = {}) {
  return ({ apns, fcm }: Place): Readonly<Record<string, unknown>> => ({
    'chat.ios': {
      ...{ provider: 'apns', profile, topic: 'org.example.ios', environment: 'production' },
      ...{ key: { file: 'AuthKey_ABC123DEFG.p8' }, keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ' },
      ...{ endpoint: apns.url, ca: { file: 'apns-ca.pem' }, match: { mode: 'prod' } },
      ...ios,
    },
    'chat.android': {
      ...{ provider: 'fcm', profile, serviceAccount: { file: 'service-account.json' } },
      ...{ endpoint: fcm.endpoint, ca: { file: 'fcm-ca.pem' }, match: {} },
      ...android,
    },
  })
}

// FCM's HTTP v1 send endpoint as a strict fake: HTTP/2 and HTTP/1.1 over TLS on loopback, faults by script, a journal of all.
// Not modelled: topics' subscribers, restricted_package_name, and quotas, which are injected and not counted.
import { randomUUID } from 'node:crypto'
import { constants, createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import { type AddressInfo } from 'node:net'
import { type Duplex } from 'node:stream'
import { processAuthority } from './certificates'
import { closing } from './closing'
import { accepted, anyOf, spell, type Chance } from './fcm-answer'
import { makeDevices, type Devices } from './fcm-devices'
import { judge, type Judgement } from './fcm-judge'
import { type FcmMessage } from './fcm-message'
import { fcmRows, type FcmRowName } from './fcm-rows'
import { flatHeaders, readBody, type Answer, type Journalled, type Watched } from './http-journal'
import { makeJournal } from './journal'
import { type OauthSimulator } from './oauth'
import { after, systemNow, type Now } from './time'

const HOSTS = ['localhost', '127.0.0.1', 'fcm.googleapis.com']
const STREAMS = 100
/** What `validate_only` is answered with. */
const FAKE_ID = 'fake_message_id'

/** What to do to a request instead of, or while, answering it. */
export type FcmFault =
  /** One of FCM's answers, whatever was asked. `order` of its details: by chance where nothing is said. */
  | { readonly is: 'row'; readonly row: FcmRowName; readonly retryAfter?: string; readonly order?: 'last first' }
  /** Any answer at all. */
  | {
      readonly is: 'answer'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body: string | Buffer
    }
  /** Judged as ever, and answered so many milliseconds later. */
  | { readonly is: 'slow'; readonly ms: number }
  /** Judged as ever, and answered when the promise is kept. */
  | { readonly is: 'held'; readonly until: Promise<unknown> }
  | { readonly is: 'silence' }
  /** The connection is torn down; `in the body`: after the headers and a part of the body. */
  | { readonly is: 'cut'; readonly at: 'before the answer' | 'in the body' }
  /** HTTP/2 only: GOAWAY (RFC 9113 §6.8) with this code. `processed`: the request is answered as ever; else it never was read. */
  | { readonly is: 'goaway'; readonly code: number; readonly processed: boolean }

/** One request for a push. */
export interface FcmRequest extends Journalled {
  readonly protocol: 'h2' | 'http/1.1'
  /** Counts connections from 1. */
  readonly connection: number
  readonly project?: string
  readonly message?: FcmMessage
}

export interface FcmSimulator extends Watched<FcmRequest> {
  /** `https://localhost:port` */
  readonly endpoint: string
  readonly port: number
  /** PEM of the authority that vouches for it. */
  readonly ca: string
  /** What correct clients would never have done, in words. */
  readonly violations: readonly string[]
  /** A project, and the e-mail addresses of the accounts that may send for it (`cloudmessaging.messages.create`). */
  readonly newProject: (id: string, senders: readonly string[]) => void
  readonly setDevice: Devices['set']
  /** What a device would get if it came online now, newest last. */
  readonly inbox: Devices['inbox']
  /** Does this to the next request, or to so many; `Infinity` until `heal`. With a token: to requests for that one only. */
  readonly inject: (fault: FcmFault, scope?: { readonly times?: number; readonly token?: string }) => void
  readonly heal: () => void
  readonly close: () => Promise<void>
}

/** Listens on 127.0.0.1 (any free port unless told). `oauth`: whose access tokens count. `chance`: for the order of details. */
export const startFcmSimulator = async (options: {
  readonly oauth: Pick<OauthSimulator, 'bearer'>
  readonly port?: number
  readonly now?: Now
  readonly chance?: Chance
  /** A token that nobody set is a living device. Default: it is no token. */
  readonly welcomes?: boolean
}): Promise<FcmSimulator> => {
  const { oauth, now = systemNow, chance = anyOf } = options
  const authority = processAuthority()
  const { certPem, keyPem } = authority.issueServer({ names: HOSTS })
  const { journal, record } = makeJournal<FcmRequest>('a push')
  const violations: string[] = []
  const projects = new Map<string, readonly string[]>()
  const devices = makeDevices(options.welcomes === true ? 'live' : 'malformed')
  const numbers = new WeakMap<object, number>()
  let connections = 0
  let faults: { readonly fault: FcmFault; readonly token?: string; left: number }[] = []

  const connectionOf = (peer: object | undefined): number => {
    if (peer === undefined) return 0
    const number = numbers.get(peer) ?? (connections += 1)
    numbers.set(peer, number)
    return number
  }
  const faultFor = (token: string | undefined): FcmFault | undefined => {
    const found = faults.find((one) => one.token === undefined || one.token === token)
    if (found === undefined) return undefined
    found.left -= 1
    if (found.left <= 0) faults = faults.filter((one) => one !== found)
    return found.fault
  }
  const answerTo = (judgement: Judgement, fault: FcmFault | undefined): Answer => {
    switch (fault?.is) {
      case 'row':
        return spell(
          fcmRows[fault.row],
          fault.order === 'last first' ? (left) => left - 1 : chance,
          fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter },
        )
      case 'answer':
        return { is: 'answer', status: fault.status, headers: { ...fault.headers }, body: fault.body.toString() }
      case 'silence':
        return { is: 'fault', fault: 'silence' }
      case 'cut':
        return { is: 'fault', fault: `cut ${fault.at}` }
      case 'goaway':
        if (!fault.processed) return { is: 'fault', fault: `GOAWAY ${fault.code}` }
        break
      case 'slow':
      case 'held':
      case undefined:
        break
    }
    if (judgement.row !== undefined) return spell(judgement.row, chance)
    return accepted(judgement.project ?? '', judgement.message?.validateOnly === true ? FAKE_ID : randomUUID())
  }
  const act = (answer: Answer, fault: FcmFault | undefined, response: Http2ServerResponse): void => {
    const session = response.stream?.session
    if (answer.is === 'answer') {
      response.writeHead(answer.status, { date: new Date(now()).toUTCString(), ...answer.headers })
      response.end(fault?.is === 'answer' ? fault.body : answer.body)
      if (fault?.is === 'goaway') session?.goaway(fault.code, response.stream.id)
    } else if (fault?.is === 'goaway') {
      session?.goaway(fault.code, Math.max(0, (response.stream.id ?? 1) - 2))
      response.stream?.close(constants.NGHTTP2_REFUSED_STREAM)
      session?.close()
    } else if (fault?.is === 'cut') {
      const tear = (): void => {
        if (session === undefined) response.destroy()
        else session.destroy()
      }
      if (fault.at === 'before the answer') return tear()
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{\n  "name": "projects/', () => after(1, tear))
    }
  }
  const serve = async (request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> => {
    const bytes = await readBody(request)
    const seen = {
      method: request.method,
      path: request.url,
      headers: flatHeaders(request.headers),
      body: bytes.toString('utf8'),
    }
    const judgement = judge(seen, { bearer: oauth.bearer, sendersOf: (id) => projects.get(id), devices })
    const { message, project, row } = judgement
    const fault = faultFor(message?.target.value)
    const answer = answerTo(judgement, fault)
    const taken = answer.is === 'answer' && answer.status === 200 && row === undefined && fault?.is !== 'answer'
    const crowding =
      taken && message !== undefined && !message.validateOnly ? devices.take(message.target.value, message) : undefined
    const wrong = [judgement.violation, crowding].filter((one) => one !== undefined)
    violations.push(...wrong)
    record({
      ...seen,
      at: now(),
      protocol: request.httpVersionMajor === 2 ? 'h2' : 'http/1.1',
      connection: connectionOf(request.httpVersionMajor === 2 ? request.stream.session : request.socket),
      ...(project === undefined ? {} : { project }),
      ...(message === undefined ? {} : { message }),
      answer,
      violations: wrong,
    })
    if (fault?.is === 'held') await fault.until
    if (fault?.is === 'slow') after(fault.ms, () => act(answer, fault, response))
    else act(answer, fault, response)
  }

  const server = createSecureServer(
    { cert: certPem, key: keyPem, allowHTTP1: true, settings: { maxConcurrentStreams: STREAMS } },
    (request, response) => {
      serve(request, response).catch(() => response.stream?.destroy())
    },
  )
  const close = closing(server)
  server.on('secureConnection', (socket: Duplex) => void socket.on('error', () => undefined))
  server.on('sessionError', () => undefined)
  await new Promise<void>((listening, failed) => {
    server.once('error', failed)
    server.listen(options.port ?? 0, '127.0.0.1', listening)
  })
  const { port } = server.address() as AddressInfo
  return Object.freeze({
    endpoint: `https://localhost:${port}`,
    port,
    ca: authority.caPem,
    journal: journal.entries,
    violations,
    onRequest: journal.listen,
    waitFor: journal.waitFor,
    newProject: (id: string, senders: readonly string[]) => {
      projects.set(id, senders)
    },
    setDevice: devices.set,
    inbox: devices.inbox,
    inject: (fault: FcmFault, scope: { readonly times?: number; readonly token?: string } = {}) => {
      const { times = 1, token } = scope
      faults = [...faults, { fault, left: times, ...(token === undefined ? {} : { token }) }]
    },
    heal: () => {
      faults = []
    },
    close,
  })
}

// Google's OAuth 2.0 token endpoint for service accounts, as a strict fake over HTTPS/1.1 on loopback.
// Knows which access tokens live; refuses to know what they are used for.
import { randomBytes, type KeyObject } from 'node:crypto'
import { type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { type AddressInfo } from 'node:net'
import { processAuthority } from './certificates'
import { closing } from './closing'
import { flatHeaders, readBody, type Answer, type Journalled, type Watched } from './http-journal'
import { makeJournal } from './journal'
import { judgeTokenRequest, type Judgement } from './oauth-assertion'
import { oauthRows, type OauthRow } from './oauth-rows'
import { makeServiceAccount, type ServiceAccount, type ServiceAccountOptions } from './service-account'
import { after, systemNow, type Now } from './time'

const PATHS = ['/token', '/o/oauth2/token', '/oauth2/v4/token']
/** Audiences of Google's own libraries, which do not read the key file's token_uri. */
const GOOGLES_OWN = ['https://oauth2.googleapis.com/token', 'https://accounts.google.com/o/oauth2/token']
const HOSTS = ['localhost', '127.0.0.1', 'oauth2.googleapis.com', 'accounts.google.com', 'www.googleapis.com']
const JSON_TYPE = 'application/json; charset=utf-8'

/** What to do to a request instead of, or while, answering it. */
export type OauthFault =
  /** One of Google's refusals or failures. */
  | { readonly is: 'row'; readonly row: OauthRow; readonly retryAfter?: string }
  /** Any answer at all. */
  | { readonly is: 'answer'; readonly status: number; readonly body: string; readonly contentType?: string }
  /** Judged as ever, but granted with this `expires_in`; `undefined` leaves it out. */
  | { readonly is: 'grant'; readonly expiresIn: number | string | undefined }
  /** Judged as ever, and answered so many milliseconds later. */
  | { readonly is: 'slow'; readonly ms: number }
  /** Judged as ever, and answered when the promise is kept. */
  | { readonly is: 'held'; readonly until: Promise<unknown> }
  /** Never answered. */
  | { readonly is: 'silence' }
  /** The connection is torn down in place of an answer, or in the middle of its body. */
  | { readonly is: 'cut'; readonly at: 'before the answer' | 'in the body' }

/** One request for a token. */
export type OauthRequest = Journalled & Pick<Judgement, 'form' | 'header' | 'claims'>

/** The account a bearer token stands for, or why it stands for none. */
export type Bearer =
  { readonly is: 'live'; readonly email: string } | { readonly is: 'unknown' | 'expired' | 'revoked' }

export interface OauthSimulator extends Watched<OauthRequest> {
  /** `https://localhost:port/token` */
  readonly tokenUri: string
  readonly port: number
  /** PEM of the authority that vouches for it. */
  readonly ca: string
  /** What correct clients would never have done, in words. */
  readonly violations: readonly string[]
  /** Makes an account, or a further key of one, and knows it from now on. */
  readonly newServiceAccount: (options: Omit<ServiceAccountOptions, 'tokenUri'>) => ServiceAccount
  /** Deletes one key of an account, as in the cloud console. */
  readonly deleteKey: (account: ServiceAccount) => void
  /** Does this to the next request, or to so many; `Infinity` until `heal`. */
  readonly inject: (fault: OauthFault, times?: number) => void
  readonly heal: () => void
  /** All access tokens granted so far cease to be valid before their time. */
  readonly revokeTokens: () => void
  readonly bearer: (accessToken: string) => Bearer
  /** Refuses connections until `accept`; the port stays the same. */
  readonly refuse: () => Promise<void>
  readonly accept: () => Promise<void>
  readonly close: () => Promise<void>
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Where it listens, and how that ends. */
interface Door {
  readonly port: number
  readonly close: () => Promise<void>
}

interface Grant {
  readonly email: string
  readonly expiresAt: number
  revoked: boolean
}

/** Listens on 127.0.0.1 (any free port unless told). `now`: the simulator's time, by default the machine's. */
export const startOauthSimulator = async (
  options: { readonly port?: number; readonly now?: Now } = {},
): Promise<OauthSimulator> => {
  const now = options.now ?? systemNow
  const authority = processAuthority()
  const { certPem, keyPem } = authority.issueServer({ names: HOSTS })
  const { journal, record } = makeJournal<OauthRequest>('a token request')
  const violations: string[] = []
  const accounts = new Map<string, Map<string, KeyObject>>()
  const grants = new Map<string, Grant>()
  const inFlight = new Map<string, number>()
  let faults: { readonly fault: OauthFault; left: number }[] = []
  let port = options.port ?? 0

  const nextFault = (): OauthFault | undefined => {
    const first = faults[0]
    if (first === undefined) return undefined
    first.left -= 1
    if (first.left <= 0) faults = faults.slice(1)
    return first.fault
  }
  const grant = (email: string, expiresIn: number | string | undefined): Answer => {
    const token = `ya29.c.${randomBytes(48).toString('base64url')}`
    grants.set(token, { email, expiresAt: now() + Number(expiresIn ?? 3599) * 1000, revoked: false })
    const body = { access_token: token, expires_in: expiresIn, token_type: 'Bearer' }
    return { is: 'answer', status: 200, headers: { 'content-type': JSON_TYPE }, body: JSON.stringify(body) }
  }
  const rowAnswer = (row: OauthRow, retryAfter?: string): Answer => {
    const { status, contentType, body } = oauthRows[row]
    const headers = { 'content-type': contentType, ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }) }
    return { is: 'answer', status, headers, body }
  }
  const answerTo = (judgement: Judgement, fault: OauthFault | undefined): Answer => {
    if (fault?.is === 'row') return rowAnswer(fault.row, fault.retryAfter)
    if (fault?.is === 'answer') {
      const headers = { 'content-type': fault.contentType ?? JSON_TYPE }
      return { is: 'answer', status: fault.status, headers, body: fault.body }
    }
    if (fault?.is === 'silence') return { is: 'fault', fault: 'silence' }
    if (fault?.is === 'cut') return { is: 'fault', fault: `cut ${fault.at}` }
    if (judgement.refused !== undefined) return rowAnswer(judgement.refused)
    return grant(textOf(judgement.claims?.['iss']), fault?.is === 'grant' ? fault.expiresIn : 3599)
  }
  const send = (answer: Answer, response: ServerResponse): void => {
    if (answer.is === 'answer') {
      response.writeHead(answer.status, { date: new Date(now()).toUTCString(), ...answer.headers }).end(answer.body)
    } else if (answer.fault === 'cut before the answer') response.destroy()
    else if (answer.fault === 'cut in the body') {
      response.writeHead(200, { 'content-type': JSON_TYPE, 'content-length': '400' })
      response.write('{"access_token":"ya29.c.', () => response.destroy())
    }
  }
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = (await readBody(request)).toString('utf8')
    const path = request.url ?? ''
    const judgement = judgeTokenRequest(
      { contentType: request.headers['content-type'] ?? '', body },
      {
        nowMs: now(),
        audiences: [`https://localhost:${port}/token`, `https://127.0.0.1:${port}/token`, ...GOOGLES_OWN],
        keysOf: (email) => accounts.get(email),
      },
    )
    const misplaced = request.method === 'POST' && PATHS.includes(path) ? [] : [`${request.method} ${path}`]
    const issuer = textOf(judgement.claims?.['iss'])
    const others = inFlight.get(issuer) ?? 0
    const crowd = others > 0 ? [`${others + 1} token requests of ${issuer} at once`] : []
    const wrong = [...misplaced, ...crowd, ...(judgement.violation === undefined ? [] : [judgement.violation])]
    const fault = nextFault()
    const notFound: Answer = { is: 'answer', status: 404, headers: { 'content-type': 'text/html' }, body: '' }
    const answer = misplaced.length > 0 ? notFound : answerTo(judgement, fault)
    violations.push(...wrong)
    inFlight.set(issuer, others + 1)
    response.on('close', () => inFlight.set(issuer, (inFlight.get(issuer) ?? 1) - 1))
    const { form, header, claims } = judgement
    record({
      at: now(),
      method: request.method ?? '',
      path,
      headers: flatHeaders(request.headers),
      body,
      form,
      ...(header === undefined ? {} : { header }),
      ...(claims === undefined ? {} : { claims }),
      answer,
      violations: wrong,
    })
    if (fault?.is === 'held') await fault.until
    if (fault?.is === 'slow') after(fault.ms, () => send(answer, response))
    else send(answer, response)
  }
  const listen = (): Promise<Door> =>
    new Promise((listening, failed) => {
      const made = createServer({ cert: certPem, key: keyPem }, (request, response) => {
        serve(request, response).catch(() => response.destroy())
      })
      const close = closing(made)
      made.once('error', failed)
      made.listen(port, '127.0.0.1', () => listening({ port: (made.address() as AddressInfo).port, close }))
    })

  let door: Door | undefined = await listen()
  port = door.port
  const refuse = async (): Promise<void> => {
    const old = door
    door = undefined
    await old?.close()
  }
  return Object.freeze({
    tokenUri: `https://localhost:${port}/token`,
    port,
    ca: authority.caPem,
    journal: journal.entries,
    violations,
    onRequest: journal.listen,
    waitFor: journal.waitFor,
    newServiceAccount: (account: Omit<ServiceAccountOptions, 'tokenUri'>) => {
      const made = makeServiceAccount({ ...account, tokenUri: `https://localhost:${port}/token` })
      const keys = accounts.get(made.json.client_email) ?? new Map<string, KeyObject>()
      accounts.set(made.json.client_email, keys.set(made.json.private_key_id, made.publicKey))
      return made.json
    },
    deleteKey: (account: ServiceAccount) => {
      accounts.get(account.client_email)?.delete(account.private_key_id)
    },
    inject: (fault: OauthFault, times = 1) => {
      faults = [...faults, { fault, left: times }]
    },
    heal: () => {
      faults = []
    },
    revokeTokens: () => {
      for (const one of grants.values()) one.revoked = true
    },
    bearer: (accessToken: string): Bearer => {
      const one = grants.get(accessToken)
      if (one === undefined) return { is: 'unknown' }
      if (one.revoked) return { is: 'revoked' }
      return now() >= one.expiresAt ? { is: 'expired' } : { is: 'live', email: one.email }
    },
    refuse,
    accept: async () => {
      door ??= await listen()
    },
    close: refuse,
  })
}

/** One credential of one environment on the wire: a token, a request, a judgement, and what belongs to the same attempt. */
import { type ApnsContent } from '../model/content'
import { type Outcome } from '../model/outcome'
import { makeHttp2Origin } from '../wire/http2'
import { type ApnsCredential } from './apns-credential'
import { type ApnsSettings } from './apns-options'
import { judge, type Judgement } from './apns-outcome'
import { requestFor } from './apns-request'
import { providerTokens, type ProviderToken } from './apns-token'
import { wireConnections } from './connections'
import { spokenBy } from './http2'
import { type Attempt, type ProviderSurroundings } from './provider'
import { throughProxy } from './through-proxy'

export interface ApnsSender {
  send(attempt: Attempt, content: ApnsContent): Promise<Outcome>
  /** How many requests it would have under way at once now. */
  concurrency(): number
  close(graceMs: number): Promise<void>
}

/** Apple's own word is whatever its SETTINGS say; 1500 is the most that was seen. */
const STREAMS = 1500

interface Try {
  readonly judgement: Judgement
  /** Which connection, and which token it was tried with. */
  readonly connection: number
  readonly generation: number
}

interface Identity {
  readonly settings: ApnsSettings
  readonly credential: ApnsCredential
  readonly ca: Buffer | undefined
  /** Told the `date` of each answer. COMPAT(APNs): it documents none; whoever answers in its place may tell one. */
  readonly heard: (date: string | undefined) => void
}

/** Connects with the first push. */
export function makeApnsSender(
  { settings, credential, ca, heard }: Identity,
  { clock, keep, notice }: ProviderSurroundings,
): ApnsSender {
  const tokens = credential.by === 'token' ? providerTokens(credential, keep, clock) : undefined
  const origin = makeHttp2Origin(
    {
      url: settings.endpoint,
      ...(ca === undefined ? {} : { ca }),
      ...(credential.by === 'certificate' ? { cert: credential.cert, key: credential.key } : {}),
      requestTimeout: 10_000,
      connectTimeout: 10_000,
      pingAfter: 15_000,
      maxBody: 4096,
      // With token authentication Apple takes one stream at first, and says so in its SETTINGS: they are waited for.
      initialStreams: 0,
      maxStreams: STREAMS,
      ...wireConnections(settings.connections),
      ...spokenBy(settings.http2),
      ...throughProxy(settings.proxy),
      notice,
    },
    clock,
  )
  let connection = 0

  /** Many may fail on one connection; only the first of them replaces it. */
  const reconnect = (failed: number): void => {
    if (failed !== connection) return
    connection++
    origin.renew()
  }

  /** One request; a token is nearly always there already, and then nothing is waited for but the answer. */
  const once = <T>(attempt: Attempt, content: ApnsContent, then: (tried: Try) => T | Promise<T>): Promise<T> => {
    const token = tokens?.get()
    if (token instanceof Promise) return token.then((its) => ask(attempt, content, its, then))
    return ask(attempt, content, token, then)
  }

  const ask = <T>(
    attempt: Attempt,
    content: ApnsContent,
    token: ProviderToken | undefined,
    then: (tried: Try) => T | Promise<T>,
  ): Promise<T> => {
    const at = connection
    const generation = token?.generation ?? 0
    const notAfter = clock.elapsed() + attempt.expiresAt - clock.now()
    const request = requestFor(attempt, content, settings.topic, token?.jwt, notAfter)
    return origin.request(request).then((reply) => {
      if (reply.is === 'reply') heard(reply.headers['date'])
      return then({
        judgement:
          reply.is === 'reply'
            ? judge(reply, clock.now())
            : { outcome: { is: 'down', why: reply.why, ambiguous: reply.ambiguous } },
        connection: at,
        generation,
      })
    })
  }

  /** Once more, where Apple asks for it. */
  const again = async (attempt: Attempt, content: ApnsContent, { judgement, generation, connection }: Try) => {
    if (judgement.once === 'new token') await tokens?.renew(generation)
    else await tokens?.refused(generation)
    reconnect(connection)
    return once(attempt, content, (second) => {
      if (second.judgement.reconnect === true) reconnect(second.connection)
      return second.judgement.outcome
    })
  }

  return Object.freeze({
    send: (attempt: Attempt, content: ApnsContent) =>
      once(attempt, content, (first) => {
        if (first.judgement.once !== undefined) return again(attempt, content, first)
        if (first.judgement.reconnect === true) reconnect(first.connection)
        return first.judgement.outcome
      }),
    concurrency: () => STREAMS * (origin.connections?.() ?? 1),
    close: (graceMs: number) => origin.close(graceMs),
  })
}

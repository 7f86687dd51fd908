/**
 * The access token of one service account: asked for once at a time, renewed early, used as long as it lives. Signing and the grant are
 * google-auth-library's (RFC 7523); when to ask and what an answer means is decided here, for the library hides both.
 *
 * No token → the first who needs one asks, the others wait with him. Young token → handed out. Old token (5 minutes to live) → handed
 * out, and renewed meanwhile. After a failure nobody asks for a growing moment; while the old one lives, nobody notices.
 */
import { globalAgent } from 'node:https'
import type * as Google from 'google-auth-library'
import { type Clock } from '../clock'
import { trusting } from '../wire/trust'
import { type Proxy } from '../wire/wire'
import { type Account } from './fcm-account'
import { makeFetch, type Heard } from './fcm-fetch'
import { judgeGrant, type Grant, type NoGrant } from './fcm-grant'

const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging'
const TIMEOUT = 10_000
const EARLY = 300_000
const ASSERTION_LIFE_S = 3600
const SHORTEST_PAUSE = 1000
const LONGEST_PAUSE = 60_000

export interface AccessTokens {
  /** A token that should be good now, or why there is none; a promise only where Google is asked first. Never rejects. */
  get(): Grant | NoGrant | Promise<Grant | NoGrant>
  /** This token was refused although it lives: it isn't handed out again. */
  drop(token: string): void
  /** Gives up what is being asked. */
  close(): void
}

interface Held {
  readonly grant: Grant
  /** Of `clock.elapsed()`, as is `diesAt`. */
  readonly renewAt: number
  readonly diesAt: number
}

export interface AccessTokensOptions {
  readonly clock: Clock
  /** PEM of further authorities for the token endpoint. */
  readonly ca?: Buffer
  readonly proxy?: Proxy
  /** Told of renewals that fail while nobody suffers yet. */
  readonly notice: (text: string) => void
  /** Told the `Date` of each answer. */
  readonly heard?: (date: string | undefined) => void
}

/** Asks nobody until the first token is wanted. */
export function makeAccessTokens(account: Account, around: AccessTokensOptions): AccessTokens {
  const { clock, ca, proxy, notice } = around
  const closing = new AbortController()
  const options = {
    clock,
    timeout: TIMEOUT,
    signal: closing.signal,
    trust: trusting(ca),
    ...(proxy === undefined ? {} : { proxy }),
  }
  let held: Held | undefined
  let flight: Promise<Grant | NoGrant> | undefined
  let failed: NoGrant | undefined
  let failures = 0
  let pausedUntil = 0

  const ask = async (): Promise<Grant | NoGrant> => {
    let heard: Heard = { is: 'nothing', why: 'nothing was asked' }
    const iat = Math.floor(clock.now() / 1000)
    // Loaded with the first question: who has no such app carries none of it about.
    const { JWT } = module.require('google-auth-library') as typeof Google
    const client = new JWT({
      email: account.email,
      key: account.privateKey,
      scopes: [SCOPE],
      // COMPAT(google-auth-library ≤ 10.9.1): it takes the address, the audience and the time from nowhere but itself.
      additionalClaims: { aud: account.tokenUri, iat, exp: iat + ASSERTION_LIFE_S },
      transporterOptions: {
        // Named, so that the library looks for no proxy in the environment: the setting `proxy` alone counts.
        agent: globalAgent,
        fetchImplementation: makeFetch(options, (what) => {
          heard = what
          if (what.is === 'reply') around.heard?.(what.date)
        }),
        retryConfig: { retry: 0, noResponseRetries: 0, shouldRetry: () => false },
      },
    })
    client.transporter.interceptors.request.add({
      resolved: async (prepared) => ({ ...prepared, url: new URL(account.tokenUri) }),
    })
    try {
      await client.authorize()
    } catch (error) {
      if (heard.is === 'nothing' && error instanceof Error) heard = { is: 'nothing', why: error.message }
    }
    return judgeGrant(heard, clock.now())
  }

  const settle = (asked: number, answer: Grant | NoGrant): void => {
    if (answer.is === 'granted') {
      held = {
        grant: answer,
        renewAt: asked + answer.life - Math.min(EARLY, answer.life / 2),
        diesAt: asked + answer.life,
      }
      failed = undefined
      failures = 0
      return
    }
    const longest = Math.min(LONGEST_PAUSE, SHORTEST_PAUSE * 2 ** failures)
    const told = answer.is === 'down' && answer.notBefore !== undefined ? answer.notBefore - clock.now() : 0
    const pause = Math.max(told, longest * (0.5 + clock.random() / 2))
    pausedUntil = clock.elapsed() + pause
    failed = answer
    failures += 1
    const left = (held?.diesAt ?? 0) - clock.elapsed()
    if (left > 0 && failures === 1) {
      notice(`${answer.why}. The old one is good for ${Math.round(left / 1000)} s more`)
    }
  }

  const renew = (): Promise<Grant | NoGrant> => {
    const asked = clock.elapsed()
    flight ??= ask().then((answer) => {
      flight = undefined
      settle(asked, answer)
      return answer
    })
    return flight
  }

  return Object.freeze({
    get() {
      const at = clock.elapsed()
      const pausedBy = at < pausedUntil ? failed : undefined
      if (held !== undefined && at < held.diesAt) {
        if (at >= held.renewAt && pausedBy === undefined) void renew()
        return held.grant
      }
      if (pausedBy === undefined) return renew()
      return pausedBy.is === 'down' ? { ...pausedBy, notBefore: clock.now() + pausedUntil - at } : pausedBy
    },
    drop(token: string) {
      if (held?.grant.token === token) held = undefined
    },
    close() {
      closing.abort()
    },
  })
}

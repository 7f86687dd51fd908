/** One message to FCM: an access token, a request, a judgement, and the one more try that a refused token is worth. Refuses to know when to try again. */
import { type Clock } from '../clock'
import { type FcmContent } from '../model/content'
import { type Outcome } from '../model/outcome'
import { type Origin, type WireFailure, type WireReply } from '../wire/wire'
import { type Account } from './fcm-account'
import { type Grant, type NoGrant } from './fcm-grant'
import { judgeReply, type TokenRefused } from './fcm-outcome'
import { requestFor } from './fcm-request'
import { type AccessTokens } from './fcm-token'
import { type Attempt } from './provider'

export interface FcmSenderOptions {
  readonly account: Account
  readonly origin: Pick<Origin, 'request'>
  readonly tokens: Pick<AccessTokens, 'get' | 'drop'>
  readonly clock: Clock
  /** Told the `date` of each answer. */
  readonly heard: (date: string | undefined) => void
}

/** `isTrial`: FCM only looks at the message (`validate_only`). */
export type SendFcm = (attempt: Attempt, isTrial?: boolean) => Promise<Outcome>

/** The token that was refused, so that no newer one is dropped in its place. */
type Tried = Outcome | (TokenRefused & { readonly token: string })
type Then = (tried: Tried) => Outcome | Promise<Outcome>

/** Asks nobody until the first message. */
export function makeFcmSender({ account, origin, tokens, clock, heard }: FcmSenderOptions): SendFcm {
  const triedOf = (reply: WireReply | WireFailure, token: string): Tried => {
    if (reply.is === 'failure') return { is: 'down', why: reply.why, ambiguous: reply.ambiguous }
    heard(reply.headers['date'])
    const judged = judgeReply(reply, clock.now())
    return judged.is === 'token refused' ? { is: judged.is, why: judged.why, token } : judged
  }

  const ask = (
    { address, expiresAt, isCall }: Attempt,
    content: FcmContent,
    grant: Grant | NoGrant,
    isTrial: boolean,
    then: Then,
  ): Promise<Outcome> => {
    if (grant.is !== 'granted') return Promise.resolve(then(grant))
    const { token } = grant
    const now = clock.now()
    const request = requestFor(
      { address, content, expiresAt, isCall },
      { project: account.project, bearer: token },
      now,
      isTrial,
      clock.elapsed() + expiresAt - now,
    )
    return origin.request(request).then((reply) => then(triedOf(reply, token)))
  }

  /** A token is nearly always there already, and then nothing is waited for but the answer. */
  const once = (attempt: Attempt, content: FcmContent, isTrial: boolean, then: Then): Promise<Outcome> => {
    const grant = tokens.get()
    return grant instanceof Promise
      ? grant.then((its) => ask(attempt, content, its, isTrial, then))
      : ask(attempt, content, grant, isTrial, then)
  }

  const refusedTwice = (why: string): Outcome => ({
    is: 'misconfigured',
    whom: 'credential',
    why: `${why}, with a fresh access token too`,
    mend: `Google grants tokens to ${account.email} that FCM refuses: see in the Google Cloud console whether the account is disabled`,
  })

  return (attempt, isTrial = false) => {
    const { content } = attempt
    if (content.speaks !== 'fcm') {
      return Promise.resolve({ is: 'refused', why: `written for ${content.speaks}, not for FCM` })
    }
    return once(attempt, content, isTrial, (first) => {
      if (first.is !== 'token refused') return first
      tokens.drop(first.token)
      return once(attempt, content, isTrial, (second) =>
        second.is === 'token refused' ? refusedTwice(second.why) : second,
      )
    })
  }
}

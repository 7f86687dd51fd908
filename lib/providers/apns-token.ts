/**
 * Provider tokens (JWT, RFC 7519, ES256): Apple takes one for an hour and refuses more than one new one in 20 minutes, so each is signed once
 * per team and key, kept over a restart and shared. Knows nothing of requests.
 */
import { createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import { type Clock } from '../clock'
import { tokenName } from '../model/kept'
import { type TokenCredential } from './apns-credential'
import { type Keep, type Kept } from './provider'

/** A token and which one it is: who failed with an older one than the current just takes the current. */
export interface ProviderToken {
  readonly jwt: string
  readonly generation: number
  /** Milliseconds since 1970, as in its `iat`. */
  readonly signedAt: number
}

export interface ProviderTokens {
  /** The current token; at once if there is one. */
  get(): ProviderToken | Promise<ProviderToken>
  /** A newer token than the one of this generation, unless that is too young to be replaced: then the same again. */
  renew(generation: number): Promise<ProviderToken>
  /**
   * Apple calls the one of this generation invalid. Where another instance signed it and our clock says that it is of tomorrow, one of the
   * two clocks is wrong, and it was theirs: signed anew.
   */
  refused(generation: number): Promise<ProviderToken>
}

const MINUTE = 60_000
/** Well before the hour after which Apple refuses it. */
const RENEWED_AFTER = 45 * MINUTE
/** Apple: no more often than once every 20 minutes. */
const REPLACED_AFTER = 20 * MINUTE
/** Apple takes none that is older. */
const OUTLIVED_AFTER = 60 * MINUTE
/** A token from further in the future was signed by a clock that is not ours. */
const CLOCKS_DIFFER = MINUTE

/** A store that is down is asked so often, with so many milliseconds between. */
const [TRIES, PAUSE] = [20, 1_000]

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Header, claims and the raw r‖s signature of RFC 7518 §3.4; `signedAt` in milliseconds. */
export function signToken({ key, keyId, teamId }: TokenCredential, signedAt: number): string {
  const claims = { iss: teamId, iat: Math.floor(signedAt / 1000) }
  const signed = `${encode({ alg: 'ES256', kid: keyId })}.${encode(claims)}`
  return `${signed}.${sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

/** True if this key has signed it, and not one that has stood in the configuration under the same id. */
function isOurs(jwt: string, key: KeyObject): boolean {
  const dot = jwt.lastIndexOf('.')
  const publicKey = createPublicKey(key)
  const signature = Buffer.from(jwt.slice(dot + 1), 'base64url')
  return verify(
    'sha256',
    Buffer.from(jwt.slice(0, Math.max(dot, 0))),
    { key: publicKey, dsaEncoding: 'ieee-p1363' },
    signature,
  )
}

function makeTokens(credential: TokenCredential, keep: Keep, clock: Clock): ProviderTokens {
  const name = tokenName(credential.teamId, credential.keyId)
  /** Whoever signs, signs by one clock: a machine whose own is wrong would have Apple refuse what the others sign. */
  const now = (): number => keep.now?.() ?? clock.now()
  let current: ProviderToken | undefined
  let underway: Promise<ProviderToken> | undefined

  /** When the current one was signed, by the clock that never jumps. */
  let since = 0
  /** The current one was of tomorrow when it was found: whose clock is wrong, Apple's word tells. */
  let isDoubtful = false
  /** Found, and signed by a clock that was wrong. */
  let wrong: string | undefined
  /** The current one, where it was signed while the store was away: another one may stand there, and Apple takes that alone. */
  let unkept: Kept | undefined

  const isYounger = (signedAt: number, age: number): boolean => now() - signedAt < age
  /** A wall clock that is set says nothing of the token's age, and Apple counts by its own. */
  const isCurrentYounger = (age: number): boolean => clock.elapsed() - since < age
  /** A machine that slept counts too little; where Apple refuses what is an hour old by the wall clock, both are right. */
  const isOutlived = ({ signedAt }: ProviderToken): boolean => now() - signedAt >= OUTLIVED_AFTER

  const tokenOf = ({ value, at }: Kept): ProviderToken => ({
    jwt: value,
    signedAt: at,
    generation: (current?.generation ?? 0) + 1,
  })
  const isOfUse = (kept: Kept, age: number): boolean =>
    ![current?.jwt, wrong].includes(kept.value) && isYounger(kept.at, age) && isOurs(kept.value, credential.key)

  /** Of several instances that sign at once, all use the token of the one that was first. */
  const make = async (age: number, most: number): Promise<ProviderToken> => {
    const signed = (): Kept => {
      const at = Math.floor(now() / 1000) * 1000
      return { value: signToken(credential, at), at }
    }
    let mine = unkept !== undefined && isCurrentYounger(age) ? unkept : undefined
    unkept = undefined
    for (let tries = 0; tries < most; tries++) {
      if (tries > 0) await clock.sleep(PAUSE)
      try {
        const found = await keep.get(name)
        if (found !== undefined && isOfUse(found, age)) return tokenOf(found)
        mine ??= signed()
        if (keep.swap === undefined) await keep.put(name, mine.value, mine.at)
        else {
          const stands = await keep.swap(name, mine.value, mine.at, found)
          if (isOfUse(stands, age)) return tokenOf(stands)
        }
        return tokenOf(mine)
      } catch {
        // Apple refuses what is signed besides the one that the store has; what is out can't be settled before it is back anyway.
      }
    }
    // A store that stays down must not stop the pushes that it has handed out already.
    unkept = mine ?? signed()
    return tokenOf(unkept)
  }

  /** Single-flight: whoever asks meanwhile gets the same. */
  const replace = (age: number, most = TRIES): Promise<ProviderToken> =>
    (underway ??= make(age, most).then((token) => {
      current = token
      isDoubtful = token.signedAt - now() > CLOCKS_DIFFER
      since = clock.elapsed() - Math.max(0, now() - token.signedAt)
      underway = undefined
      return token
    }))

  return Object.freeze({
    get() {
      if (current === undefined || !isCurrentYounger(RENEWED_AFTER)) return replace(RENEWED_AFTER)
      // As soon as the store says again what stands there.
      if (unkept !== undefined) void replace(RENEWED_AFTER, 1)
      return current
    },
    async renew(generation: number) {
      if (current === undefined) return replace(RENEWED_AFTER)
      if (current.generation !== generation) return current
      if (isCurrentYounger(REPLACED_AFTER) && !isOutlived(current)) return current
      return replace(REPLACED_AFTER)
    },
    async refused(generation: number) {
      if (current === undefined) return replace(RENEWED_AFTER)
      if (current.generation !== generation || !isDoubtful) return current
      wrong = current.jwt
      return replace(RENEWED_AFTER)
    },
  })
}

const shared = new WeakMap<Keep, Map<string, ProviderTokens>>()

/** The tokens of a team's key; apps with the same key and the same keep share them. */
export function providerTokens(credential: TokenCredential, keep: Keep, clock: Clock): ProviderTokens {
  const mine = shared.get(keep) ?? new Map<string, ProviderTokens>()
  shared.set(keep, mine)
  const publicKey = createPublicKey(credential.key).export({ type: 'spki', format: 'der' }).toString('base64')
  const name = `${credential.teamId}/${credential.keyId}/${publicKey}`
  const tokens = mine.get(name) ?? makeTokens(credential, keep, clock)
  mine.set(name, tokens)
  return tokens
}

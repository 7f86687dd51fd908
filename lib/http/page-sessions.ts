/** Who is signed in at the page: a session is opened with a token, a certificate or, where nobody is asked, without; it ends with what opened it. Knows no cookie and no route. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { type Clock } from '../clock'
import { Opaque } from '../model/opaque'
import { type Caller } from './caller'

export interface Session {
  /** Absent where nobody is asked for one. */
  readonly name?: string
  /** What every change must bring along, which no other site can read. */
  readonly csrf: Opaque
}

export interface Sessions {
  /** `token`: what the caller proved itself with, if it was one. The text returned is what the browser keeps. */
  open(caller: Caller, token: string | undefined): { readonly id: Opaque; readonly session: Session }
  /** Undefined: there is none, it is over, or what it was opened with no longer counts. */
  of(id: string, caller: Caller): Session | undefined
  close(id: string): void
}

/** Milliseconds. */
const LIFE = 12 * 3600_000
const MOST = 1_000

interface Kept extends Session {
  readonly until: number
  readonly token?: Opaque
}

const keyOf = (id: string): string => createHash('sha256').update(id).digest('base64url')

export function makeSessions(clock: Clock): Sessions {
  const all = new Map<string, Kept>()

  /** A token that was taken away, or given to another, ends its sessions; a certificate is shown with each request. */
  function isStill({ name, token, until }: Kept, caller: Caller): boolean {
    if (clock.elapsed() >= until) return false
    if (token !== undefined) return caller.whoHas(token.reveal()) === name
    return caller.name === name
  }

  return Object.freeze({
    open(caller: Caller, token: string | undefined) {
      const id = randomBytes(32).toString('base64url')
      const session: Kept = {
        ...(caller.name === undefined ? {} : { name: caller.name }),
        ...(token === undefined ? {} : { token: new Opaque(token) }),
        ...{ csrf: new Opaque(randomBytes(32).toString('base64url')), until: clock.elapsed() + LIFE },
      }
      all.set(keyOf(id), session)
      const [oldest] = all.keys()
      if (all.size > MOST && oldest !== undefined) all.delete(oldest)
      return { id: new Opaque(id), session }
    },
    of(id: string, caller: Caller) {
      const key = keyOf(id)
      const session = all.get(key)
      if (session === undefined) return undefined
      if (isStill(session, caller)) return session
      all.delete(key)
      return undefined
    },
    close(id: string) {
      all.delete(keyOf(id))
    },
  })
}

/** Whether a change brings along what its session was given. */
export function isOfSession({ csrf }: Session, given: string | undefined): boolean {
  const [right, told] = [Buffer.from(csrf.reveal()), Buffer.from(given ?? '')]
  return right.length === told.length && timingSafeEqual(right, told)
}

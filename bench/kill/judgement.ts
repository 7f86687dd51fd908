/** What must hold after a run, claim by claim. Pure: of the evidence alone. */
import { closes, ends, type Account } from '../../lib/model/accounting'
import { lifeOf } from '../../lib/model/notification'
import { outAtKills, repeated, type Evidence } from './evidence'
import { type Publish } from './load'
import { ANDROID, IOS } from './stage'

/** One claim with its figures. */
export interface Claim {
  readonly claim: string
  readonly figures: string
  readonly holds: boolean
}

type Judge = (evidence: Evidence) => readonly Claim[]

const NOTHING: Account = {
  ...{ accepted: 0, resent: 0, delivered: 0, coalesced: 0, expired: 0, gone: 0, refused: 0 },
  ...{ unregistered: 0, quiet: 0, abandoned: 0, inFlight: 0, waiting: 0 },
}

/** Milliseconds that a request may need on its way: begun just before the expiry, it arrives just after. */
const ON_THE_WAY = 500

const apps = [IOS, ANDROID] as const
const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0)
const count = <T>(list: readonly T[], isSo: (one: T) => boolean): number => list.filter(isSo).length

const accounting: Judge = ({ accounts, kills, load }) => {
  const atKills = count(kills, (kill) => kill.closes)
  const perApp = apps.map((app): Claim => {
    const account = accounts.get(app) ?? NOTHING
    const own = load.publishes.filter(({ device }) => device.app === app)
    const least = count(own, ({ answer }) => answer === 'result')
    const most = least + count(own, ({ answer }) => answer === 'unanswered')
    return {
      claim: `${app}: the books close, nothing waits, every result is in them`,
      figures: `accepted ${account.accepted}, between ${least} and ${most}`,
      holds:
        closes(account) &&
        account.inFlight + account.waiting === 0 &&
        least <= account.accepted &&
        account.accepted <= most,
    }
  })
  return [
    {
      claim: 'the books close at every kill',
      figures: `${atKills} of ${kills.length}`,
      holds: atKills === kills.length,
    },
    ...perApp,
  ]
}

const nothingLost: Judge = ({ load, arrivals, accounts }) => {
  const taken = arrivals.filter(({ isTaken }) => isTaken)
  const byCiphertext = new Map<string, typeof taken>()
  const byToken = new Map<string, typeof taken>()
  for (const one of taken) {
    byToken.set(one.token, [...(byToken.get(one.token) ?? []), one])
    if (one.ciphertext === undefined) continue
    byCiphertext.set(one.ciphertext, [...(byCiphertext.get(one.ciphertext) ?? []), one])
  }
  const accepted = load.publishes.filter(({ answer }) => answer === 'result')
  const came = (publish: Publish): boolean => {
    const { kind, device, ciphertext = '', sentAt } = publish
    const token = kind === 'call' ? device.callToken : device.token
    if (kind !== 'wake-up') return (byCiphertext.get(ciphertext) ?? []).some((one) => one.token === token)
    // It may have been replaced by a later one: what counts is that its device was woken after it.
    const wakes = (byToken.get(device.token) ?? []).filter((one) => one.ciphertext === undefined)
    return wakes.some(({ at }) => at >= sentAt)
  }
  const arrived = (kind: Publish['kind']): readonly [number, number] => {
    const own = accepted.filter((publish) => publish.kind === kind)
    return [count(own, came), own.length]
  }
  const [content, allContent] = arrived('content')
  const [wakeUps, allWakeUps] = arrived('wake-up')
  const [calls, allCalls] = arrived('call')
  const { expired, abandoned } = accounts.get(IOS) ?? NOTHING
  const strangers = taken.filter(({ token }) => !load.publishes.some((one) => isFor(one, token)))
  return [
    {
      claim: 'accepted contents that reached their device',
      figures: `${content} of ${allContent}`,
      holds: content === allContent,
    },
    {
      claim: 'accepted wake-ups after which their device was woken',
      figures: `${wakeUps} of ${allWakeUps}`,
      holds: wakeUps === allWakeUps,
    },
    {
      claim: 'accepted calls that reached their device, else expired or abandoned',
      figures: `${calls} of ${allCalls}; ${expired} expired, ${abandoned} abandoned`,
      holds: allCalls - calls <= expired + abandoned,
    },
    {
      claim: 'nothing reached a device that it was not for',
      figures: `${strangers.length} did`,
      holds: strangers.length === 0,
    },
  ]
}

const isFor = ({ device }: Publish, token: string): boolean => device.token === token || device.callToken === token

const callsRingOnce: Judge = ({ load, arrivals }) => {
  const calls = load.publishes.filter(({ kind }) => kind === 'call')
  const attempts = new Map(calls.map(({ ciphertext = '' }) => [ciphertext, { rung: 0, late: 0 }]))
  const expiry = new Map(calls.map(({ ciphertext = '', endedAt }) => [ciphertext, endedAt + lifeOf.call]))
  for (const { ciphertext = '', isTaken, at } of arrivals) {
    const attempt = attempts.get(ciphertext)
    if (attempt === undefined) continue
    if (isTaken) attempt.rung += 1
    if (at > (expiry.get(ciphertext) ?? 0) + ON_THE_WAY) attempt.late += 1
  }
  const most = Math.max(0, ...[...attempts.values()].map(({ rung }) => rung))
  const tried = count(arrivals, ({ ciphertext = '' }) => attempts.has(ciphertext))
  const late = sum([...attempts.values()].map((attempt) => attempt.late))
  return [
    { claim: 'a call rings at most once', figures: `at most ${most} times`, holds: most <= 1 },
    { claim: 'no call is tried after its expiry', figures: `${late} of ${tried} attempts`, holds: late === 0 },
  ]
}

const onlyCallsAreAbandoned: Judge = ({ accounts, kills, settled, load }) => {
  const ios = accounts.get(IOS) ?? NOTHING
  const android = accounts.get(ANDROID) ?? NOTHING
  const callsOut = new Set(
    outAtKills(kills, IOS)
      .filter((each) => each.class === 'call')
      .map(({ id }) => id),
  ).size
  const logged = settled.filter(({ end }) => end === 'abandoned')
  const wrongly = count(logged, (line) => line.class !== 'call')
  const calls = count(load.publishes, ({ kind }) => kind === 'call')
  const others = apps.flatMap((app) => {
    const { gone, refused, unregistered, quiet } = accounts.get(app) ?? NOTHING
    return [gone, refused, unregistered, quiet]
  })
  return [
    {
      claim: 'abandoned are calls only: those out at a kill, if they have not expired',
      figures: `${ios.abandoned} abandoned of ${callsOut} calls out at kills; ${wrongly} other in the log, ${android.abandoned} by FCM`,
      holds:
        ios.abandoned <= callsOut &&
        callsOut - ios.expired <= ios.abandoned &&
        android.abandoned === 0 &&
        wrongly === 0 &&
        logged.length <= ios.abandoned,
    },
    {
      claim: 'only calls expire, and nothing is gone, refused, unregistered or quiet',
      figures: `${ios.expired} of ${calls} calls, ${android.expired} of FCM; ${sum(others)} others`,
      holds: ios.expired <= calls && android.expired === 0 && sum(others) === 0,
    },
  ]
}

const fewDuplicates: Judge = ({ accounts, kills, arrivals }) =>
  apps.flatMap((app) => {
    const account = accounts.get(app) ?? NOTHING
    const out = outAtKills(kills, app).filter((each) => each.class !== 'call')
    const outAgain = count(out, ({ ambiguous }) => ambiguous)
    const own = arrivals.filter((each) => each.app === app)
    const taken = count(own, ({ isTaken }) => isTaken)
    // FCM has no ids: all that it took and that was not booked as delivered may be a duplicate.
    const calls = app === IOS ? account.abandoned : 0
    const duplicates = app === IOS ? repeated(own) : taken - account.delivered
    return [
      {
        claim: `${app}: duplicates are no more than what was out at the kills`,
        figures: `${duplicates} duplicates, ${out.length} out`,
        holds: duplicates <= out.length && taken - account.delivered <= out.length + calls,
      },
      {
        claim: `${app}: resent agrees`,
        figures: `${account.resent} resent, ${outAgain} of them killed again`,
        holds: account.resent <= out.length && repeated(own) <= account.resent + outAgain,
      },
      {
        claim: `${app}: nothing is booked as delivered that was not taken`,
        figures: `${taken} taken, ${account.delivered} delivered`,
        holds: account.delivered <= taken,
      },
    ]
  })

/** The same, delivery by delivery, where the push service knows which it is. */
const onceForEachKill: Judge = ({ kills, arrivals }) => {
  const out = new Map<string, number>()
  for (const { id } of outAtKills(kills, IOS)) out.set(id, (out.get(id) ?? 0) + 1)
  const taken = new Map<string, number>()
  for (const { id, isTaken } of arrivals) {
    if (isTaken && id !== undefined) taken.set(id, (taken.get(id) ?? 0) + 1)
  }
  const most = Math.max(0, ...taken.values())
  const tooMany = count([...taken], ([id, times]) => times - 1 > (out.get(id) ?? 0))
  return [
    {
      claim: `${IOS}: none came again oftener than kills met it out`,
      figures: `${tooMany} did; the most that one came is ${most} times`,
      holds: tooMany === 0,
    },
  ]
}

const noTokenForgotten: Judge = ({ load, devices, remembered, registrations }) => {
  const whole = devices.filter((device) => {
    const found = remembered.get(device)
    return found !== undefined && found.token === device.token && found.callToken === device.callToken
  })
  return [
    {
      claim: 'every registration is there, with its tokens, and no other',
      figures: `${whole.length} of ${devices.length}, ${registrations} in all`,
      holds: whole.length === devices.length && registrations === devices.length && load.nodes.size === devices.length,
    },
  ]
}

const booksAgreeWithTheLog: Judge = ({ accounts, settled, kills }) => {
  const missing = apps.flatMap((app) =>
    ends
      .filter((end) => end !== 'coalesced')
      .map((end) => {
        const lines = count(settled, (line) => line.app === app && line.end === end)
        return (accounts.get(app) ?? NOTHING)[end] - lines
      }),
  )
  // What was durable when the process died, and not yet told.
  const lost = sum(missing)
  return [
    {
      claim: 'each end has its line in the log, but for those that a kill cut off',
      figures: `${lost} lines cut off by ${kills.length} kills`,
      holds: missing.every((each) => each >= 0),
    },
  ]
}

const nobodyComplains: Judge = ({ complaints, load }) => {
  const refused = load.publishes.filter(({ answer }) => answer === 'refused').map(({ why }) => `refused: ${why ?? ''}`)
  const all = [...complaints, ...refused, ...load.faults]
  return [
    {
      claim: 'no server, push service or process complains, and no publish is refused',
      figures: all.length === 0 ? 'none does' : `${all.length}: ${[...new Set(all)].slice(0, 5).join(' | ')}`,
      holds: all.length === 0,
    },
  ]
}

/** Every claim, in the order in which it is told. */
export function judge(evidence: Evidence): readonly Claim[] {
  const judges = [
    ...[accounting, nothingLost, noTokenForgotten, onlyCallsAreAbandoned, callsRingOnce, fewDuplicates],
    ...[onceForEachKill, booksAgreeWithTheLog, nobodyComplains],
  ]
  return judges.flatMap((each) => each(evidence))
}

/** What must hold after a run, claim by claim. Pure: of the evidence alone. */
import { closes, ends, type Account } from '../../lib/model/accounting'
import { lifeOf } from '../../lib/model/notification'
import { type Claim } from '../kill/judgement'
import { type Arrival } from './arrivals'
import { apps, IOS, type Device } from './devices'
import { type SharedBooks } from './ground'
import { type Load, type Publish } from './load'
import { anyMet } from './met'
import { judgeShared } from './shared-judgement'

export interface Evidence {
  readonly minutes: number
  readonly load: Load
  readonly arrivals: readonly Arrival[]
  readonly devices: readonly Device[]
  /** From the store, after the last stop. */
  readonly accounts: ReadonlyMap<string, Account>
  /** The tokens of each device's registration as it stands. */
  readonly remembered: ReadonlyMap<Device, readonly string[]>
  /** Whether the books closed at each violent end. */
  readonly closedAt: readonly (boolean | undefined)[]
  readonly isSettled: boolean
  /** The most memory that a life held, in MiB. */
  readonly memory: number
  /** Provider tokens that APNs was shown. */
  readonly signed: number
  readonly violations: readonly string[]
  readonly complaints: readonly string[]
  readonly lives: number
  /** How often each fault was drawn. */
  readonly drawn: ReadonlyMap<string, number>
  /** By delivery, when its end stood in a log (ms since 1970). */
  readonly endedBy: ReadonlyMap<string, number>
  /** Lines of the logs of all lives that tell of an end: `app end`. */
  readonly lines: ReadonlyMap<string, number>
  /** Of a store that several instances share. */
  readonly shared?: SharedBooks
  /** What a run of this kind must have met, and whether it did; absent where faults were left out. */
  readonly met?: { readonly words: string; readonly isMet: boolean }
}

type Judge = (evidence: Evidence) => readonly Claim[]

/** MiB. An idle service takes some 110. */
const MEMORY = 400
/** A network that holds up or a process that is stopped for 5 s lets a request arrive late that was sent in time. */
const ON_THE_WAY = 7_000

/** So many deaths may all go unnoticed: nobody publishes to every device in a short run. */
const FEW = 5

const NOTHING: Account = {
  ...{ accepted: 0, resent: 0, delivered: 0, coalesced: 0, expired: 0, gone: 0, refused: 0 },
  ...{ unregistered: 0, quiet: 0, abandoned: 0, inFlight: 0, waiting: 0 },
}
const count = <T>(list: readonly T[], isSo: (one: T) => boolean): number => list.filter(isSo).length

const accounting: Judge = ({ accounts, load, closedAt, isSettled }) => [
  {
    claim: 'the books close at every kill',
    figures: `${count(closedAt, (closed) => closed === true)} of ${closedAt.length}`,
    holds: closedAt.every((closed) => closed === true),
  },
  {
    claim: 'everything comes to its end once the faults are over',
    figures: isSettled ? 'it did' : 'something waits',
    holds: isSettled,
  },
  ...apps.map((app): Claim => {
    const account = accounts.get(app) ?? NOTHING
    const own = load.publishes.filter(({ device }) => device.app === app)
    const least = count(own, ({ answer }) => answer === 'result')
    const most = least + count(own, ({ answer }) => answer === 'unanswered' || answer === 'wait')
    const told = ends.filter((end) => account[end] > 0).map((end) => `${end} ${account[end]}`)
    return {
      claim: `${app}: the books close, every result is in them`,
      figures: `accepted ${account.accepted} (${least} to ${most}) = ${told.join(' + ')}`,
      holds: closes(account) && least <= account.accepted && account.accepted <= most,
    }
  }),
]

/** What was published to a device that is alive, and was neither refused by name nor overtaken by its death. */
function owed({ load }: Evidence, kind: Publish['kind']): readonly Publish[] {
  return load.publishes.filter(
    (one) =>
      one.kind === kind &&
      one.answer === 'result' &&
      one.wasAlive &&
      !one.device.deaths.some((diedAt) => diedAt >= one.sentAt),
  )
}

const nothingMissing: Judge = (evidence) => {
  const byCiphertext = new Map<string, Arrival[]>()
  const byToken = new Map<string, Arrival[]>()
  for (const one of evidence.arrivals) {
    const [map, key] = one.ciphertext === undefined ? [byToken, one.token] : [byCiphertext, one.ciphertext]
    map.set(key, [...(map.get(key) ?? []), one])
  }
  const fate = (publish: Publish): 'came' | 'refused' | 'missing' => {
    const { device, ciphertext, sentAt } = publish
    const its =
      ciphertext === undefined
        ? [...device.tokens].flatMap((token) => byToken.get(token) ?? []).filter(({ at }) => at >= sentAt)
        : (byCiphertext.get(ciphertext) ?? []).filter(({ token }) => device.tokens.has(token))
    return its.some(({ isTaken }) => isTaken) ? 'came' : its.some(({ isRefused }) => isRefused) ? 'refused' : 'missing'
  }
  const claimed = (kind: 'content' | 'wake-up', text: string): Claim => {
    const fates = owed(evidence, kind).map(fate)
    const missing = count(fates, (each) => each === 'missing')
    const { isMet, note } = anyMet(fates.length, evidence)
    return {
      claim: text,
      figures: `${count(fates, (each) => each === 'came')} of ${fates.length}, ${count(fates, (each) => each === 'refused')} refused by name, ${missing} missing${note}`,
      holds: missing === 0 && isMet,
    }
  }
  const calls = owed(evidence, 'call')
  const lost = count(calls, (call) => fate(call) === 'missing')
  const { expired, abandoned } = evidence.accounts.get(IOS) ?? NOTHING
  return [
    claimed('content', 'accepted contents that reached their device'),
    claimed('wake-up', 'accepted wake-ups after which their device was woken'),
    {
      claim: 'accepted calls that reached their device, else expired or abandoned',
      figures: `${calls.length - lost} of ${calls.length}; ${expired} expired, ${abandoned} abandoned`,
      holds: lost <= expired + abandoned,
    },
  ]
}

const callsRingOnce: Judge = (evidence) => {
  const { load, arrivals } = evidence
  const calls = new Map(load.publishes.flatMap((one) => (one.kind === 'call' ? [[one.ciphertext ?? '', one]] : [])))
  const attempts = new Map<string, Arrival[]>()
  let late = 0
  for (const one of arrivals) {
    const call = calls.get(one.ciphertext ?? '')
    if (call === undefined) continue
    attempts.set(one.ciphertext ?? '', [...(attempts.get(one.ciphertext ?? '') ?? []), one])
    if (one.at > call.endedAt + lifeOf.call + ON_THE_WAY) late += 1
  }
  const again = count([...attempts.values()], (each) =>
    each.slice(0, -1).some(({ isSafe, isDisowned }) => !isSafe && !isDisowned),
  )
  const twice = count(
    [...attempts.values()],
    (each) => count(each, ({ isTaken, isDisowned }) => isTaken && !isDisowned) > 1,
  )
  const { isMet, note } = anyMet(attempts.size, evidence)
  return [
    {
      claim: 'no call is sent again after an attempt that may have arrived',
      figures: `${again} of ${attempts.size} were, ${twice} rang twice${note}`,
      holds: again === 0 && twice === 0 && isMet,
    },
    { claim: 'no call is tried after its expiry', figures: `${late} were`, holds: late === 0 },
  ]
}

const tokens: Judge = ({ devices, remembered, load, arrivals }) => {
  const living = devices.filter(({ isAlive, isRegistered }) => isAlive && isRegistered)
  const whole = count(living, (device) => {
    const has = remembered.get(device) ?? []
    return has.includes(device.token) && (device.callToken === undefined || has.includes(device.callToken))
  })
  const denied = count(
    load.publishes,
    (one) => one.answer === 'unknown' && one.wasAlive && !one.device.deaths.some((diedAt) => diedAt >= one.sentAt),
  )
  const after = count(arrivals, ({ token, at }) => at > (load.forgottenBy.get(token) ?? Infinity) + ON_THE_WAY)
  const deaths = devices.reduce((sum, device) => sum + device.deaths.length, 0)
  return [
    {
      claim: 'no living token was forgotten',
      figures: `${whole} of ${living.length} are there, ${denied} publishes denied`,
      holds: whole === living.length && denied === 0,
    },
    {
      claim: 'dead tokens are forgotten, and no request is made for one after that',
      figures: `${after}, of ${load.forgottenBy.size} forgotten tokens and ${deaths} deaths`,
      holds: after === 0 && (load.forgottenBy.size > 0 || deaths < FEW),
    },
  ]
}

const bounds: Judge = ({ memory, signed, minutes, violations, complaints, load }) => {
  const allowed = 1 + Math.floor(minutes / 20)
  const refused = load.publishes.filter(({ answer }) => answer === 'refused').map(({ why }) => `refused: ${why ?? ''}`)
  const told = (all: readonly string[]): string =>
    all.length === 0 ? 'none' : `${all.length}: ${[...new Set(all)].slice(0, 4).join(' | ')}`
  const all = [...complaints, ...refused, ...load.faults]
  return [
    {
      claim: `memory stays under ${MEMORY} MiB`,
      figures: `${memory.toFixed(0)} MiB`,
      holds: memory < MEMORY && memory > 0,
    },
    {
      claim: 'at most one new provider token in 20 minutes, of all instances together',
      figures: `${signed}`,
      holds: signed <= allowed && signed > 0,
    },
    {
      claim: 'push services and XMPP server find nothing that a correct client never does',
      figures: told(violations),
      holds: violations.length === 0,
    },
    {
      claim: 'no process ends by itself, and no publish is refused',
      figures: told(all),
      holds: all.length === 0,
    },
  ]
}

const metIt: Judge = ({ met }) =>
  met === undefined ? [] : [{ claim: 'the run met what it is there for', figures: met.words, holds: met.isMet }]

export function judge(evidence: Evidence): readonly Claim[] {
  const judges = [accounting, nothingMissing, tokens, callsRingOnce, judgeShared, bounds, metIt]
  return judges.flatMap((each) => each(evidence))
}

/** What must hold besides where several instances share one database: nobody sends what is another's, or what has ended. Pure. */
import { ends } from '../../lib/model/accounting'
import { type Trace } from '../../lib/model/trace'
import { type Claim } from '../kill/judgement'
import { type Arrival } from './arrivals'
import { ANDROID, apps, IOS, WEB } from './devices'
import { type Doubt } from './ground'
import { type Evidence } from './judgement'
import { anyMet } from './met'

/** Milliseconds for which a network or a stopped process may hold up an attempt that nobody had heard of when the next one ended it. */
const ON_THE_WAY = 7_000
/** Milliseconds that a request which was answered needs, and that its end is read late in a log. */
const AT_ONCE = 1_000

type Shared = NonNullable<Evidence['shared']>
type Judge = (evidence: Evidence, shared: Shared) => readonly Claim[]

const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0)

/** Attempts of which nobody knows whether they arrived: the push service or the network did not say. */
const unheard = ({ steps }: Trace): number =>
  sum(
    steps.map((step) => {
      if (step.is === 'shortened') return step.by
      return (step.is === 'again' || step.is === 'ended') && step.outcome === 'down' ? 1 : 0
    }),
  )
/** How often whoever had it out was gone. */
const interrupted = ({ steps }: Trace): number => steps.filter(({ is }) => is === 'interrupted').length

const timesIn = (doubts: readonly Doubt[], id: string): number =>
  doubts.filter(({ deliveries }) => deliveries.has(id)).length

/** For whoever reads of a run that failed: what is known of one that came again. */
function tell(id: string, story: Trace | undefined, arrivals: readonly Arrival[]): string {
  const at = arrivals
    .filter((one) => one.id === id)
    .map(({ at, isTaken, goawayIn }) => {
      const goaway = goawayIn === undefined ? '' : `, a GOAWAY ${goawayIn} ms later`
      return `${at} (${isTaken ? 'taken' : 'not taken'}${goaway})`
    })
  return `${id} at APNs at ${at.join(', ')}; its story: ${story === undefined ? 'none' : JSON.stringify(story)}`
}

/** By delivery, how often APNs took it beyond the first time. */
function repeatedAtApns(arrivals: readonly Arrival[]): ReadonlyMap<string, number> {
  const taken = new Map<string, number>()
  for (const { id, isTaken, isDisowned } of arrivals) {
    if (id !== undefined && isTaken && !isDisowned) taken.set(id, (taken.get(id) ?? 0) + 1)
  }
  return new Map([...taken].flatMap(([id, times]) => (times > 1 ? [[id, times - 1] as const] : [])))
}

const books: Judge = ({ accounts, lines, lives }, { looks }) => {
  const missing = apps.flatMap((app) =>
    ends
      .filter((end) => end !== 'coalesced')
      .map((end) => (accounts.get(app)?.[end] ?? 0) - (lines.get(`${app} ${end}`) ?? 0)),
  )
  return [
    {
      claim: 'the books of all instances together close whenever they are looked at',
      figures: `${looks.all - looks.open} of ${looks.all} looks${looks.repeated === undefined ? '' : `; ${looks.repeated} words of the journals stand there twice`}`,
      holds: looks.open === 0 && looks.all > 0,
    },
    {
      claim: 'each end that a log tells of is in the books, whichever instance it was',
      figures: `${sum(missing)} more are in the books, of ${lives} lives`,
      holds: missing.every((each) => each >= 0),
    },
  ]
}

const duplicates: Judge = ({ arrivals }, { doubts, stories }) => {
  const repeated = repeatedAtApns(arrivals)
  const byId = new Map(stories.map((story) => [story.id, story]))
  const [kills, stops, outages] = (['kill', 'stop', 'outage'] as const).map((by) =>
    doubts.filter((doubt) => doubt.by === by),
  ) as [Doubt[], Doubt[], Doubt[]]
  const out = (of: readonly Doubt[]): number => sum(of.map(({ deliveries }) => deliveries.size))
  let [unexplained, untold, ours, byOutage] = [0, 0, 0, 0]
  const told: string[] = []
  for (const [id, times] of repeated) {
    const story = byId.get(id)
    const byOthers = story === undefined ? 0 : unheard(story)
    const byUs = Math.max(0, times - byOthers)
    ours += byUs
    const known = story === undefined ? 0 : interrupted(story)
    const seen = timesIn(kills, id) + timesIn(stops, id)
    // What was out when its holder ended is bound by that: its story alone is not judged, only counted.
    if (byUs > Math.max(known, seen)) {
      unexplained += 1
      told.push(tell(id, story, arrivals))
    }
    if (byUs > known) untold += 1
    if (byUs > seen) byOutage += 1
  }
  const inDoubt = stories.filter((story) => interrupted(story) > 0)
  const foreign = inDoubt.filter((story) => interrupted(story) > timesIn(doubts, story.id))
  const firstOf = (each: readonly string[]): string =>
    each
      .slice(0, 3)
      .map((one) => `\n       ${one}`)
      .join('')
  return [
    {
      claim: 'a push comes again only if it was in doubt, and at most as often',
      figures: `${sum([...repeated.values()])} came again, ${unexplained} without a doubt; ${untold} stories do not tell of it${firstOf(told)}`,
      holds: unexplained === 0,
    },
    {
      claim: 'in doubt is only what was out at a kill, a stop or an outage',
      figures: `${inDoubt.length} were, ${foreign.length} of them for no such reason${firstOf(foreign.map((story) => tell(story.id, story, arrivals)))}`,
      holds: foreign.length === 0,
    },
    {
      claim: 'duplicates of ours: out at kills and stops, and none by an outage',
      figures: `${ours}; out at ${kills.length} kills ${out(kills)}, at ${stops.length} stops ${out(stops)}, at ${outages.length} outages ${out(outages)}; ${byOutage} by outages`,
      holds: ours <= out(kills) + out(stops) && byOutage === 0,
    },
  ]
}

/** FCM and Web Push have no place for a delivery's id: all that they took is held against all that may have been sent. */
const takenByOthers: Judge = ({ arrivals, accounts, devices, drawn }, { stories }) =>
  ([ANDROID, WEB] as const).map((app): Claim => {
    const tokens = new Set(devices.filter((each) => each.app === app).flatMap((each) => [...each.tokens]))
    const taken = arrivals.filter(
      ({ token, isTaken, isDisowned }) => isTaken && !isDisowned && tokens.has(token),
    ).length
    const delivered = accounts.get(app)?.delivered ?? 0
    const own = stories.filter((story) => story.app === app)
    const doubts = sum(own.map((story) => unheard(story) + interrupted(story)))
    // What one of these disowns was not taken, whatever was answered along with it, and no journal tells what that was.
    const goaway = app === WEB ? 'Web Push: GOAWAY' : 'FCM: GOAWAY'
    const isTold = ![...drawn.keys()].some((name) => name.startsWith(goaway))
    return {
      claim: `${app}: what was taken was delivered, or in doubt`,
      figures: `${taken} taken, ${delivered} delivered, ${doubts} attempts in doubt${isTold ? '' : '; a GOAWAY took some back'}`,
      holds: taken <= delivered + doubts || !isTold,
    }
  })

const endedForGood: Judge = (evidence, { stories }) => {
  const { arrivals, endedBy } = evidence
  const doubtful = new Set(stories.filter((story) => unheard(story) > 0).map(({ id }) => id))
  const late = arrivals.filter(
    ({ id, at }) => id !== undefined && at > (endedBy.get(id) ?? Infinity) + (doubtful.has(id) ? ON_THE_WAY : AT_ONCE),
  )
  const known = new Set(arrivals.flatMap(({ id }) => (id !== undefined && endedBy.has(id) ? [id] : []))).size
  const { isMet, note } = anyMet(known, evidence)
  return [
    {
      claim: 'nothing is sent again once its end is durable',
      figures: `${late.length} were, of ${known} at ${IOS}${note}`,
      holds: late.length === 0 && isMet,
    },
  ]
}

/** Empty where one instance was alone with its store. */
export function judgeShared(evidence: Evidence): readonly Claim[] {
  const { shared } = evidence
  if (shared === undefined) return []
  return [books, duplicates, takenByOthers, endedForGood].flatMap((each) => each(evidence, shared))
}

/**
 * How the story of a delivery is written: notes gather in its row while it lives, and become one line of JSON when it ends:
 * id, target, app, class, accepted at, publisher, then its steps. Knows no SQL; lets nothing through that looks like a token.
 */
import { type End } from '../model/accounting'
import { type NotificationClass } from '../model/notification'
import { type Outcome, type OutcomeWord } from '../model/outcome'
import { type Step, type Trace } from '../model/trace'

/** What a line is made of besides its last step. */
export interface Storied {
  readonly target: string
  readonly app: string
  readonly class: string
  readonly accepted: number
  /** Publisher and steps so far; null: this delivery leaves no trace. */
  readonly notes: string | null
}

const LONGEST_WHY = 200
/** Characters of notes above which the steps in the middle go. */
export const LONGEST_NOTES = 3000
/** Steps that a long history keeps: the first, and so many of the last. */
const LAST_STEPS = 10

/** A token of any push service is longer than any word of theirs. */
function masked(text: string): string {
  const short = text.length > LONGEST_WHY ? `${text.slice(0, LONGEST_WHY)}…` : text
  return short.replace(/[\w:+/=-]{32,}/g, (token) => `…${token.slice(-4)}`)
}

/** What a push service said, for `again` and `ended`; null where `delivered` says it all. */
export function toldOf(outcome: Outcome | undefined): string | null {
  if (outcome === undefined || outcome.is === 'delivered') return null
  return `"${outcome.is}",${JSON.stringify(masked(outcome.why))}`
}

/** Few publish, each of them often. */
const firstOf = new Map<string, string>()
const MOST_PUBLISHERS = 256

/** The notes that a delivery begins with. */
export function firstNotes(publisher: string | undefined): string {
  if (publisher === undefined) return 'null'
  const known = firstOf.get(publisher)
  if (known !== undefined) return known
  const notes = JSON.stringify(masked(publisher))
  if (firstOf.size === MOST_PUBLISHERS) firstOf.clear()
  // Through bytes: a part of what a socket read would keep the whole of it in memory.
  firstOf.set(Buffer.from(publisher).toString(), notes)
  return notes
}

type Written = readonly [number, string, ...unknown[]]

/** The same notes with their middle steps left out. */
export function shortened(notes: string): string {
  const [publisher, first, ...others] = JSON.parse(`[${notes}]`) as [string | null, Written, ...Written[]]
  const last = others.slice(-LAST_STEPS)
  const gone = others.slice(0, -LAST_STEPS)
  const before = gone[0]?.[1] === 'shortened' ? Number(gone[0][2]) - 1 : 0
  const mark: Written = [gone.at(-1)?.[0] ?? 0, 'shortened', gone.length + before]
  return JSON.stringify([publisher, first, mark, ...last]).slice(1, -1)
}

/** Adds a step; `told` as `toldOf` gave it. */
export function noteAgain(notes: string, now: number, told: string | null, dueAt: number): string {
  const noted = `${notes},[${now},"again",${told ?? '"down",null'},${dueAt}]`
  return noted.length > LONGEST_NOTES ? shortened(noted) : noted
}

export function noteInterrupted(notes: string, now: number): string {
  return `${notes},[${now},"interrupted"]`
}

/** The last app that was spelled: most lines in a row are of the same. */
let spelled = { app: '', text: '""' }

function textOf(app: string): string {
  if (spelled.app !== app) spelled = { app, text: JSON.stringify(app) }
  return spelled.text
}

function line(id: string, { target, app, class: kind, accepted, notes }: Storied, step: string): string {
  return `["${id}","${target}",${textOf(app)},"${kind}",${accepted},${notes},${step}]\n`
}

/** One that leaves no trace has an empty line. */
export function endedLine(id: string, story: Storied, now: number, end: string, told: string | null): string {
  if (story.notes === null) return ''
  return line(id, story, told === null ? `[${now},"ended","${end}"]` : `[${now},"ended","${end}",${told}]`)
}

export function coalescedLine(id: string, story: Storied, now: number, by: string | undefined): string {
  if (story.notes === null) return ''
  return line(id, story, by === undefined ? `[${now},"coalesced"]` : `[${now},"coalesced","${by}"]`)
}

function readStep([at, is, ...more]: Written): Step {
  const why = (text: unknown) => (typeof text === 'string' ? { why: text } : {})
  switch (is) {
    case 'again':
      return { at, is, outcome: more[0] as OutcomeWord, ...why(more[1]), dueAt: Number(more[2]) }
    case 'coalesced':
      return { at, is, ...(typeof more[0] === 'string' ? { with: more[0] } : {}) }
    case 'ended': {
      const outcome = more[0] === 'delivered' ? 'delivered' : (more[1] as OutcomeWord | undefined)
      const end = more[0] as Exclude<End, 'coalesced'>
      return { at, is, end, ...(outcome === undefined ? {} : { outcome }), ...why(more[2]) }
    }
    case 'shortened':
      return { at, is, by: Number(more[0]) }
    default:
      return { at, is: 'interrupted' }
  }
}

/** Publisher and steps, as they stand in notes. */
export function readNotes(notes: string): Pick<Trace, 'publisher' | 'steps'> {
  const [publisher, ...steps] = JSON.parse(`[${notes}]`) as [string | null, ...Written[]]
  return { ...(publisher === null ? {} : { publisher }), steps: steps.map(readStep) }
}

/** A line that this program wrote, without its line end. */
export function readLine(text: string): Trace {
  const [id, target, app, kind, acceptedAt, publisher, ...steps] = JSON.parse(text) as [
    ...[string, string, string, NotificationClass, number, string | null],
    ...Written[],
  ]
  return {
    ...{ id, app, class: kind, target, acceptedAt },
    ...(publisher === null ? {} : { publisher }),
    steps: steps.map(readStep),
    state: 'ended',
  }
}

/** Whether a line is about one of these deliveries or targets. */
export function isAbout(text: string, needles: readonly string[]): boolean {
  return needles.some((needle) => text.startsWith(`["${needle}"`) || text.startsWith(`,"${needle}"`, 39))
}

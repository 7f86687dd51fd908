/** The story of one push in plain words, step by step: a trace told to a person who never saw this program. Pure. */
import { type End } from '../model/accounting'
import { type OutcomeWord } from '../model/outcome'
import { type Step, type Trace } from '../model/trace'

export interface Line {
  /** Milliseconds since 1970; absent: now. */
  readonly at?: number
  readonly text: string
  /** When it goes on (ms since 1970). */
  readonly next?: number
}

const outcomes: Readonly<Record<OutcomeWord, string>> = {
  delivered: 'the push service took it',
  gone: 'the token is dead',
  suspect: 'the token is bad, or of another app or environment',
  refused: 'the push service will never take it',
  busy: 'the push service asks for a pause',
  down: 'the push service could not be reached',
  misconfigured: 'the push service refuses our credential or topic',
}

const ends: Readonly<Record<Exclude<End, 'coalesced'>, string>> = {
  delivered: 'delivered',
  expired: 'its time was over before the push service could take it',
  gone: 'the device is forgotten',
  refused: 'it is given up; the device is kept',
  unregistered: 'the device was gone when it was its turn',
  quiet: 'a setting of the app has it dropped',
  abandoned: 'it was given up: a call that may have rung, or an operator dropped it',
}

const said = (why: string | undefined): string => (why === undefined ? '' : ` (${why.replace(/\.$/, '')})`)

function lineOf(step: Step, attempt: number): Line {
  switch (step.is) {
    case 'again':
      return {
        ...{ at: step.at, next: step.dueAt },
        text: `Attempt ${attempt}: ${outcomes[step.outcome]}${said(step.why)}; it is tried again`,
      }
    case 'interrupted':
      return { at: step.at, text: `Attempt ${attempt}: the service ended before an answer came; it waits again` }
    case 'coalesced':
      return { at: step.at, text: `A newer push to the same device took its place${said(step.with)}` }
    case 'shortened':
      return { at: step.at, text: `${step.by} more attempts` }
    case 'ended': {
      const { at, outcome, end, why } = step
      if (outcome === undefined) return { at, text: `It ended: ${ends[end]}${said(why)}` }
      const then = outcome === 'delivered' ? '' : `; ${ends[end]}`
      return {
        at,
        text: `Attempt ${attempt}: ${outcomes[outcome]}${said(outcome === 'delivered' ? undefined : why)}${then}`,
      }
    }
  }
}

function attemptsOf(step: Step): number {
  return step.is === 'again' || step.is === 'interrupted' ? 1 : step.is === 'shortened' ? step.by : 0
}

function standing({ state, dueAt }: Trace, held: string | undefined): readonly Line[] {
  const next = dueAt === undefined ? {} : { next: dueAt }
  if (state === 'waiting')
    return [{ text: held === undefined ? 'It waits' : `It waits; the app is held: ${held}`, ...next }]
  if (state === 'behind') return [{ text: 'It waits until the push before it to the same device is settled' }]
  return state === 'out' ? [{ text: 'It is being sent' }] : []
}

/** `held`: why its app is held, if it is. */
export function storyOf(trace: Trace, held: string | undefined): readonly Line[] {
  const { acceptedAt, class: kind, publisher, steps } = trace
  const from = publisher === undefined ? '' : ` from ${publisher}`
  const lines: Line[] = [{ at: acceptedAt, text: `Accepted as ${kind}${from}` }]
  let attempt = 1
  for (const step of steps) {
    lines.push(lineOf(step, attempt))
    attempt += attemptsOf(step)
  }
  return [...lines, ...standing(trace, held)]
}

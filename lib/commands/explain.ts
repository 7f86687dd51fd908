/** `xmpp-push explain`: each decision about one push, or about the latest of a device or a person. */
import { type Explanation } from '../admin/questions'
import { type Step, type Tombstone, type Trace } from '../model/trace'
import { deviceLines } from './devices'
import { operate, type OperatorWords } from './operate'
import { aligned, moment, span } from './spelling'
import { type ExitCode, type Terminal } from './terminal'

const said = (why: string | undefined): string => (why === undefined ? '' : `: ${why.replace(/\.$/, '')}`)

/** `attempt`: the number of the one that a step tells of. */
function stepText(step: Step, attempt: number): string {
  switch (step.is) {
    case 'again':
      return `attempt ${attempt}: ${step.outcome}${said(step.why)}; again at ${moment(step.dueAt)}`
    case 'interrupted':
      return `attempt ${attempt}: the service ended before an answer came; it waits again`
    case 'coalesced':
      return step.with === undefined ? 'a newer push took its place' : `push ${step.with} took its place`
    case 'shortened':
      return `${step.by} more attempts`
    case 'ended':
      return step.outcome === undefined
        ? step.end
        : `attempt ${attempt}: ${step.end}${step.outcome === 'delivered' ? '' : ` (${step.outcome}${said(step.why)})`}`
  }
}

function attemptsOf(step: Step): number {
  return step.is === 'again' || step.is === 'interrupted' ? 1 : step.is === 'shortened' ? step.by : 0
}

function standing(trace: Trace, held: string | undefined): readonly string[] {
  const due = trace.dueAt === undefined ? '' : ` until ${moment(trace.dueAt)}`
  const why = held === undefined ? '' : `; the app is held: ${held}`
  if (trace.state === 'waiting') return [`waits${due}${why}`]
  if (trace.state === 'behind') return ['waits until the push before it to the same device is settled']
  return trace.state === 'out' ? ['is being sent'] : []
}

function traceLines(trace: Trace, held: string | undefined): readonly string[] {
  const { id, app, class: kind, publisher, acceptedAt } = trace
  const rows = [
    [moment(acceptedAt), `accepted as ${kind}${publisher === undefined ? '' : ` from ${publisher}`}, answered result`],
  ]
  let attempt = 1
  for (const step of trace.steps) {
    rows.push([moment(step.at), stepText(step, attempt)])
    attempt += attemptsOf(step)
  }
  for (const text of standing(trace, held)) rows.push(['now', text])
  return [`push ${id} for ${app}`, ...aligned(rows.map(([at = '', text = '']) => [`  ${at}`, text]))]
}

function tombstoneLine({ node, owner, service, diedAt, why }: Tombstone): string {
  return `until ${moment(diedAt)} a device of ${owner} was registered at node ${node} of ${service}: ${why}`
}

/** The explanation for a person. */
export function explanationLines(explanation: Explanation): readonly string[] {
  const { about, is, devices, tombstones, traces, refusals, held, at } = explanation
  const nothing =
    is === 'unknown' || devices.length + tombstones.length + traces.length + refusals.length === 0
      ? [`nothing is known of ${about}: no push that came lately, no device, no node, no owner`]
      : []
  const blocks: readonly (readonly string[])[] = [
    nothing,
    deviceLines(devices),
    tombstones.map(tombstoneLine),
    ...refusals.map((each) => [
      `${span(at - each.at)} ago a publish from ${each.publisher} to ${each.service} was refused (${each.answer}): ${each.why}`,
    ]),
    devices.length > 0 && traces.length === 0 ? ['no push came for it lately'] : [],
    ...traces.map((trace) => traceLines(trace, held[trace.app])),
  ]
  return blocks.flat()
}

export function explain(about: string, words: OperatorWords, terminal: Terminal): Promise<ExitCode> {
  return operate(words, { ask: 'explain', about }, explanationLines, terminal)
}

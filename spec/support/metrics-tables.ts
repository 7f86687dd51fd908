/** Every figure that `/metrics` may have, and the rows that `docs/metrics.md` must have of them. */
import { systemClock } from '../../lib/clock'
import { type Figure } from '../../lib/observe/figures'
import { makeMeters } from '../../lib/observe/meters'
import { makeExporter } from '../../lib/observe/otlp'
import { makeProcessFigures } from '../../lib/observe/process'
import { figuresOf } from '../../lib/observe/standing'
import { openEveryInterface } from './open-interface'

export interface Section {
  readonly title: string
  readonly figures: readonly Figure[]
}

function ofProcess(): readonly Figure[] {
  const { figures, stop } = makeProcessFigures(() => 0)
  stop()
  return figures
}

function ofTraces(): readonly Figure[] {
  const to = { url: 'http://127.0.0.1:1/v1/traces', headers: new Map() }
  return makeExporter({ to, version: '0', clock: systemClock, notice: () => undefined }).figures
}

/** The figures, by the section of the page in which they stand. */
export function sections(): readonly Section[] {
  const own = openEveryInterface().flatMap(({ name, figures = [] }): readonly Section[] =>
    figures.length === 0 ? [] : [{ title: `Of ${name}`, figures }],
  )
  return [
    { title: 'How the service stands', figures: figuresOf(undefined) },
    { title: 'What it did since it was started', figures: makeMeters({ apps: [], components: [] }).figures },
    { title: 'The process', figures: ofProcess() },
    { title: 'Where traces are sent (`telemetry`)', figures: ofTraces() },
    ...own,
  ]
}

/** A row of the page. */
export function rowOf({ name, type, labels, help }: Figure): string {
  return `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`
}

/** Names of series that an expression asks for. */
export function namesIn(expression: string): readonly string[] {
  return [...new Set(expression.match(/\b(?:xmpp_push|process|nodejs)_[a-z0-9_]+/g) ?? [])]
}

/** Every name of a series that there may be. */
export function seriesNames(): ReadonlySet<string> {
  const all = sections().flatMap(({ figures }) => figures)
  return new Set(
    all.flatMap(({ name, type }) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  )
}

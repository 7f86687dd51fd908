/** What `check` found, as lines for a person and as JSON: facts, warnings and faults, those of the configuration apart from those that were proven live. */
import { type Fault } from '../config/fault'
import { faultLines } from './faults'
import { counted } from './spelling'

/** `configuration`: it stands in the files. `live`: it came of opening the store, of links, of push services, of names. */
type Of = 'configuration' | 'live'

/** What was found, as `--json` prints it. */
export interface Finding {
  readonly is: 'fact' | 'warning' | 'fault'
  readonly of: Of
  /** Of a fact what it tells of (`store`, `app`); of the others the path in the configuration, or what it concerns. */
  readonly about: string
  readonly text: string
  readonly mend?: string
}

export interface Report {
  /** Tells a fact; without `head` one more of what was told last. `about`: what it tells of, if the head does not say it. */
  fact(head: string, text: string, more?: { readonly mend?: string | undefined; readonly about?: string }): void
  /** `path`: where in the configuration; where it is left out, `text` says it all and `about` is for JSON. */
  warning(
    warning: { readonly text: string; readonly mend?: string | undefined } & (
      { readonly path: string } | { readonly about: string }
    ),
  ): void
  fault(fault: Fault): void
  /** From now on all that is told was proven live. */
  live(): void
  lines(): readonly string[]
  /** One line about the whole. `untried`: why nothing was proven live. */
  summary(untried?: string): string
  findings(): readonly Finding[]
  /** How many. */
  count(is: Finding['is'], of?: Of): number
}

const MARGIN = ' '.repeat(10)

function noted(mark: string, text: string, mend: string | undefined): readonly string[] {
  return [`${mark.padEnd(MARGIN.length)}${text}`, ...(mend === undefined ? [] : [`${MARGIN}→ ${mend}`])]
}

export function makeReport(): Report {
  const lines: string[] = []
  const findings: Finding[] = []
  let of: Of = 'configuration'
  let last = ''
  const add = (is: Finding['is'], about: string, text: string, mend: string | undefined): void => {
    findings.push({ is, of, about, text, ...(mend === undefined ? {} : { mend }) })
  }
  const count = (is: Finding['is'], its?: Of): number =>
    findings.filter((each) => each.is === is && (its === undefined || each.of === its)).length

  return Object.freeze({
    fact(head: string, text: string, { mend, about = head }: Parameters<Report['fact']>[2] = {}) {
      last = about === '' ? last : about
      lines.push(...noted(head, text, mend))
      add('fact', last, text, mend)
    },
    warning(warning: Parameters<Report['warning']>[0]) {
      const { text, mend } = warning
      last = 'path' in warning ? warning.path : warning.about
      lines.push(...noted('warning', 'path' in warning ? `${warning.path}: ${text}` : text, mend))
      add('warning', last, text, mend)
    },
    fault(fault: Fault) {
      lines.push(...faultLines([fault]))
      add('fault', fault.path, fault.text, fault.mend)
    },
    live: () => void (of = 'live'),
    lines: () => lines,
    summary(untried?: string) {
      const [its, proven, warnings] = [count('fault', 'configuration'), count('fault', 'live'), count('warning')]
      const warned = warnings === 0 ? '' : `, ${counted(warnings, 'warning')}`
      const faults = its === 0 ? 'no faults' : counted(its, 'fault')
      if (proven > 0) return `${faults} in the configuration, ${counted(proven, 'fault')} found live${warned}`
      return `${faults}${warned}${untried === undefined ? '' : `; ${untried}`}`
    },
    findings: () => findings,
    count,
  })
}

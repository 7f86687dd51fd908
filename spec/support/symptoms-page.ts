/** The page of symptoms: a section for each broken setup, with what it says where. Written from what was said, and read again. */
import { type Setup } from './broken-setup'
import { type Symptoms } from './broken-house'

/** Parts of the page, by their titles. */
export type Parts = Readonly<Record<string, readonly string[]>>

const BEGIN = '<!-- What follows is written by: SYMPTOMS=write npx jest spec/commands/broken-setups.spec.ts -i -->'

const NOBODY = '_nobody answers: the service did not start_'

/** Fit for a cell. */
const cell = (lines: readonly string[]): string =>
  lines.map((line) => line.replace(/\|/g, '\\|').replace(/</g, '&lt;').replace(/\*/g, '\\*')).join('<br>')

const anchor = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^\p{L}\p{N} -]/gu, '')
    .replace(/ /g, '-')

/** Only the lines that name the cause and the cure: what else was said, and how often, is a matter of the moment. */
function toldOf(lines: readonly string[], { cause, cure }: Setup): readonly string[] {
  return lines.filter((line) => cause.test(line) && cure.test(line))
}

/** The section of one setup. */
export function sectionOf(name: string, setup: Setup, told: Symptoms): string {
  const check = toldOf(told.check, setup)
  const live = toldOf(told.live, setup)
  const asIs = (lines: readonly string[] | undefined): string =>
    lines === undefined ? NOBODY : cell(toldOf(lines, setup))
  const rows = [
    ...(check.length === 0 ? [] : [['`check`', cell(check)]]),
    ...(live.join() === check.join() ? [] : [['`check --live`', cell(live)]]),
    ['log', cell(toldOf(told.log, setup))],
    ['`/ready`', told.ready === undefined ? NOBODY : `\`${told.ready[0] ?? ''}\`: ${asIs(told.ready)}`],
    ['page', asIs(told.page)],
  ]
  const table = rows.map(([where = '', says = '']) => `| ${where} | ${says} |`)
  return [`### ${name}`, '', '| where | what it says |', '|---|---|', ...table].join('\n')
}

/** The generated half of the page. */
export function generated(parts: Parts, sections: ReadonlyMap<string, string>): string {
  const index = Object.entries(parts).flatMap(([title, names]) => [
    `- ${title}: ${names.map((name) => `[${name.charAt(0).toLowerCase()}${name.slice(1)}](#${anchor(name)})`).join(', ')}`,
  ])
  const body = Object.entries(parts).flatMap(([title, names]) => [
    `## ${title}`,
    ...names.map((name) => sections.get(name) ?? ''),
  ])
  return [BEGIN, index.join('\n'), ...body].join('\n\n') + '\n'
}

/** What was written by hand, before the mark. */
export const handWritten = (page: string): string => page.slice(0, Math.max(0, page.indexOf(BEGIN)))

/** The sections that the page has, by name. */
export function sectionsIn(page: string): ReadonlyMap<string, string> {
  const parts = page.split(/^(?=###? )/m).filter((part) => part.startsWith('### '))
  return new Map(parts.map((part) => [/^### (.*)$/m.exec(part)?.[1] ?? '', part.trimEnd()]))
}

/** Each broken setup is played, and docs/symptoms.md tells of each what it said. `SYMPTOMS=write` writes the page anew. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brokenCredentials } from '../support/broken-credentials'
import { type BrokenHouse, startBrokenHouse, type Symptoms } from '../support/broken-house'
import { brokenLinks } from '../support/broken-links'
import { brokenMachines } from '../support/broken-machines'
import { type Setup } from '../support/broken-setup'
import { brokenTraffic } from '../support/broken-traffic'
import { generated, handWritten, sectionOf, sectionsIn } from '../support/symptoms-page'

const groups = {
  'The link to the XMPP server': brokenLinks,
  'Credentials and push services': brokenCredentials,
  'The machine and its database': brokenMachines,
  'Nothing fails, and no phone rings': brokenTraffic,
}
const parts = Object.fromEntries(Object.entries(groups).map(([title, setups]) => [title, Object.keys(setups)]))
const setups = Object.entries(Object.assign({}, ...Object.values(groups)) as Readonly<Record<string, Setup>>)
const tried = setups.filter(([, { untried }]) => untried === undefined)

const PAGE = join(__dirname, '..', '..', 'docs', 'symptoms.md')
const page = readFileSync(PAGE, 'utf8')
const isToBeWritten = process.env['SYMPTOMS'] === 'write'
const RUN = 'SYMPTOMS=write npx jest spec/commands/broken-setups.spec.ts -i'

/** What every place is to say: both the cause and the cure. */
function expectTold(lines: readonly string[] | undefined, { cause, cure }: Setup): void {
  const told = (lines ?? []).join('\n')
  expect(told).toMatch(cause)
  expect(told).toMatch(cure)
}

describe('a broken setup', () => {
  let broken: BrokenHouse
  const sections = new Map(sectionsIn(page))
  beforeAll(async () => {
    broken = await startBrokenHouse()
  })
  afterAll(() => broken.close())

  it.each(tried)('%s: check, log, /ready and page name cause and cure', async (name, setup) => {
    const told: Symptoms = await broken.look(setup)
    const { check, live, log, ready, page: shown } = told
    expectTold(live, setup)
    expectTold(log, setup)
    if (setup.found === 'live') expect(check).toEqual([])
    else expectTold(check, setup)
    const places = setup.starts === false ? [] : [ready, shown]
    for (const place of places) expectTold(place, setup)
    expect([ready, shown].filter((place) => place !== undefined)).toHaveLength(places.length)
    const section = sectionOf(name, setup, told)
    if (isToBeWritten) sections.set(name, section)
    else if (sections.get(name) !== section)
      throw new Error(`docs/symptoms.md says something else; run: ${RUN}\n\n${section}`)
  })

  for (const [name, { untried }] of setups.filter(([, setup]) => setup.untried !== undefined)) {
    it.skip(`${name} is skipped: ${untried ?? ''}`, () => undefined)
  }

  it('is told in docs/symptoms.md, each in a section of its own and in the table of contents', () => {
    const whole = `${handWritten(page)}${generated(parts, sections)}`
    if (isToBeWritten) writeFileSync(PAGE, whole)
    else if (page !== whole) throw new Error(`docs/symptoms.md is not in step; run: ${RUN}`)
    expect(setups.length).toBeGreaterThanOrEqual(22)
  })
})

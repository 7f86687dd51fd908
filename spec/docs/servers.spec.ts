import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PERSONALITIES } from '../../lib/sim/xmpp-server-personalities'

const root = join(__dirname, '..', '..')
const read = (...path: readonly string[]): string => readFileSync(join(root, ...path), 'utf8')
const servers = Object.keys(PERSONALITIES)

describe('docs/servers', () => {
  it('has a page for each server that the simulator plays, and README leads to it', () => {
    expect(readdirSync(join(root, 'docs', 'servers')).sort()).toEqual(servers.map((name) => `${name}.md`).sort())
    const readme = read('README.md')
    expect(servers.filter((name) => !readme.includes(`(docs/servers/${name}.md)`))).toEqual([])
  })

  it.each(servers)('tells of %s whether it was tried, how to attach it, what survives, and how to see it', (name) => {
    const page = read('docs', 'servers', `${name}.md`)
    const wasTried = existsSync(join(root, 'spec', 'real', `${name}.spec.ts`))
    expect(page).toMatch(wasTried ? /^Tried with /m : /^Untried: /m)
    const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)
    expect(headings).toEqual(['Attach', 'What its registrations survive', 'See that it works'])
  })
})

describe('docs/protocols.md', () => {
  const text = read('docs', 'protocols.md')
  const section = text.slice(text.indexOf('\n## Servers\n'), text.indexOf('\n## Clients\n'))
  const quotedIn = (part: string): readonly string[] =>
    [...part.matchAll(/`([^`]+)`/g)].map(([, quoted = '']) => quoted)
  const rows = section.split('\n').filter((line) => line.startsWith('| `'))

  it('has a row for each server', () => {
    expect(rows.map((row) => quotedIn(row)[0])).toEqual(servers)
  })

  it('names in each cell of a server a test that is there', () => {
    const missing = rows.flatMap((row) => {
      const [server = '', ...cells] = quotedIn(row)
      const spec = read('spec', 'servers', `${server}.spec.ts`)
      return cells.filter((cell) => !spec.includes(cell)).map((cell) => `${server}: ${cell}`)
    })
    expect(missing).toEqual([])
    const story = read('spec', 'support', 'server-story.ts')
    const common = quotedIn(section.slice(0, section.indexOf('| server'))).filter((each) => each.includes(' '))
    expect(common).toHaveLength(3)
    expect(common.filter((each) => !story.includes(each))).toEqual([])
  })

  it('names behind each case that is run for real a test that is there, for real ones and for played ones', () => {
    const cases = section.slice(section.indexOf('\n### Run for real\n')).split('\n')
    const named = cases.filter((line) => /^\| (?!case )/.test(line)).map((line) => quotedIn(line)[0] ?? line)
    expect(named).toHaveLength(15)
    const stories = ['story', 'traffic', 'death', 'outage'].map((name) => read('spec', 'support', `real-${name}.ts`))
    expect(named.filter((name) => !stories.some((story) => story.includes(name)))).toEqual([])
    expect(named.slice(0, 5).filter((name) => !stories[0]?.includes(name))).toEqual([])
  })
})

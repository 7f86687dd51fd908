import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(__dirname, '..', '..')
const read = (...path: readonly string[]): string => readFileSync(join(root, ...path), 'utf8')

const text = read('docs', 'protocols.md')
const section = text.slice(text.indexOf('\n## What the texts demand\n'), text.indexOf('\n## Servers\n'))
/** The names in the last cell of each row. */
const rows = section
  .split('\n')
  .filter((line) => line.startsWith('| XEP-'))
  .map((line) => [...(line.split('|').at(-2) ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name))

const stories = readdirSync(join(root, 'spec', 'scenarios')).map((name) => name.replace(/\.txt$/, ''))
const titles = readdirSync(join(root, 'spec', 'xmpp'))
  .filter((name) => name.endsWith('.spec.ts'))
  .flatMap((name) => read('spec', 'xmpp', name).match(/^ *(?:it|\]\))\(.*$/gm) ?? [])

describe('docs/protocols.md', () => {
  it('names for each demand of a text a story or a test that is there', () => {
    expect(rows.length).toBeGreaterThan(0)
    expect(rows.filter((names) => names.length === 0)).toEqual([])
    const isThere = (name: string): boolean => stories.includes(name) || titles.some((title) => title.includes(name))
    expect(rows.flat().filter((name) => !isThere(name))).toEqual([])
  })

  it('has a demand for each story of nodes and commands', () => {
    const own = stories.filter((name) => /^(?:pubsub|commands)/.test(name))
    expect(own.filter((name) => !rows.flat().includes(name))).toEqual([])
  })
})

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(__dirname, '..', '..')
const text = readFileSync(join(root, 'docs', 'protocols.md'), 'utf8')
const title = '\n## Traps of the wire\n'
const section = text.slice(text.indexOf(title) + title.length).split(/\n## /)[0] ?? ''
const namesIn = (cell: string): readonly string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)

const sources = ['wire', 'providers'].flatMap((folder) =>
  readdirSync(join(root, 'spec', folder))
    .filter((name) => name.endsWith('.spec.ts'))
    .map((name) => readFileSync(join(root, 'spec', folder, name), 'utf8')),
)

describe('docs/protocols.md, traps of the wire', () => {
  const rows = section.split('\n').filter((line) => /^\| (?!trap )/.test(line))

  it('has a story or a test behind each of them', () => {
    expect(rows.length).toBeGreaterThan(5)
    const isShown = (name: string): boolean =>
      existsSync(join(root, 'spec', 'scenarios', `${name}.txt`)) ||
      sources.some((source) => source.includes(`'${name}', `))
    const wrong = rows.flatMap((row) => {
      const names = namesIn(row.split('|')[3] ?? '')
      return names.length === 0 ? [row] : names.filter((name) => !isShown(name))
    })
    expect(wrong).toEqual([])
    expect(isShown('takes no connection out of the pool again that said')).toBe(false)
  })
})

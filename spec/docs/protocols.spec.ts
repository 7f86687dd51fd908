import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { dialects } from '../../lib/kinds'

const root = join(__dirname, '..', '..')
const storyOf = (name: string): string => join(root, 'spec', 'scenarios', `${name}.txt`)

/** What a client says that registers by no command: an option of its publishes. */
const options: Readonly<Record<string, string>> = {
  monal: 'pushModule',
  mongooseim: 'device_id',
  push2: 'urn:xmpp:push2:0',
}

/** The rows of the table of clients, cell by cell. */
function clientRows(): readonly (readonly string[])[] {
  const text = readFileSync(join(root, 'docs', 'protocols.md'), 'utf8')
  const lines = text.slice(text.indexOf('\n## Clients\n')).split('\n')
  return lines.filter((line) => /^\| (?!client |-)/.test(line) && !line.startsWith('|--')).map(cellsOf)
}

const cellsOf = (line: string): readonly string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())
const namesIn = (cell: string): readonly string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)

describe('docs/protocols.md', () => {
  const rows = clientRows()

  it('has a story behind each step of each client, in the words of that client', () => {
    expect(rows.length).toBeGreaterThan(0)
    const wrong: string[] = []
    for (const [client = '', dialect = '', ...steps] of rows) {
      const command = namesIn(dialect).at(-1) ?? ''
      for (const step of steps) {
        const [story] = namesIn(step)
        const isThere = story !== undefined && existsSync(storyOf(story))
        if (!isThere) wrong.push(`${client}: there is no story "${step}"`)
        else if (!readFileSync(storyOf(story), 'utf8').includes(`'${command}'`)) {
          wrong.push(`${client}: ${story} has no ${command}`)
        }
      }
    }
    expect(wrong).toEqual([])
  })

  it('names dialects and commands as they are', () => {
    for (const [, dialect = ''] of rows) {
      const names = namesIn(dialect)
      const spoken = dialects.filter(({ name }) => names.includes(name))
      expect(spoken.map(({ name }) => name)).toEqual(names.slice(0, -1))
      const words = spoken.flatMap(({ name, commands }) => [options[name], ...commands.map(({ node }) => node)])
      expect(words).toContain(names.at(-1))
    }
  })
})

describe('docs/clients.md', () => {
  const text = readFileSync(join(root, 'docs', 'clients.md'), 'utf8')

  it('tells of every command', () => {
    const shortened = (node: string): string => node.replace(/^unregister-push-(gcm|apns)$/, 'unregister-push-fcm')
    const nodes = dialects.flatMap(({ commands }) => commands.map(({ node }) => shortened(node)))
    expect(nodes.filter((node) => !text.includes(`\`${node}\``) && !text.includes(`node='${node}'`))).toEqual([])
  })
})

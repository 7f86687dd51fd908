import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { configSchema } from '../../lib/config'
import { type Path, spell } from '../../lib/config/fault'
import { shapesAt } from '../../lib/config/shape'
import { agrees, referenceTables, writtenTables } from '../support/reference-tables'

const root = join(__dirname, '..', '..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

describe('docs/configuration.md', () => {
  const wanted = referenceTables(configSchema())
  const written = writtenTables(read('docs/configuration.md'))

  it.each([...wanted])('has one row for each key of %s', (title, rows) => {
    const found = written.get(title) ?? []
    const odd = rows.filter((row, at) => !agrees(row, found[at]))
    expect(odd).toEqual([])
    expect(found).toHaveLength(rows.length)
  })

  it('has no key that there is not', () => {
    const titles = [...written.keys()].filter((title) => !wanted.has(title))
    expect(titles).toEqual([])
  })
})

describe('docs/component.config.schema.json', () => {
  it('is what `xmpp-push schema` prints', () => {
    expect(JSON.parse(read('docs/component.config.schema.json'))).toEqual(JSON.parse(JSON.stringify(configSchema())))
  })

  it('knows every key of the example, with a value that it may have', () => {
    const schema = configSchema()
    const unknown: string[] = []
    const look = (value: unknown, path: Path): void => {
      const shapes = shapesAt(schema, path)
      const choices = shapes.flatMap((shape) => shape.enum ?? [])
      const isChosen = typeof value !== 'string' || choices.length === 0 || choices.includes(value)
      if (shapes.length === 0 || !isChosen) unknown.push(spell(path))
      if (typeof value !== 'object' || value === null) return
      for (const [key, inner] of Object.entries(value) as [string, unknown][]) {
        look(inner, [...path, Array.isArray(value) ? Number(key) : key])
      }
    }
    look(JSON.parse(read('component.config.json')), [])
    expect(unknown).toEqual([])
    look({ store: { kind: 'sqlit', flie: 'x' } }, [])
    expect(unknown).toEqual(['store.kind', 'store.flie'])
  })
})

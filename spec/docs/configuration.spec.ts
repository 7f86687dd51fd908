import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { configSchema } from '../../lib/config'
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
})

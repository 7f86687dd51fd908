import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { configSchema } from '../../lib/config'
import { interfaces } from '../../lib/http/interfaces'
import * as kinds from '../../lib/kinds'
import { call } from '../support/call'
import { writtenTables } from '../support/reference-tables'

const root = join(__dirname, '..', '..')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const pages = ['docs/contributing.md', 'CONTRIBUTING.md', 'SECURITY.md']
const page = read('docs/contributing.md')
const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> }

const all = (text: string, pattern: RegExp): readonly string[] => [
  ...new Set([...text.matchAll(pattern)].map(([, found = '']) => found)),
]
/** Files and folders of ours; those that a recipe has yet to make are spelt with `<…>`. */
const pathsIn = (text: string): readonly string[] =>
  all(text, /((?:lib|spec|docs|bench|packaging)\/[\w./<>-]*|[A-Z]+\.md)/g).map((path) => path.replace(/\.$/, ''))
const isThere = (path: string): boolean => path.includes('<') || existsSync(join(root, path))

describe.each(pages)('%s', (file) => {
  const text = read(file)

  it('names no file and no folder that there is not', () => {
    expect(pathsIn(text).filter((path) => !isThere(path))).toEqual([])
  })

  it('leads nowhere that there is not', () => {
    const links = all(text, /\]\(([^)#]+)[^)]*\)/g).filter((to) => !to.startsWith('https:'))
    expect(links.filter((to) => !existsSync(join(root, dirname(file), to)))).toEqual([])
  })

  it('has a reader calling no script that there is not', () => {
    const called = all(text, /\bnpm (?:run )?(?!ci\b|run\b|pack\b)([\w:]+)/g)
    expect(called.filter((name) => scripts[name] === undefined)).toEqual([])
  })

  it('is led to by README', () => {
    expect(read('README.md')).toContain(`](${file})`)
  })
})

describe('docs/contributing.md', () => {
  it('would notice a file that there is not', () => {
    const found = pathsIn('see `lib/providers/carrier-pigeon.ts`, `lib/kinds.ts` and `spec/dialects/<name>.spec.ts`.')
    expect(found.filter((path) => !isThere(path))).toEqual(['lib/providers/carrier-pigeon.ts'])
  })

  it('names every suite that an implementation calls, by its file and its name', () => {
    const suites: Readonly<Record<string, string>> = {
      providerContract: 'spec/contracts/provider.ts',
      profileContract: 'spec/contracts/profile.ts',
      dialectContract: 'spec/contracts/dialect.ts',
      carryingContract: 'spec/contracts/carrying-dialect.ts',
      storeContract: 'spec/contracts/store.ts',
    }
    expect(all(page, /`(\w+Contract)`/g)).toEqual(Object.keys(suites))
    for (const [name, file] of Object.entries(suites)) {
      expect(page).toContain(`\`${file}\``)
      expect(read(file)).toContain(`export function ${name}(`)
    }
  })

  it('has a recipe for each extension point, and registers each where it is registered', () => {
    const rows = page.split('\n').filter((line) => /^\| an? /.test(line))
    const names = rows.map((row) => /^\| (an? [^|]+) \|/.exec(row)?.[1] ?? '')
    const titles = all(page, /^## (An? .*)$/gm)
    expect(titles.map((title) => title.toLowerCase())).toEqual(names.map((name) => name.toLowerCase()))
    const tables = rows.flatMap((row) => /`lib\/kinds\.ts`, `(\w+)`/.exec(row)?.[1] ?? [])
    expect(tables.sort()).toEqual(
      Object.keys(kinds)
        .filter((name) => name !== 'outboxes')
        .sort(),
    )
    expect(interfaces.length).toBeGreaterThan(0)
  })

  it('names every family that a provider may speak for', () => {
    const speaks = new Set(Object.values(kinds.providers).map((provider) => provider.speaks))
    const [named = ''] = /that there is \(([^)]+)\)/.exec(page)?.slice(1) ?? []
    expect(all(named, /`(\w+)`/g)).toEqual([...speaks])
  })

  it('sends whoever has settings to sections that there are', () => {
    const titles = [...writtenTables(read('docs/configuration.md')).keys()]
    for (const part of ['provider', 'profile', 'store']) {
      expect(page).toContain(`"${part} \`<name>\`"`)
      expect(titles.filter((title) => title.startsWith(`${part} `)).length).toBeGreaterThan(1)
    }
    expect(configSchema().properties).toHaveProperty('apps')
  })

  it('names commands and options that there are', async () => {
    const named = all(page, /lib\/cli\.ts (\w+)/g)
    expect(named).toContain('check')
    for (const name of named) expect((await call(name, '--help')).out).toContain(`Usage: xmpp-push ${name} `)
    const { out: ofCheck } = await call('check', '--help')
    for (const option of all(page, /(--[a-z][\w-]+)/g)) expect(ofCheck).toContain(option)
  })
})

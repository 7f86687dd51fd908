import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { deviceSources, settingsSources } from '../../lib/imports/peers'
import { call } from '../support/call'

const root = join(__dirname, '..', '..')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const page = read('docs/moving.md')

/** As GitHub makes them of headings. */
const anchorsOf = (text: string): readonly string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  )

describe('docs/moving.md', () => {
  it('tells of each service that can be imported, and README leads to it', () => {
    for (const name of Object.keys({ ...deviceSources, ...settingsSources })) {
      expect(page).toContain(`\`xmpp-push import ${name} `)
    }
    expect(read('README.md')).toContain('(docs/moving.md)')
    expect(read('docs/operating.md')).toContain('(moving.md)')
  })

  it('names no command and no option that there is not', async () => {
    const named = [...page.matchAll(/xmpp-push import (\w+)/g)].map(([, name = '']) => name)
    const { out: all } = await call('import', '--help')
    for (const name of new Set(named)) expect(all).toMatch(new RegExp(`^  ${name} `, 'm'))
    const helps = await Promise.all([...new Set(named)].map((name) => call('import', name, '--help')))
    helps.push(await call('migrate', '--help'))
    const options = new Set(helps.flatMap(({ out }) => [...out.matchAll(/--[\w-]+/g)].map(([option]) => option)))
    const elsewhere = ['--owner', '--inserts']
    for (const [option] of page.matchAll(/--[a-z][\w-]+/g)) {
      if (!elsewhere.includes(option)) expect([...options]).toContain(option)
    }
  })

  it('leads nowhere that there is not', () => {
    for (const [, to = ''] of page.matchAll(/\]\(([^)]+)\)/g)) {
      const [file = '', anchor] = to.split('#')
      const path = file === '' ? 'docs/moving.md' : join(dirname('docs/moving.md'), file)
      expect({ to, isThere: existsSync(join(root, path)) }).toEqual({ to, isThere: true })
      if (anchor !== undefined) expect(anchorsOf(read(path))).toContain(anchor)
    }
  })
})

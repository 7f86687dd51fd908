import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Need, realDescribe } from '../support/available'
import { call } from '../support/call'

const PAGE = join(__dirname, '..', '..', 'man', 'xmpp-push.1')

/** Programs that know the macros; each says nothing where nothing is wrong. */
const linters: readonly (readonly [need: Need, words: readonly string[]])[] = [
  ['mandoc', ['-Tlint', PAGE]],
  ['groff', ['-man', '-ww', '-Tutf8', '-z', PAGE]],
]

for (const [program, words] of linters) {
  realDescribe(program, `man/xmpp-push.1, read by ${program}`, () => {
    it('has nothing in it that is objected to', () => {
      const { stdout, stderr } = spawnSync(program, words, { encoding: 'utf8' })
      expect(`${stdout}${stderr}`).toBe('')
    })
  })
}

describe('man/xmpp-push.1', () => {
  const page = readFileSync(PAGE, 'utf8')

  it('is what `xmpp-push man` prints: run `npx tsx lib/cli.ts man > man/xmpp-push.1` after a change of the help', async () => {
    const { code, out } = await call('man')
    expect(code).toBe(0)
    expect(page).toBe(out)
  })

  it('tells name, commands with their options and examples, exit codes and files', () => {
    expect(page).toMatch(/^\.SH NAME\nxmpp-push \\- XMPP push service$/m)
    for (const part of ['SYNOPSIS', 'COMMANDS', 'EXIT STATUS', 'ENVIRONMENT', 'FILES']) {
      expect(page).toContain(`\n.SH ${part}\n`)
    }
    expect(page).toMatch(/^\.SS\n\\fBdevices erase\\fR \[options\]$/m)
    expect(page).toMatch(/^\\fB\\-\\-owner\\fR <jid>$/m)
    expect(page).toMatch(/^\\fBxmpp\\-push check \\-\\-live \\-\\-json \| jq \\\(aq\.faults\\\(aq\\fR$/m)
  })

  it('has no character that is a macro by chance, and no escape that there is not', () => {
    const macros = new Set(page.split('\n').flatMap((line) => /^[.'](\S*)/.exec(line)?.[1] ?? []))
    expect([...macros].sort()).toEqual(['PP', 'SH', 'SS', 'TH', 'TP', '\\"'].sort())
    expect([...page.matchAll(/\\(.)/g)].map(([, first]) => first)).not.toContain(' ')
  })
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type AdministratorOptions } from '../../lib/xmpp/administrator-command'
import { administratorCommands } from '../../lib/xmpp/administrator-commands'

const page = readFileSync(join(__dirname, '..', '..', 'docs', 'administrators.md'), 'utf8')
const options = { dialects: [], apps: () => [], register: { isAdmin: () => true } } as unknown as AdministratorOptions
const commands = administratorCommands(options).commands({ domain: 'example.com' })

describe('docs/administrators.md', () => {
  it('has one row for each command, in their order, and no other', () => {
    const rows = [...page.matchAll(/^\| `([^`]+)` \|/gm)].map(([, node]) => node)
    expect(rows.length).toBeGreaterThan(6)
    expect(rows).toEqual(commands.map(({ node }) => node))
  })

  it.each([
    ['shown', 'admin#remove-device'],
    ['device', 'admin#test-push'],
    ['devices', 'admin#unregister-devices'],
  ])('tells that `%s` stands for the second step of %s, which has one', (field, node) => {
    expect(page.replace(/\s+/g, ' ')).toContain(`\`${field}\` for \`${node}\``)
    expect(commands.find((each) => each.node === node)?.hasSteps).toBe(true)
  })
})

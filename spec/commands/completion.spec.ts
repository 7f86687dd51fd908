import { execFileSync } from 'node:child_process'
import { call } from '../support/call'

describe('lib/commands/completion', () => {
  it('lets bash offer the commands below a command, and none of another', async () => {
    const { code, out } = await call('completion', 'bash')
    expect(code).toBe(0)
    const typed = 'COMP_WORDS=(xmpp-push devices ""); COMP_CWORD=2; _xmpp_push; echo "${COMPREPLY[@]}"'
    const offered = execFileSync('bash', ['-c', `${out}\n${typed}`], { encoding: 'utf8' })
      .trim()
      .split(' ')
    expect(offered).toEqual(expect.arrayContaining(['list', 'show', 'remove', 'test']))
    expect(offered).not.toContain('retry')
  })

  it('knows zsh and fish, and refuses other shells', async () => {
    expect((await call('completion', 'zsh')).out).toContain('bashcompinit')
    expect((await call('completion', 'fish')).out).toContain('complete -c xmpp-push')
    expect((await call('completion', 'csh')).code).toBe(2)
  })
})

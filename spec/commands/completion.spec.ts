import { execFileSync } from 'node:child_process'
import { type Command } from 'commander'
import { systemClock } from '../../lib/clock'
import { makeProgram } from '../../lib/commands/program'
import { call } from '../support/call'

/** What bash offers for each of these lines, the last word being typed. */
async function offered(lines: readonly (readonly string[])[]): Promise<readonly (readonly string[])[]> {
  const { code, out } = await call('completion', 'bash')
  expect(code).toBe(0)
  const asks = lines.map((words) => {
    const typed = words.map((word) => `'${word}'`).join(' ')
    return `COMP_WORDS=(${typed}); COMP_CWORD=${words.length - 1}; _xmpp_push; echo "\${COMPREPLY[@]}"`
  })
  const printed = execFileSync('bash', ['-c', `${out}\n${asks.join('\n')}`], { encoding: 'utf8' })
  return printed
    .split('\n')
    .slice(0, lines.length)
    .map((line) => line.split(' ').filter((word) => word !== ''))
}

function all(command: Command, path: readonly string[] = []): readonly (readonly [readonly string[], Command])[] {
  const below = command.createHelp().visibleCommands(command)
  return [[path, command], ...below.flatMap((each) => all(each, [...path, each.name()]))]
}

describe('lib/commands/completion', () => {
  it('lets bash offer the commands below a command, and none of another', async () => {
    const [words = []] = await offered([['xmpp-push', 'devices', '']])
    expect(words).toEqual(expect.arrayContaining(['list', 'show', 'remove', 'test']))
    expect(words).not.toContain('retry')
  })

  it('offers every command and every option that there is', async () => {
    const program = makeProgram({ out: () => undefined, err: () => undefined, clock: systemClock }, () => undefined)
    const commands = all(program)
    const found = await offered(commands.map(([path]) => ['xmpp-push', ...path, '']))
    commands.forEach(([path, command], at) => {
      const wanted = [
        ...command
          .createHelp()
          .visibleCommands(command)
          .map((each) => each.name()),
        ...command.options.filter(({ hidden }) => !hidden).flatMap(({ long }) => long ?? []),
      ]
      expect({ path, missing: wanted.filter((word) => found[at]?.includes(word) !== true) }).toEqual({
        path,
        missing: [],
      })
    })
    expect(commands.length).toBeGreaterThan(25)
  })

  it('knows the words of an option and of an argument, and goes on after those that are free', async () => {
    const [servers, names, after, free] = await offered([
      ['xmpp-push', 'simulate', '--server', ''],
      ['xmpp-push', 'completion', ''],
      ['xmpp-push', 'devices', 'list', '--owner', 'outbox', '--a'],
      ['xmpp-push', 'check', '--config', ''],
    ])
    expect(servers).toEqual(['prosody', 'simulated'])
    expect(names).toEqual(expect.arrayContaining(['bash', 'zsh', 'fish']))
    expect(after).toEqual(['--app', '--after'])
    // Nothing of ours: the shell offers files.
    expect(free).toEqual([])
  })

  it('knows zsh and fish, and refuses other shells', async () => {
    expect((await call('completion', 'zsh')).out).toContain('bashcompinit')
    const { out } = await call('completion', 'fish')
    expect(out).toContain(`complete -c xmpp-push -n "__xmpp_push_at 'devices list'" -l owner -r -d 'of this account'`)
    expect(out).toContain(`-f -a 'erase' -d 'Removes everything of a person.'`)
    expect((await call('completion', 'csh')).code).toBe(2)
  })
})

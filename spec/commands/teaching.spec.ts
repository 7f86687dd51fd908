import { type Command } from 'commander'
import { systemClock } from '../../lib/clock'
import { makeProgram } from '../../lib/commands/program'
import { lessonOf } from '../../lib/commands/teaching'
import { call } from '../support/call'

const silent = { out: () => undefined, err: () => undefined, clock: systemClock }

function fresh(): Command {
  return makeProgram(silent, () => undefined)
}

/** Every command that help shows, with the words that lead to it. */
function all(command: Command, path: readonly string[] = []): readonly (readonly [path: string, command: Command])[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((each) => each.name() !== 'help')
    .flatMap((each) => [[[...path, each.name()].join(' '), each] as const, ...all(each, [...path, each.name()])])
}

/** The words after the program's name, as a shell would hand them over: up to a pipe or the name of a file to write. */
function wordsOf(example: string): readonly string[] {
  const [, own = ''] = /^(?:sudo -u \S+ )?xmpp-push ((?:'[^']*'|[^'|>;])*)/.exec(example) ?? []
  return [...own.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')
}

/** Parses them with every command's deed taken away; the path of the command that they reach. */
async function reached(words: readonly string[]): Promise<string> {
  const program = fresh()
  let found = ''
  for (const [path, command] of all(program))
    if (command.commands.length === 0) command.action(() => void (found = path))
  await program.parseAsync([...words], { from: 'user' })
  return found
}

const commands = all(fresh())

describe('what the help of a command teaches', () => {
  it('is looked at for every command', () => {
    const paths = commands.map(([path]) => path)
    expect(paths).toEqual(expect.arrayContaining(['run', 'check', 'status', 'devices erase', 'import p2', 'migrate']))
  })

  it.each(commands)('%s: what it is for, an example, exit codes', async (path) => {
    const { code, out } = await call(...path.split(' '), '--help')
    expect(code).toBe(0)
    expect(out).toMatch(/^Usage: xmpp-push .*\n\n[A-Z][^]*?\.\n/)
    expect(out).toMatch(/^Examples?:\n {2}\S.*\n {6}\S/m)
    expect(out).toMatch(/^Exit codes:\n {2}0 {2}\S.*\n {2}1 {2}\S.*\n {2}2 {2}\S/m)
    expect(out.split('\n').filter((line) => line.length > 120)).toEqual([])
  })

  it.each(commands)('%s: its examples can be called as they stand, and one of them calls it', async (path, command) => {
    const examples = lessonOf(command)?.examples ?? []
    const paths: string[] = []
    for (const [example] of examples) paths.push(await reached(wordsOf(example)))
    expect(paths).not.toContain('')
    expect(paths.filter((found) => found === path || found.startsWith(`${path} `))).not.toEqual([])
  })

  it('would notice an example that no longer parses', async () => {
    await expect(reached(wordsOf('xmpp-push outbox retry --ap org.example.ios'))).rejects.toThrow(
      "unknown option '--ap'",
    )
    await expect(reached(wordsOf('xmpp-push status everything'))).rejects.toThrow('too many arguments')
    expect(await reached(wordsOf("sudo -u xmpp-push xmpp-push apps --json | jq '.apps'"))).toBe('apps')
  })
})

#!/usr/bin/env node
/** argv → one command. Knows the words of the call and the exit codes (0 done, 1 failed and said why, 2 wrong words). */
import { Argument, Command, CommanderError, Option } from 'commander'
import { systemClock } from './clock'
import { check } from './commands/check'
import { completion, type Shell, shells } from './commands/completion'
import { addImportCommands } from './commands/importing'
import { addOperatorCommands } from './commands/operators'
import { run } from './commands/run'
import { schema } from './commands/schema'
import { simulate, type SimulateWords } from './commands/simulate'
import { type ExitCode, type Terminal } from './commands/terminal'
import { configFile } from './config'
import { tryLinks } from './try-links'
import { version } from './version'

const about = `XMPP push service: attaches to an XMPP server as an external component (XEP-0114), is the app server of XEP-0357, and wakes devices through APNs, FCM and Web Push.

Begin with \`xmpp-push simulate --once\`, which needs no account; then edit a copy of component.config.json and let \`xmpp-push check\` tell what is still missing.`

const runHelp = `
Reads the configuration (docs/configuration.md), attaches to the XMPP servers and
works until SIGTERM or SIGINT, upon which it finishes what is under way.
SIGHUP reads the credentials again.`

const checkHelp = `
Reads every key and certificate and shows team, topic, environment, expiry and what
each push service will see.
With --live it also opens the store, attaches each component once, asks APNs and FCM
whether they take the credentials, and tells whether the component's domain has an
address. Where the service runs, that one is asked, and no link is taken from it. What
only a push to a device can show, such as an APNs topic, is called "not proven".
Wakes no device. Ends with 1 if anything is wrong, and says how to mend it.

Example:
  xmpp-push check --live --config /etc/xmpp-push/component.config.json`

const simulateHelp = `
Everything on this machine, no account needed: an XMPP server (a real Prosody where
one is installed), APNs, FCM, Web Push, the service, devices, a message. Shows each
step.
Stays until Ctrl-C, and Enter sends another message; with --once it ends after the
first, with 0 only if the push arrived at all three. With --serve the service is left out:
it prints a configuration for one of your own and shows what arrives.`

interface FileWord {
  readonly config?: string
}

/** The commands; each hands its exit code to `end`. */
function makeProgram(terminal: Terminal, end: (code: ExitCode) => void): Command {
  const program = new Command('xmpp-push')
    .description(about)
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .showHelpAfterError('(xmpp-push --help tells the words)')
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .exitOverride()
  const configWord = [
    '-c, --config <file>',
    'the configuration (default: component.config.json, or XMPP_PUSH_CONFIG)',
  ] as const

  program
    .command('run')
    .summary('run the service')
    .description('Runs the service.')
    .option(...configWord)
    .addHelpText('after', runHelp)
    .action(async ({ config }: FileWord) => {
      end(await run({ file: config ?? configFile() }, terminal))
    })

  program
    .command('check')
    .summary('tell what is configured and what is wrong')
    .description('Checks the configuration and everything it points to.')
    .option(...configWord)
    .option('--live', 'prove links, store and credentials, too')
    .option('--json', 'print what was found as JSON')
    .addHelpText('after', checkHelp)
    .action(async ({ config, live, json }: FileWord & { readonly live?: true; readonly json?: true }) => {
      const file = config ?? configFile()
      const proveLinks = live === true ? tryLinks : undefined
      end(await check({ file, proveLinks, json: json === true }, terminal))
    })

  program
    .command('simulate')
    .summary('show one push from end to end, on this machine alone')
    .description('Plays the whole line on loopback.')
    .option('--once', 'end after one push; exit 0 only if it arrived at every push service')
    .addOption(
      new Option(
        '--serve',
        'only serve the simulated push services and the XMPP server, for a service of your own',
      ).conflicts('once'),
    )
    .addOption(
      new Option('--server <which>', 'the XMPP server (default: a real Prosody where one is installed)').choices([
        'prosody',
        'simulated',
      ]),
    )
    .addHelpText('after', simulateHelp)
    .action(async (words: SimulateWords) => {
      end(await simulate(words, terminal))
    })

  addOperatorCommands(program, terminal, end)
  addImportCommands(program, terminal, end)

  program
    .command('completion')
    .summary('print what a shell is to offer')
    .description('Prints a script that lets a shell complete the words.')
    .addArgument(new Argument('<shell>').choices(shells))
    .addHelpText('after', '\nExample:\n  source <(xmpp-push completion bash)')
    .action((shell: Shell) => {
      terminal.out(completion(shell, program))
      end(0)
    })

  program
    .command('schema', { hidden: true })
    .description('Prints the JSON Schema of the configuration.')
    .action(async () => {
      end(await schema(terminal))
    })
  return program
}

/** Runs one call and resolves to its exit code; writes to the terminal only. Never rejects. */
export async function main(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let code: ExitCode = 0
  const program = makeProgram(terminal, (ended) => (code = ended))
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return code
  } catch (error) {
    // commander.help: called without a command; the help was printed as the answer
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error)
    terminal.err(`xmpp-push: an error that should not be: ${why}\n`)
    return 1
  }
}

function onEnter(call: () => void): () => void {
  process.stdin.on('data', call)
  return () => void process.stdin.off('data', call).pause()
}

if (require.main === module) {
  // A reader that closes the pipe early (`| head`) is no error.
  process.stdout.on('error', () => undefined)
  const terminal: Terminal = {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    clock: systemClock,
    colour: process.stdout.isTTY && process.stdout.hasColors(),
    ...(process.stdin.isTTY ? { onEnter } : {}),
  }
  void main(process.argv.slice(2), terminal).then((code) => (process.exitCode = code))
}

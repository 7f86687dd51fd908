/** Every command with its words, its help and what it calls. Knows nothing of argv and of the process. */
import { Argument, Command, Option } from 'commander'
import { configFile } from '../config'
import type * as TryLinks from '../try-links'
import { version } from '../version'
import { addBackupCommands } from './backing-up'
import type * as Check from './check'
import { completion, type Shell, shells } from './completion'
import { emptyWord } from './empty-words'
import { addImportCommands } from './importing'
import { manPage } from './man'
import { addOperatorCommands } from './operators'
import { run } from './run'
import { schema } from './schema'
import type * as Simulate from './simulate'
import { teach } from './teaching'
import { type ExitCode, type Terminal } from './terminal'

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
Wakes no device. Says of each fault how to mend it.`

const simulateHelp = `
Everything on this machine, no account needed: an XMPP server (a real Prosody where
one is installed), APNs, FCM, Web Push, the service, devices, a message. Shows each
step.
Stays until Ctrl-C, and Enter sends another message; with --once it ends after the
first. With --serve the service is left out:
it prints a configuration for one of your own and shows what arrives.`

/** Loaded when it is called: the service carries none of it about. */
const seldom = {
  check: () => module.require('./check') as typeof Check,
  simulate: () => module.require('./simulate') as typeof Simulate,
  tryLinks: () => module.require('../try-links') as typeof TryLinks,
}

interface FileWord {
  readonly config?: string
}

/** The commands; each hands its exit code to `end`. */
export function makeProgram(terminal: Terminal, end: (code: ExitCode) => void): Command {
  const program = new Command('xmpp-push')
    .description(about)
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .showHelpAfterError('(xmpp-push --help tells the words)')
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .exitOverride()
    .hook('preAction', (_program, command) => {
      const empty = emptyWord(command)
      if (empty !== undefined) command.error(`error: ${empty} is empty; is the variable set that it comes from?`)
    })
  const configWord = [
    '-c, --config <file>',
    'the configuration (default: component.config.json, or XMPP_PUSH_CONFIG)',
  ] as const

  teach(program.command('run'), {
    about: runHelp,
    examples: [
      ['xmpp-push run', 'with component.config.json of this folder'],
      ['xmpp-push run --config /etc/xmpp-push/component.config.json', 'as the systemd unit does'],
    ],
    exits: [
      [0, 'it was told to end, and did'],
      [1, 'it could not start, and standard error says why and what to do'],
      [2, 'the words of the call are off'],
    ],
  })
    .summary('run the service')
    .description('Runs the service.')
    .option(...configWord)
    .action(async ({ config }: FileWord) => {
      end(await run({ file: config ?? configFile() }, terminal))
    })

  teach(program.command('check'), {
    about: checkHelp,
    examples: [
      ['xmpp-push check', 'is component.config.json of this folder in order?'],
      [
        'xmpp-push check --live --config /etc/xmpp-push/component.config.json',
        'and do servers and push services agree?',
      ],
      ["xmpp-push check --live --json | jq '.faults'", 'how many faults of either kind, for a script'],
    ],
    exits: [
      [0, 'no fault; there may be warnings'],
      [1, 'a fault was found'],
      [2, 'the words of the call are off'],
    ],
  })
    .summary('tell what is configured and what is wrong')
    .description('Checks the configuration and everything it points to.')
    .option(...configWord)
    .option('--live', 'prove links, store and credentials, too')
    .option('--json', 'print what was found as JSON')
    .action(async ({ config, live, json }: FileWord & { readonly live?: true; readonly json?: true }) => {
      const file = config ?? configFile()
      const proveLinks = live === true ? seldom.tryLinks().tryLinks : undefined
      end(await seldom.check().check({ file, proveLinks, json: json === true }, terminal))
    })

  teach(program.command('simulate'), {
    about: simulateHelp,
    examples: [
      ['xmpp-push simulate --once', 'one push, each step shown'],
      ['xmpp-push simulate --serve', 'simulated push services for a service of your own'],
    ],
    exits: [
      [0, 'it was ended; with --once: the push arrived at every push service'],
      [1, 'it failed, or with --once: the push did not arrive'],
      [2, 'the words of the call are off'],
    ],
  })
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
    .action(async (words: Simulate.SimulateWords) => {
      end(await seldom.simulate().simulate(words, terminal))
    })

  addOperatorCommands(program, terminal, end)
  addBackupCommands(program, terminal, end)
  addImportCommands(program, terminal, end)

  teach(program.command('completion'), {
    about: 'Offers commands, options and their words at the press of Tab.',
    examples: [
      ['xmpp-push completion bash > /usr/share/bash-completion/completions/xmpp-push', 'for bash, for everybody'],
      ['xmpp-push completion zsh > ~/.xmpp-push.zsh', 'for zsh, with `source ~/.xmpp-push.zsh` in ~/.zshrc'],
      ['xmpp-push completion fish > ~/.config/fish/completions/xmpp-push.fish', 'for fish'],
    ],
  })
    .summary('print what a shell is to offer')
    .description('Prints a script that lets a shell complete the words.')
    .addArgument(new Argument('<shell>').choices(shells))
    .action((shell: Shell) => {
      terminal.out(completion(shell, program))
      end(0)
    })

  program
    .command('man', { hidden: true })
    .description('Prints the man page.')
    .action(() => {
      terminal.out(manPage(program, version))
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

/** The words of the commands by which an operator asks a running service, and what their help teaches. */
import { type Command, InvalidArgumentError } from 'commander'
import { LARGEST_PAGE } from '../admin/questions'
import { configFile } from '../config'
import { eraseOwner, listDevices, removeDevice, showDevice } from './devices'
import { explain } from './explain'
import { resetFuse } from './fuse'
import { type OperatorWords } from './operate'
import { drop, listWaiting, retry, type WhichWords } from './outbox'
import { previewTest, sendTest } from './send'
import { listApps } from './apps'
import { status } from './status'
import { type ExitCode, type Terminal } from './terminal'

const asks = `
Asks the running service over the socket beside its store; only the user of the service
may. Where no service runs, it is read from the store.`

const changes = `
Asks the running service over the socket beside its store; only the user of the service
may.`

const statusHelp = `
Tells the links, the accounting of each app, what is held and why, and what waits.
The accounting is an equation: whatever was accepted was delivered, or ended in one of
the ways that are told, or is on its way.
${asks.trim()}`

const explainHelp = `
Takes the id of a push (it is in the log, and is the apns-id), the id of a device, the
node that a server publishes to, or the address of an account, and tells each decision:
accepted from whom, each attempt with the push service's words, what took its place,
how it ended. Content is never kept for it.
${asks.trim()}`

const eraseHelp = `
Removes the person's devices, the notes of devices that were, the pushes that wait and
the traces of those that went, and prints what it removed.
${changes.trim()}`

const retryHelp = `
Makes a push that waits for its next attempt due now, or with --app all of an app, whose
pause ends too.
${changes.trim()}`

const dropHelp = `
Ends a push that waits, or with --app all that wait of an app. They are never sent and
are counted as abandoned; what is being sent at this moment ends by itself.
${changes.trim()}`

const fuseHelp = `
An app's fuse blows when so many of its tokens are called dead within an hour that the
fault is likely ours: a wrong key, topic or project. From then on nothing is forgotten.
Reset it once the cause is mended; the configuration's "fuse" sets when it blows.
${changes.trim()}`

const sendHelp = `
A wake-up without content, as a new message makes one; it is in the accounting as any
other. With --preview nothing is sent: it shows address, headers and body, of tokens
and secrets the last characters alone. What Web Push sends can't be shown.
${changes.trim()}

Examples:
  xmpp-push devices list --owner romeo@example.com
  xmpp-push send --preview zxb2KySUbR9ayRAovAmmMNPh
  xmpp-push send zxb2KySUbR9ayRAovAmmMNPh`

const appsHelp = `
One line for each app; \`status\` has the whole accounting.
${asks.trim()}

Example:
  xmpp-push apps --json | jq '.apps[] | select(.held)'`

interface Words {
  readonly config?: string
  readonly json?: true
}

function page(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count > 0 && count <= LARGEST_PAGE) return count
  throw new InvalidArgumentError(`A number from 1 to ${LARGEST_PAGE}.`)
}

/** Adds the commands; each hands its exit code to `end`. */
export function addOperatorCommands(program: Command, terminal: Terminal, end: (code: ExitCode) => void): void {
  const common = (command: Command): Command =>
    command
      .option('-c, --config <file>', 'the configuration (default: component.config.json, or XMPP_PUSH_CONFIG)')
      .option('--json', 'print JSON; times are milliseconds since 1970')
  const wordsOf = ({ config, json }: Words): OperatorWords => ({ file: config ?? configFile(), json: json === true })
  const which = (push: string | undefined, words: Words & { app?: string }, command: Command): WhichWords => {
    const { app } = words
    if (push !== undefined && app === undefined) return { ...wordsOf(words), delivery: push }
    if (push === undefined && app !== undefined) return { ...wordsOf(words), app }
    return command.error('error: name a push or an --app, one of both')
  }
  const limited = (command: Command): Command =>
    common(command).option('--limit <n>', `how many at most, up to ${LARGEST_PAGE}`, page, 100)

  common(program.command('status'))
    .summary('tell how the service stands')
    .description('Tells how the service stands.')
    .addHelpText('after', statusHelp)
    .action(async (words: Words) => end(await status(wordsOf(words), terminal)))

  common(program.command('explain <what>'))
    .summary('tell what became of a push')
    .description('Tells what became of one push, or of the latest of a device or an account.')
    .addHelpText('after', explainHelp)
    .action(async (what: string, words: Words) => end(await explain(what, wordsOf(words), terminal)))

  const devices = program
    .command('devices')
    .summary('list, show, remove and erase devices')
    .description('Lists, shows, removes and erases registrations.')
  limited(devices.command('list'))
    .description('Lists devices: all, or of one account or app.')
    .option('--owner <jid>', 'of this account')
    .option('--app <name>', 'of this app')
    .option('--after <id>', 'after this device, where a list was cut')
    .addHelpText('after', asks)
    .action(async (words: Words & { owner?: string; app?: string; after?: string; limit: number }) => {
      const { config: _config, json: _json, ...which } = words
      end(await listDevices({ ...which, ...wordsOf(words) }, terminal))
    })
  common(devices.command('show <device>'))
    .description('Shows a device, by its id or its node.')
    .addHelpText('after', asks)
    .action(async (name: string, words: Words) => end(await showDevice(name, wordsOf(words), terminal)))
  common(devices.command('test <device>'))
    .description('Sends a test push to a device, by its id or its node, and tells what came of it.')
    .addHelpText('after', sendHelp)
    .action(async (name: string, words: Words) => end(await sendTest(name, wordsOf(words), terminal)))
  common(devices.command('remove <device>'))
    .description('Removes a device, by its id or its node.')
    .addHelpText('after', changes)
    .action(async (name: string, words: Words) => end(await removeDevice(name, wordsOf(words), terminal)))
  common(devices.command('erase'))
    .description('Removes everything of a person.')
    .requiredOption('--owner <jid>', "the person's account")
    .addHelpText('after', eraseHelp)
    .action(async (words: Words & { owner: string }) => end(await eraseOwner(words.owner, wordsOf(words), terminal)))

  const outbox = program
    .command('outbox')
    .summary('list what waits, send it now, drop it')
    .description('Lists pushes that are not yet delivered, makes them due, and drops them.')
  limited(outbox.command('list'))
    .description('Lists what is being sent, then what waits, calls first, by the time that it is due.')
    .option('--app <name>', 'of this app')
    .addHelpText('after', asks)
    .action(async (words: Words & { app?: string; limit: number }) => {
      const { config: _config, json: _json, ...which } = words
      end(await listWaiting({ ...which, ...wordsOf(words) }, terminal))
    })
  common(outbox.command('retry [push]'))
    .description('Makes what waits due now.')
    .option('--app <name>', 'all of this app')
    .addHelpText('after', retryHelp)
    .action(async (push: string | undefined, words: Words & { app?: string }, command: Command) => {
      end(await retry(which(push, words, command), terminal))
    })
  common(outbox.command('drop [push]'))
    .description('Drops what waits: it is never sent.')
    .option('--app <name>', 'all of this app')
    .addHelpText('after', dropHelp)
    .action(async (push: string | undefined, words: Words & { app?: string }, command: Command) => {
      end(await drop(which(push, words, command), terminal))
    })

  common(program.command('send <device>'))
    .summary('send a test push')
    .description('Sends a test push to a device, by its id or its node, and tells what came of it.')
    .option('--preview', 'send nothing: show the request as the push service would get it')
    .addHelpText('after', sendHelp)
    .action(async (name: string, words: Words & { preview?: true }) => {
      const call = words.preview === true ? previewTest : sendTest
      end(await call(name, wordsOf(words), terminal))
    })

  common(program.command('apps'))
    .summary('tell how each app stands')
    .description('Tells of each app its devices, what it accepted and delivered, and what is wrong with it.')
    .addHelpText('after', appsHelp)
    .action(async (words: Words) => end(await listApps(wordsOf(words), terminal)))

  const fuse = program.command('fuse').summary('reset a blown fuse').description('The fuse against mass forgetting.')
  common(fuse.command('reset <app>'))
    .description('Resets the blown fuse of an app.')
    .addHelpText('after', fuseHelp)
    .action(async (app: string, words: Words) => end(await resetFuse(app, wordsOf(words), terminal)))
}

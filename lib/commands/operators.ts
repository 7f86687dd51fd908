/** The words of the commands by which an operator asks a running service. */
import { type Command, InvalidArgumentError } from 'commander'
import { LARGEST_PAGE } from '../admin/reading-questions'
import { configFile } from '../config'
import { listApps } from './apps'
import { eraseOwner, listDevices, removeDevice, showDevice } from './devices'
import { explain } from './explain'
import { resetFuse } from './fuse'
import { lessons } from './lessons'
import { type OperatorWords } from './operate'
import { drop, listWaiting, retry, type WhichWords } from './outbox'
import { previewTest, sendTest } from './send'
import { status } from './status'
import { teach } from './teaching'
import { type ExitCode, type Terminal } from './terminal'

interface Words {
  readonly config?: string
  readonly json?: true
}

type End = (code: ExitCode) => void

function page(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count > 0 && count <= LARGEST_PAGE) return count
  throw new InvalidArgumentError(`A number from 1 to ${LARGEST_PAGE}.`)
}

const wordsOf = ({ config, json }: Words): OperatorWords => ({ file: config ?? configFile(), json: json === true })

/** Adds what each of them takes, and its lesson. */
function common(command: Command, lesson: keyof typeof lessons): Command {
  return teach(command, lessons[lesson])
    .option('-c, --config <file>', 'the configuration (default: component.config.json, or XMPP_PUSH_CONFIG)')
    .option('--json', 'print JSON; times are milliseconds since 1970')
}

function limited(command: Command, lesson: keyof typeof lessons): Command {
  return common(command, lesson).option('--limit <n>', `how many at most, up to ${LARGEST_PAGE}`, page, 100)
}

function addDeviceCommands(program: Command, terminal: Terminal, end: End): void {
  const devices = teach(program.command('devices'), lessons.devices)
    .summary('list, show, remove and erase devices')
    .description('Lists, shows, removes and erases registrations.')
  limited(devices.command('list'), 'devices list')
    .description('Lists devices: all, or of one account or app.')
    .option('--owner <jid>', 'of this account')
    .option('--app <name>', 'of this app')
    .option('--after <id>', 'after this device, where a list was cut')
    .action(async (words: Words & { owner?: string; app?: string; after?: string; limit: number }) => {
      const { config: _config, json: _json, ...which } = words
      end(await listDevices({ ...which, ...wordsOf(words) }, terminal))
    })
  common(devices.command('show <device>'), 'devices show')
    .description('Shows a device, by its id or its node.')
    .action(async (name: string, words: Words) => end(await showDevice(name, wordsOf(words), terminal)))
  common(devices.command('test <device>'), 'devices test')
    .description('Sends a test push to a device, by its id or its node, and tells what came of it.')
    .action(async (name: string, words: Words) => end(await sendTest(name, wordsOf(words), terminal)))
  common(devices.command('remove <device>'), 'devices remove')
    .description('Removes a device, by its id or its node.')
    .action(async (name: string, words: Words) => end(await removeDevice(name, wordsOf(words), terminal)))
  common(devices.command('erase'), 'devices erase')
    .description('Removes everything of a person.')
    .requiredOption('--owner <jid>', "the person's account")
    .action(async (words: Words & { owner: string }) => end(await eraseOwner(words.owner, wordsOf(words), terminal)))
}

function addOutboxCommands(program: Command, terminal: Terminal, end: End): void {
  const which = (push: string | undefined, words: Words & { app?: string }, command: Command): WhichWords => {
    const { app } = words
    if (push !== undefined && app === undefined) return { ...wordsOf(words), delivery: push }
    if (push === undefined && app !== undefined) return { ...wordsOf(words), app }
    return command.error('error: name a push or an --app, one of both')
  }
  const outbox = teach(program.command('outbox'), lessons.outbox)
    .summary('list what waits, send it now, drop it')
    .description('Lists pushes that are not yet delivered, makes them due, and drops them.')
  limited(outbox.command('list'), 'outbox list')
    .description('Lists what is being sent, then what waits, calls first, by the time that it is due.')
    .option('--app <name>', 'of this app')
    .action(async (words: Words & { app?: string; limit: number }) => {
      const { config: _config, json: _json, ...its } = words
      end(await listWaiting({ ...its, ...wordsOf(words) }, terminal))
    })
  common(outbox.command('retry [push]'), 'outbox retry')
    .description('Makes what waits due now.')
    .option('--app <name>', 'all of this app')
    .action(async (push: string | undefined, words: Words & { app?: string }, command: Command) => {
      end(await retry(which(push, words, command), terminal))
    })
  common(outbox.command('drop [push]'), 'outbox drop')
    .description('Drops what waits: it is never sent.')
    .option('--app <name>', 'all of this app')
    .action(async (push: string | undefined, words: Words & { app?: string }, command: Command) => {
      end(await drop(which(push, words, command), terminal))
    })
}

/** Adds the commands; each hands its exit code to `end`. */
export function addOperatorCommands(program: Command, terminal: Terminal, end: End): void {
  common(program.command('status'), 'status')
    .summary('tell how the service stands')
    .description('Tells how the service stands.')
    .action(async (words: Words) => end(await status(wordsOf(words), terminal)))

  common(program.command('explain <what>'), 'explain')
    .summary('tell what became of a push')
    .description('Tells what became of one push, or of the latest of a device or an account.')
    .action(async (what: string, words: Words) => end(await explain(what, wordsOf(words), terminal)))

  addDeviceCommands(program, terminal, end)
  addOutboxCommands(program, terminal, end)

  common(program.command('send <device>'), 'send')
    .summary('send a test push')
    .description('Sends a test push to a device, by its id or its node, and tells what came of it.')
    .option('--preview', 'send nothing: show the request as the push service would get it')
    .action(async (name: string, words: Words & { preview?: true }) => {
      const call = words.preview === true ? previewTest : sendTest
      end(await call(name, wordsOf(words), terminal))
    })

  common(program.command('apps'), 'apps')
    .summary('tell how each app stands')
    .description('Tells of each app its devices, what it accepted and delivered, and what is wrong with it.')
    .action(async (words: Words) => end(await listApps(wordsOf(words), terminal)))

  const fuse = teach(program.command('fuse'), lessons.fuse)
    .summary('reset a blown fuse')
    .description('The fuse against mass forgetting.')
  common(fuse.command('reset <app>'), 'fuse reset')
    .description('Resets the blown fuse of an app.')
    .action(async (app: string, words: Words) => end(await resetFuse(app, wordsOf(words), terminal)))
}

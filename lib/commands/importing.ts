/** The words of `xmpp-push import` and `xmpp-push migrate`, and what their help teaches. */
import { type Command } from 'commander'
import { configFile } from '../config'
import type * as Peers from '../imports/peers'
import type * as ImportDevices from './import-devices'
import type * as ImportSettings from './import-settings'
import type * as Migrate from './migrate'
import { type Lesson, teach } from './teaching'
import { type ExitCode, type Terminal } from './terminal'

/** Loaded when it is called: the service carries none of it about. */
const seldom = {
  peers: () => module.require('../imports/peers') as typeof Peers,
  importDevices: () => module.require('./import-devices') as typeof ImportDevices,
  importSettings: () => module.require('./import-settings') as typeof ImportSettings,
  migrate: () => module.require('./migrate') as typeof Migrate,
}

const MOVING = `
What each takes, what it leaves, in which order to change over, and the way back:
docs/moving.md.`

const devicesHelp = `
Each device keeps its node and its secret, so that what XMPP servers have enabled goes
on working. Goes to the running service over its socket, or into the store where none
runs. Run again, it goes on where it was interrupted and takes what changed since.`

const devicesExits: NonNullable<Lesson['exits']> = [
  [0, 'every device is here'],
  [1, 'one is left out, or it failed; the report or standard error says why'],
  [2, 'the words of the call are off'],
]

const p2Help = `
The dump is made with \`mariadb-dump p2 target > p2.sql\` (older: mysqldump).
${devicesHelp}`

const appserverHelp = `
The source is the folder of the store below Prosody's data folder, or a dump of the table
"prosody" where Prosody keeps its data in SQL.
${devicesHelp}`

const settingsHelp = `
Writes the configuration that --config names, which must not be there yet: what can be
taken, keys and certificates by the names of their files, and secrets that stood in the
settings in files of their own beside it (mode 0600). No secret is printed. Tells what
was taken, what was left and why, and what still needs to be done.`

const migrateHelp = `
Both name a configuration, of which the first needs no more than its store; no service may
run with either, here or on another machine. Devices with their nodes and secrets, pushes
that wait, servers that are still to be told, nodes that ended, blown fuses, certificates
that were handed in and Apple's signed tokens are moved. The first store keeps its devices.
Broken off, the same call goes on; at the end counts and checksums of both are compared.`

interface SettingsWords {
  readonly config?: string
  readonly env?: string
  readonly root?: string
  readonly dryRun?: true
  readonly json?: true
}

interface DeviceWords {
  readonly config?: string
  readonly service?: string
  readonly apns?: string
  readonly fcm?: string
  readonly dryRun?: true
  readonly json?: true
}

/** Adds the commands; each hands its exit code to `end`. */
export function addImportCommands(program: Command, terminal: Terminal, end: (code: ExitCode) => void): void {
  const imports = teach(program.command('import'), {
    about: MOVING,
    examples: [
      ['xmpp-push import fpush settings.json --dry-run', 'what of its settings can be taken'],
      ['xmpp-push import p2 p2.sql --dry-run', 'which of its devices can be taken'],
    ],
  })
    .summary('take over the devices or settings of another push service')
    .description('Takes over what another push service kept: its devices, or its settings.')
  const from = (name: keyof typeof Peers.deviceSources, argument: string, about: string, lesson: Lesson): void => {
    teach(imports.command(`${name} <${argument}>`), lesson)
      .description(about)
      .option('-c, --config <file>', 'the configuration (default: component.config.json, or XMPP_PUSH_CONFIG)')
      .option('--service <domain>', 'the component that the devices registered at, where there are several')
      .option('--apns <app>', 'the app of devices of Apple, where there are several')
      .option('--fcm <app>', 'the app of devices of Google, where there are several')
      .option('--dry-run', 'change nothing, only tell')
      .option('--json', 'print the report as JSON')
      .action(async (source: string, { config, service, apns, fcm, dryRun, json }: DeviceWords) => {
        const words = { source, service, apps: { apns, fcm }, dryRun: dryRun === true, json: json === true }
        const { importDevices } = seldom.importDevices()
        end(
          await importDevices(seldom.peers().deviceSources[name], { ...words, file: config ?? configFile() }, terminal),
        )
      })
  }
  from('p2', 'dump', "Takes over p2's devices, from a dump of its database.", {
    about: p2Help,
    examples: [
      ['xmpp-push import p2 p2.sql --dry-run', 'what would be taken, and what left out and why'],
      ['xmpp-push import p2 p2.sql --fcm org.example.android', 'where there are several apps of Google'],
    ],
    exits: devicesExits,
  })
  from('appserver', 'source', "Takes over mod_push_appserver's devices, from Prosody's storage.", {
    about: appserverHelp,
    examples: [
      [
        'xmpp-push import appserver /var/lib/prosody/push%2eexample%2ecom/push_appserver',
        'from the files of Prosody; the service may run',
      ],
      ['xmpp-push import appserver prosody.sql --dry-run', 'from a dump, changing nothing'],
    ],
    exits: devicesExits,
  })

  const settings = (name: keyof typeof Peers.settingsSources, argument: string, about: string, its: string): Command =>
    teach(imports.command(`${name} ${argument}`), {
      about: settingsHelp,
      examples: [
        [`xmpp-push import ${name} ${its} --dry-run`, 'what would be taken, and what left out and why'],
        [`xmpp-push import ${name} ${its} --config /etc/xmpp-push/component.config.json`, 'then `check` that file'],
      ],
    })
      .description(about)
      .option('-c, --config <file>', 'the configuration to write (default: component.config.json, or XMPP_PUSH_CONFIG)')
      .option('--root <folder>', 'where relative paths in their settings start (default: the folder of the settings)')
      .option('--dry-run', 'write nothing, only tell')
      .option('--json', 'print the report as JSON')
      .action(async (source: string | undefined, { config, env, root, dryRun, json }: SettingsWords) => {
        const words = { source, environment: env, root, dryRun: dryRun === true, json: json === true }
        const { importSettings } = seldom.importSettings()
        end(
          await importSettings(
            seldom.peers().settingsSources[name],
            { ...words, file: config ?? configFile() },
            terminal,
          ),
        )
      })
  settings('fpush', '<settings.json>', "Writes a configuration from fpush's.", 'settings.json')
  const toml = 'mongoose_push.toml'
  settings('mongoosepush', `[${toml}]`, "Writes a configuration from MongoosePush's.", toml).option(
    '--env <file>',
    'a file with its environment variables, NAME=value a line',
  )
  const proxy = 'mattermost-push-proxy.json'
  settings('mattermost', `<${proxy}>`, "Writes a configuration from mattermost-push-proxy's.", proxy)
  settings('sygnal', '<sygnal.yaml>', "Writes a configuration from Sygnal's.", 'sygnal.yaml')

  teach(program.command('migrate'), {
    about: migrateHelp,
    examples: [
      ['xmpp-push migrate --from sqlite.json --to postgres.json --dry-run', 'how both stand; nothing is changed'],
      ['xmpp-push migrate --from sqlite.json --to postgres.json', 'moves it; broken off, the same call goes on'],
    ],
    exits: [
      [0, 'both agree, and nothing waits any more in the first'],
      [1, 'they differ, or it failed; the report or standard error says why'],
      [2, 'the words of the call are off'],
    ],
  })
    .summary('move everything from one store into another')
    .description("Moves everything from one configuration's store into another's.")
    .requiredOption('--from <file>', 'the configuration with the store that is left')
    .requiredOption('--to <file>', 'the configuration with the store that takes its place')
    .option('--dry-run', 'change nothing in either store, only compare')
    .option('--json', 'print the report as JSON')
    .action(async ({ from, to, dryRun, json }: { from: string; to: string; dryRun?: true; json?: true }) => {
      end(await seldom.migrate().migrate({ from, to, dryRun: dryRun === true, json: json === true }, terminal))
    })
}

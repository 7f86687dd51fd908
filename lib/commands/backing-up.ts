/** The words of `backup` and `restore`, and what their help teaches. */
import { type Command } from 'commander'
import { configFile } from '../config'
import { backup } from './backup'
import { restore } from './restore'
import { teach } from './teaching'
import { type ExitCode, type Terminal } from './terminal'

const backupHelp = `
Copies the embedded store (SQLite) into one file: all of it as of one moment, checked,
readable by this user alone. Run it as the user of the service. Where the service runs,
it goes on: it accepts and sends while it is copied. The copy has its name only once it
is whole; one that was broken off left \`.FILE.part\` behind, which the next overwrites.
The content key is left out, for whoever has both reads what waits; without it what is
encrypted in the copy is lost: the texts of pushes that wait, and kept certificates.
Devices are not encrypted. A PostgreSQL is backed up with its own tools (pg_dump).`

const restoreHelp = `
Puts a backup in the place of the embedded store, after it was checked: that it is one
of this program, whole, and that the content key opens it; the key is taken from FILE.key
if it lies there. Run it as the user of the service.
Where the service runs, it tells what will be lost and asks; then the service finishes
what is under way, comes down, and starts again on the backup, in the same process and
within some seconds. Where it does not start so, it goes back to the store that was there.
What was there is kept beside it as …before-<time>. Whatever interrupts it, one of the
two stores is in place, whole; the same command does it again. Ctrl-C takes away what
was made ready so far, and leaves the store as it is.
Devices that registered after the backup are lost until their apps register again, which
most do at their next start; pushes that waited then are sent, again where they were
sent since.`

interface Words {
  readonly config?: string
  readonly json?: true
}

interface RestoreCall extends Words {
  readonly from: string
  readonly withoutOutbox?: true
  readonly withoutKey?: true
  readonly yes?: true
}

/** Adds the commands; each hands its exit code to `end`. */
export function addBackupCommands(program: Command, terminal: Terminal, end: (code: ExitCode) => void): void {
  const config = [
    '-c, --config <file>',
    'the configuration (default: component.config.json, or XMPP_PUSH_CONFIG)',
  ] as const
  const json = ['--json', 'print JSON; times are milliseconds since 1970'] as const

  teach(program.command('backup'), {
    about: backupHelp,
    examples: [
      ['xmpp-push backup --to /var/backups/xmpp-push.db --force', 'each night; the one of last night is replaced'],
      [
        'xmpp-push backup --to push.db --with-key --config /etc/xmpp-push/component.config.json',
        'all that is needed to move to another machine: push.db and push.db.key',
      ],
    ],
    exits: [
      [0, 'the backup is whole, checked and on disk'],
      [1, 'there is none, and standard error says why and what to do; an older one is as it was'],
      [2, 'the words of the call are off'],
    ],
  })
    .summary('copy the embedded store, also while the service runs')
    .description('Writes a whole copy of the embedded store.')
    .requiredOption('--to <file>', 'the copy')
    .option('--force', 'replace a file that is there')
    .option('--with-key', 'write the content key beside it, FILE.key')
    .option(...config)
    .option(...json)
    .action(async (words: Words & { readonly to: string; readonly force?: true; readonly withKey?: true }) => {
      const { to, force, withKey, config, json } = words
      const its = { to, force: force === true, withKey: withKey === true, json: json === true }
      end(await backup({ ...its, file: config ?? configFile() }, terminal))
    })

  teach(program.command('restore'), {
    about: restoreHelp,
    examples: [
      ['xmpp-push restore --from /var/backups/xmpp-push.db', 'asks first where the service runs'],
      ['xmpp-push restore --from /var/backups/xmpp-push.db --yes --json', 'for a script, which is not asked'],
      ['xmpp-push restore --from /var/backups/xmpp-push.db --without-outbox', 'send nothing that waited then'],
      [
        'xmpp-push restore --from /var/backups/xmpp-push.db --without-key',
        'the content key is lost: all but what it opened',
      ],
    ],
    exits: [
      [0, 'the backup is in place'],
      [1, 'the backup is not in place, and standard error says why and what to do'],
      [2, 'the words of the call are off'],
    ],
  })
    .summary('put a backup in the place of the embedded store')
    .description('Puts a backup in the place of the embedded store.')
    .requiredOption('--from <file>', 'the backup')
    .option('--without-outbox', 'send nothing that waited when the backup was made')
    .option('--without-key', 'leave out what only the content key opens')
    .option('--yes', 'do not ask before the service comes down')
    .option(...config)
    .option(...json)
    .action(async (words: RestoreCall) => {
      const { from, withoutOutbox, withoutKey, yes, config, json } = words
      const its = {
        from,
        withoutOutbox: withoutOutbox === true,
        withoutKey: withoutKey === true,
        yes: yes === true,
        json: json === true,
      }
      end(await restore({ ...its, file: config ?? configFile() }, terminal))
    })
}

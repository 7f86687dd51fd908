/** Every dialect's commands as ad-hoc commands: fields to the dialect, its wish to the intake, the decision to an answer. */
import { type Dialect, type DialectCommand, type FormField, type OfferedApp } from '../dialects/dialect'
import { type Register, type RegisterAnswer } from '../intake/register'
import { bareOf, type Jid } from '../model/jid'
import { forbidden, unknownNode } from './answers'
import { type Command, type Ran } from './commands'
import { valueOf } from './forms'

export interface RegisteringOptions {
  readonly dialects: readonly Dialect[]
  readonly apps: () => readonly OfferedApp[]
  readonly register: Register
}

/** Only an administrator sees it: the account that is acted for. */
const accountField: FormField = {
  var: 'account',
  type: 'jid-single',
  label: 'Account that the device belongs to (administrators only; empty: your own)',
}

/** The commands that a requester may run. */
export function registeringCommands(options: RegisteringOptions): (requester: Jid) => readonly Command[] {
  const commands = options.dialects.flatMap((dialect) =>
    dialect.commands.map((command) => ({ of: command, command: commandOf(options, dialect, command) })),
  )
  const nodes = commands.map(({ of }) => of.node)
  const twice = nodes.find((node, index) => nodes.indexOf(node) !== index)
  if (twice !== undefined) throw new Error(`two dialects claim the command ${twice}`)
  return () => commands.filter(({ of }) => of.serves?.(options.apps()) !== false).map(({ command }) => command)
}

function commandOf({ apps, register }: RegisteringOptions, dialect: Dialect, command: DialectCommand): Command {
  return {
    node: command.node,
    name: command.name,
    instructions: command.instructions,
    form: (requester) => [...command.form(apps()), ...(register.isAdmin(requester) ? [accountField] : [])],
    async run(fields, requester, service) {
      const account = valueOf(fields, 'account')
      const { resource } = requester
      const asker = { bare: bareOf(requester), ...(resource === undefined ? {} : { resource }) }
      const wish = command.read(fields, asker, apps())
      const answer = await register({
        service,
        requester,
        ...(account === undefined ? {} : { account }),
        dialect: dialect.name,
        wish,
      })
      return ranOf(answer, command, apps())
    },
  }
}

/** What the decision of the intake comes to, in the words of the command that asked. */
export function ranOf(
  answer: RegisterAnswer,
  command: Pick<DialectCommand, 'write' | 'report'>,
  apps: readonly OfferedApp[],
): Ran {
  switch (answer.is) {
    case 'listed':
      return { is: 'completed', fields: [], ...command.report?.(answer.registrations) }
    case 'registered':
    case 'unregistered': {
      if (answer.is === 'unregistered' && command.report !== undefined) {
        return { is: 'completed', ...command.report(answer.registrations) }
      }
      const app = apps.find((each) => each.name === answer.registration.app)
      return { is: 'completed', fields: command.write(answer.registration, app) }
    }
    case 'unknown-device':
      return { is: 'failed', failure: { ...unknownNode, text: 'This device is not registered here.' } }
    case 'not-allowed':
      return { is: 'failed', failure: forbidden(answer.why) }
    case 'wrong':
      return { is: 'wrong', text: answer.why }
  }
}

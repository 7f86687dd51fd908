/** Administrators' commands that do for an account what its clients would do: `register-device`, `unregister-devices`. What they do, the dialects and the intake do. */
import { type DialectCommand } from '../dialects/dialect'
import { parseJid, type Jid } from '../model/jid'
import { accountField, deviceText, formType, kept, line, type AdministratorCommand } from './administrator-command'
import { viewOf } from '../admin/devices'
import { type Ran } from './commands'
import { valueOf, type Field } from './forms'
import { ranOf } from './registering'

const MISSING = '"accountjid" is missing: the account, as name@domain.'

const required = (field: Field): Field => ({ ...field, required: true })

/** Commands of dialects by which a device is registered: those that take more than the device's name away. */
const registers = ({ node }: DialectCommand): boolean => !/(^|-)(un|list)/.test(node)

export const registerDevice: AdministratorCommand = ({ apps, register, dialects }) => {
  const all = dialects.flatMap(({ name, commands }) => commands.map((command) => ({ dialect: name, command })))
  const ways = all.filter(({ command }) => registers(command))
  return {
    node: 'admin#register-device',
    name: 'Register a device for someone',
    instructions: 'Name the account, and the command that its client would register with.',
    hasSteps: true,
    form: () => [
      formType,
      required(accountField),
      {
        ...{ var: 'way', type: 'list-single', label: 'As this command of clients does', required: true },
        options: ways
          .filter(({ command }) => command.serves?.(apps()) !== false)
          .map(({ command }) => ({ value: command.node, label: `${command.name} (${command.node})` })),
      },
    ],
    async run(fields, requester, service) {
      const [account, node] = [valueOf(fields, 'accountjid'), valueOf(fields, 'way')]
      const way = ways.find(({ command }) => command.node === node)
      if (account === undefined) return { is: 'wrong', text: MISSING }
      if (way === undefined) {
        const names = ways.map(({ command }) => command.node).join(', ')
        return { is: 'wrong', text: `"way" must be the command that a client would register with: ${names}.` }
      }
      const owner = parseJid(account)
      if (owner?.local === undefined) return { is: 'wrong', text: `"${account}" is no account; write name@domain.` }
      const { dialect, command } = way
      const names = command.form(apps()).map((field) => field.var)
      if (!names.some((name) => fields.has(name))) {
        return {
          is: 'asks',
          instructions: command.instructions,
          fields: [formType, kept('accountjid', account), kept('way', command.node), ...command.form(apps())],
        }
      }
      const wish = command.read(fields, { bare: `${owner.local}@${owner.domain}` }, apps())
      return ranOf(await register({ service, requester, account, dialect, wish }), command, apps())
    },
  }
}

export const unregisterDevices: AdministratorCommand = ({ apps, register }) => {
  const listed = (requester: Jid, service: string, account: string) =>
    register({ service, requester, account, dialect: '', wish: { wants: 'list' } })
  return {
    node: 'admin#unregister-devices',
    name: 'Unregister devices of someone',
    instructions: 'Name the account; the next step shows its devices.',
    hasSteps: true,
    form: () => [formType, required(accountField)],
    async run(fields, requester, service): Promise<Ran> {
      const account = valueOf(fields, 'accountjid')
      if (account === undefined) return { is: 'wrong', text: MISSING }
      const found = await listed(requester, service, account)
      if (found.is !== 'listed') return ranOf(found, NO_COMMAND, apps())
      const devices = found.registrations.map(viewOf)
      if (devices.length === 0) return { is: 'wrong', text: `${account} has no device registered at ${service}.` }
      const chosen = fields.get('devices')
      if (chosen === undefined) {
        return {
          is: 'asks',
          instructions: 'Choose the devices that are to get no more pushes.',
          fields: [
            ...[formType, kept('accountjid', account)],
            {
              ...{ var: 'devices', type: 'list-multi', label: 'Devices', required: true },
              options: devices.map((each) => ({ value: each.id, label: deviceText(each) })),
            },
          ],
        }
      }
      const nodes = devices.filter(({ id }) => chosen.includes(id)).map(({ node }) => node)
      const strange = chosen.find((each) => !devices.some(({ id }) => id === each))
      if (strange !== undefined) return { is: 'wrong', text: `${account} has no device "${strange}" at ${service}.` }
      const done = await register({ service, requester, account, dialect: '', wish: { wants: 'unregister', nodes } })
      if (done.is !== 'unregistered') return ranOf(done, NO_COMMAND, apps())
      return {
        is: 'completed',
        fields: [
          formType,
          line('count', 'Devices unregistered', String(done.registrations.length)),
          line('nodes', 'Their nodes', ...done.registrations.map(({ node }) => node)),
        ],
      }
    },
  }
}

/** Where nothing of a dialect is to be written. */
const NO_COMMAND: Pick<DialectCommand, 'write' | 'report'> = { write: () => [] }

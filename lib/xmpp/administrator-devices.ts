/** Administrators' commands about devices that are there: `list-devices`, `remove-device`. What they do, the desk does. */
import { type DeviceView } from '../admin/questions'
import {
  accountField,
  dateTime,
  deviceText,
  formType,
  kept,
  line,
  ranOf,
  type AdministratorCommand,
} from './administrator-command'
import { type Field } from './forms'
import { valueOf } from './forms'

/** Devices of one page: a server lets 512 KiB pass, and a device takes 2 KiB at most but for its node. */
const PAGE = 100

function itemOf(device: DeviceView): readonly Field[] {
  return [
    line('device', 'Device', device.id),
    { var: 'accountjid', type: 'jid-single', label: 'Account', values: [device.owner] },
    line('app', 'App', device.app),
    line('node', 'Node', device.node),
    line('dialect', 'Registered by', device.dialect),
    line('token', 'Token', device.address ?? ''),
    line('registered', 'Registered', dateTime(device.registeredAt)),
    line('seen', 'Last seen', dateTime(device.seenAt)),
  ]
}

export const listDevices: AdministratorCommand = ({ ask, apps }) => ({
  node: 'admin#list-devices',
  name: 'List devices',
  instructions: 'All registered devices, or those of an account or an app, a hundred at a time.',
  form: () => [
    formType,
    { ...accountField, label: 'Of this account only (name@domain)' },
    { var: 'app', type: 'list-single', label: 'Of this app only', options: apps().map(({ name }) => name) },
    { var: 'after', type: 'text-single', label: 'For the next page: the device that the page before ended with' },
  ],
  async run(fields) {
    const [owner, app, after] = ['accountjid', 'app', 'after'].map((name) => valueOf(fields, name))
    const reply = await ask({
      ask: 'devices',
      ...(owner === undefined ? {} : { owner }),
      ...(app === undefined ? {} : { app }),
      ...(after === undefined ? {} : { after }),
      limit: PAGE,
    })
    return ranOf(reply, ({ devices, next }) => ({
      is: 'completed',
      fields: [
        formType,
        line('count', 'Devices on this page', String(devices.length)),
        ...(next === undefined ? [] : [line('after', 'There are more; for the next page', next)]),
      ],
      items: devices.map(itemOf),
    }))
  },
})

export const removeDevice: AdministratorCommand = ({ ask }) => ({
  node: 'admin#remove-device',
  name: 'Remove a device',
  instructions: 'Name the device by its id or its node; the next step shows which it is.',
  hasSteps: true,
  form: () => [formType, { var: 'device', type: 'text-single', label: 'Id or node of the device', required: true }],
  async run(fields) {
    const name = valueOf(fields, 'device')
    if (name === undefined) return { is: 'wrong', text: '"device" is missing: the id or the node of the device.' }
    if (valueOf(fields, 'shown') === undefined) {
      return ranOf(await ask({ ask: 'device', name }), ({ devices }) => ({
        is: 'asks',
        instructions: 'This is removed; no push will reach it until it registers again.',
        fields: [
          ...[formType, kept('device', name), kept('shown', 'true')],
          ...devices.map((each, at): Field => {
            return { var: `about-${at}`, type: 'fixed', values: [`${each.owner}: ${deviceText(each)}`] }
          }),
        ],
      }))
    }
    return ranOf(await ask({ ask: 'remove', name }), ({ removed }) => ({
      is: 'completed',
      fields: [formType, line('count', 'Devices removed', String(removed.length))],
      items: removed.map(itemOf),
    }))
  },
})

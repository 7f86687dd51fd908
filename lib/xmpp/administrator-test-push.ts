/** Administrators' command `test-push`: sends a push without content to one device, and tells what its push service said. */
import { type DeviceView, type Tested } from '../admin/questions'
import { bareOf } from '../model/jid'
import { type Outcome } from '../model/outcome'
import {
  accountField,
  deviceText,
  formType,
  kept,
  line,
  ranOf,
  type AdministratorCommand,
} from './administrator-command'
import { type Ran } from './commands'
import { valueOf } from './forms'

/** Devices of an account from which one may be chosen. */
const MOST = 50

const said = (outcome: Outcome): string => (outcome.is === 'delivered' ? 'it took the push' : outcome.why)

function told({ outcome, end, held }: Tested): string {
  if (held !== undefined) return `It waits: the app is held. ${held}`
  if (end === 'delivered') return 'The push service took it.'
  if (end !== undefined) return `It ended as ${end}.`
  return outcome === undefined ? 'No answer of the push service yet; it is tried on.' : 'It is tried again.'
}

function resultOf(tested: Tested): Ran {
  const { delivery, outcome, device } = tested
  return {
    is: 'completed',
    fields: [
      formType,
      line('result', 'Result', told(tested)),
      ...(outcome === undefined ? [] : [line('said', 'What the push service said', said(outcome))]),
      line('delivery', 'The push', delivery),
      line('device', 'Sent to', `${device.owner}: ${deviceText(device)}`),
    ],
  }
}

function choice(devices: readonly DeviceView[], account: string): Ran {
  const [only] = devices
  if (only === undefined) return { is: 'wrong', text: `${account} has no device here.` }
  return {
    is: 'asks',
    instructions: 'The device will show it as it shows a message that came.',
    fields: [
      ...[formType, kept('accountjid', account)],
      {
        ...{ var: 'device', type: 'list-single', label: 'Device', required: true, values: [only.id] },
        options: devices.map((each) => ({ value: each.id, label: deviceText(each) })),
      },
    ],
  }
}

export const testPush: AdministratorCommand = ({ ask }) => ({
  node: 'admin#test-push',
  name: 'Send a test push',
  instructions: 'Name the device by its id or its node, or the account to choose among its devices.',
  hasSteps: true,
  form: () => [
    formType,
    { ...accountField, label: 'Account (name@domain)' },
    { var: 'device', type: 'text-single', label: 'Or the id or node of a device' },
  ],
  async run(fields, requester) {
    const [account, name] = [valueOf(fields, 'accountjid'), valueOf(fields, 'device')]
    if (name !== undefined) return ranOf(await ask({ ask: 'test', name, by: bareOf(requester) }), resultOf)
    if (account === undefined) return { is: 'wrong', text: 'Name an account ("accountjid") or a device ("device").' }
    return ranOf(await ask({ ask: 'devices', owner: account, limit: MOST }), ({ devices }) => choice(devices, account))
  },
})

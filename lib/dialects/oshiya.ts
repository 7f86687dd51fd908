/**
 * What mod_push and oshiya (2015) have beside `register-push-*`, which `conversations.ts` speaks: `unregister-push` for any
 * of the account's nodes, and `list-push-registrations`.
 */
import { type Dialect, type DialectCommand, type Fields, type FormField, type Wish } from './dialect'
import { deviceIdField, deviceIn, NO_DEVICE } from './fields'

/** More nodes than an account has devices. */
const MOST_NODES = 64

function nodesIn(fields: Fields): readonly string[] {
  const nodes = fields.get('nodes') ?? []
  return [...new Set(nodes.map((node) => node.trim()))].filter((node) => node !== '').slice(0, MOST_NODES)
}

const unregister: DialectCommand = {
  node: 'unregister-push',
  name: 'Unregister devices',
  instructions: 'Name the nodes that are to go, or the device as it was named when it was registered.',
  form: () => [
    deviceIdField,
    { var: 'nodes', type: 'text-multi', label: 'Nodes; where there are any, the device does not count' },
  ],
  read(fields, requester): Wish {
    const nodes = nodesIn(fields)
    if (nodes.length > 0) return { wants: 'unregister', nodes }
    const device = deviceIn(fields, requester)
    if (device === undefined) return { wants: 'nothing', wrong: NO_DEVICE }
    return { wants: 'unregister', dialect: 'conversations', device }
  },
  write: ({ node }) => [{ var: 'nodes', type: 'list-multi', values: [node] }],
  report: (registrations) => ({
    fields: [{ var: 'nodes', type: 'list-multi', values: registrations.map(({ node }) => node) }],
    items: [],
  }),
}

const list: DialectCommand = {
  node: 'list-push-registrations',
  name: 'List the devices that are registered',
  instructions: 'There is nothing to fill in.',
  form: () => [],
  read: () => ({ wants: 'list' }),
  write: ({ hints, node }): readonly FormField[] => {
    const name = hints['deviceName']
    return [
      { var: 'device-name', type: 'text-single', ...(name === undefined ? {} : { values: [name] }) },
      { var: 'node', type: 'text-single', values: [node] },
    ]
  },
  report: (registrations) => ({
    fields: [],
    items: registrations.map((registration) => list.write(registration, undefined)),
  }),
}

export const oshiya: Dialect = Object.freeze({
  name: 'oshiya',
  commands: [unregister, list],
  features: () => [],
})

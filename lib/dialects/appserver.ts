/**
 * `v1-register-push` and `v1-unregister-push` of mod_push_appserver (retired 2022), which yaxim speaks: the client names
 * its node, the service keeps it. Every publish must carry the secret.
 */
import { createHash } from 'node:crypto'
import { ANY_DOMAIN, standIn } from '../model/stand-in'
import { type Dialect, type DialectCommand, type FormField, type Formerly, type OfferedApp, type Wish } from './dialect'
import { appFields, appIn, credentialFields, first, missing, nodeFields, overlong } from './fields'

const types = ['fcm', 'apns'] as const

const isOwn = (app: OfferedApp): boolean => types.some((type) => type === app.speaks)
const serves = (apps: readonly OfferedApp[]): boolean => apps.some(isOwn)

function typeField(apps: readonly OfferedApp[], required: boolean): FormField {
  return {
    var: 'type',
    type: 'list-single',
    label: 'Push service',
    ...(required ? { required } : {}),
    options: types.filter((type) => apps.some((app) => app.speaks === type)),
  }
}

const nodeField: FormField = {
  var: 'node',
  type: 'text-single',
  label: 'A name of the device that stays the same; it will be the node',
  required: true,
}

/** mod_push_appserver knows a device by its node alone: taken over from there, it is found by that. */
function formerly(node: string, byAddress: boolean): Formerly {
  return { owner: standIn(createHash('sha1').update(node).digest('hex'), ANY_DOMAIN), device: node, byAddress }
}

const register: DialectCommand = {
  node: 'v1-register-push',
  name: 'Register a device under a node of its own choice',
  instructions: 'Give the push service, the token that the device got from it, and a node of your choice.',
  serves,
  form: (apps) => [
    typeField(apps, true),
    nodeField,
    { var: 'token', type: 'text-single', label: 'Device token', required: true },
    ...appFields(apps.filter(isOwn)),
  ],
  read(fields, _requester, apps): Wish {
    const [type, node, token] = [first(fields, 'type'), first(fields, 'node'), first(fields, 'token')]
    if (type === undefined || node === undefined || token === undefined) {
      return { wants: 'nothing', wrong: missing(fields, 'type', 'node', 'token') ?? '' }
    }
    const wrong = overlong(fields, 'node')
    if (wrong !== undefined) return { wants: 'nothing', wrong }
    const spoken = types.find((each) => each === type)
    if (spoken === undefined) return { wants: 'nothing', wrong: `"type" must be ${types.join(' or ')}, not "${type}".` }
    const choice = appIn(
      fields,
      apps.filter((app) => app.speaks === spoken),
      'appserver',
    )
    if ('wrong' in choice) return { wants: 'nothing', ...choice }
    const told = { device: node, address: token, node, withSecret: true, hints: {} }
    return { wants: 'register', app: choice.app, ...told, formerly: formerly(node, true) }
  },
  write: credentialFields,
}

const unregister: DialectCommand = {
  node: 'v1-unregister-push',
  name: 'Unregister a device by its node',
  instructions: 'Give the node under which the device was registered.',
  serves,
  form: (apps) => [typeField(apps, false), nodeField],
  read(fields): Wish {
    const node = first(fields, 'node')
    // An account's node is one registration, whatever its push service: `type` need not be looked at.
    return node === undefined
      ? { wants: 'nothing', wrong: missing(fields, 'node') ?? '' }
      : { wants: 'unregister', device: node, formerly: formerly(node, false) }
  },
  write: nodeFields,
}

export const appserver: Dialect = Object.freeze({
  name: 'appserver',
  commands: [register, unregister],
  features: () => [],
})

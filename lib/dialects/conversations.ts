/**
 * `register-push-fcm`, `-gcm`, `-apns` and their opposites, as p2 brought them in: Conversations and its family (Quicksy,
 * Snikket Android, Cheogram, …), apps of Openfire's pushserver plugin and of oshiya. Every publish must carry the secret.
 */
import { createHash } from 'node:crypto'
import { bareOf, parseJid } from '../model/jid'
import { standIn } from '../model/stand-in'
import {
  type Dialect,
  type DialectCommand,
  type Fields,
  type Formerly,
  type OfferedApp,
  type Requester,
  type Wish,
} from './dialect'
import {
  appFields,
  appIn,
  credentialFields,
  deviceIdField,
  deviceIn,
  first,
  missing,
  nodeFields,
  overlong,
} from './fields'

/** A push service as these commands call it. */
interface Service {
  readonly command: 'fcm' | 'gcm' | 'apns'
  readonly speaks: 'fcm' | 'apns'
  readonly title: string
}

const services: readonly Service[] = [
  { command: 'fcm', speaks: 'fcm', title: 'Firebase Cloud Messaging' },
  // COMPAT(Conversations < 2.3; oshiya): Google's older name. The tokens are FCM's by now.
  { command: 'gcm', speaks: 'fcm', title: 'Google Cloud Messaging' },
  { command: 'apns', speaks: 'apns', title: 'Apple Push Notification service' },
]

const ownApps = ({ speaks }: Service, apps: readonly OfferedApp[]): readonly OfferedApp[] =>
  apps.filter((app) => app.speaks === speaks)

/**
 * COMPAT(oshiya): the token's bytes in base64. COMPAT(Openfire pushserver apps): hex as iOS used to describe a token, in
 * angle brackets with spaces. Hex digits alone are hex, whatever else they might be.
 */
function apnsToken(token: string): string {
  const plain = token.replace(/[<>\s]/g, '')
  if (/^[0-9a-f]+$/i.test(plain)) return plain
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(plain)) return token
  const bytes = Buffer.from(plain, 'base64')
  return bytes.length >= 32 ? bytes.toString('hex') : token
}

/** The device's own id, by which the app computes its hashes; `device-id` goes before `android-id`, as in p2. */
function idIn(fields: Fields, requester: Requester): string | undefined {
  return first(fields, 'device-id') ?? first(fields, 'android-id') ?? deviceIn(fields, requester)
}

interface Who {
  /** As the registry knows it: the id, and the channel that this registration is for. */
  readonly device: string
  readonly id: string
  /** SHA-1 of the room's address, NUL and the id, in lower-case hex; absent for the account itself. */
  readonly channel?: string
}

/** The device, and the room if it is for one: by its address, or by the hash that a push of it carried. */
function whoIn(fields: Fields, requester: Requester): Who | { readonly wrong: string } {
  const wrong = overlong(fields, 'device-id', 'android-id', 'channel')
  if (wrong !== undefined) return { wrong }
  const id = idIn(fields, requester)
  if (id === undefined) return { wrong: missing(fields, 'device-id') ?? '' }
  const room = first(fields, 'muc')
  const muc = room === undefined ? undefined : parseJid(room)
  if (room !== undefined && (muc === undefined || muc.resource !== undefined)) {
    return { wrong: '"muc" must be the address of a room, without a resource.' }
  }
  const channel =
    muc === undefined
      ? first(fields, 'channel')?.toLowerCase()
      : createHash('sha1')
          .update(`${bareOf(muc)}\0${id}`)
          .digest('hex')
  return channel === undefined ? { device: id, id } : { device: `${id} ${channel}`, id, channel }
}

/** p2 knows a device by a hash of account and id, and no account: taken over from there, it is found by that. */
function formerly({ id, channel }: Who, fields: Fields, { bare }: Requester): Formerly | undefined {
  if (fields.has('account')) return undefined
  const hash = createHash('sha1').update(`${bare}\0${id}`).digest('hex')
  const owner = standIn(hash, bare.slice(bare.indexOf('@') + 1))
  return { owner, device: channel === undefined ? hash : `${hash} ${channel}`, byAddress: false }
}

function registering(service: Service): DialectCommand {
  return {
    node: `register-push-${service.command}`,
    name: `Register a device of ${service.title}`,
    instructions:
      'Give the token that the device got from its push service, and a name of the device that stays the same.',
    serves: (apps) => ownApps(service, apps).length > 0,
    form: (apps) => [
      { var: 'token', type: 'text-single', label: 'Device token', required: true },
      deviceIdField,
      { var: 'device-name', type: 'text-single', label: 'What people call the device' },
      { var: 'muc', type: 'jid-single', label: 'Room whose pushes these are to be (empty: those of the account)' },
      ...appFields(ownApps(service, apps)),
    ],
    read(fields, requester, apps): Wish {
      const token = first(fields, 'token')
      const lacks = idIn(fields, requester) === undefined ? ['token', 'device-id'] : ['token']
      if (token === undefined) return { wants: 'nothing', wrong: missing(fields, ...lacks) ?? '' }
      const who = whoIn(fields, requester)
      if ('wrong' in who) return { wants: 'nothing', ...who }
      const choice = appIn(fields, ownApps(service, apps), 'conversations')
      if ('wrong' in choice) return { wants: 'nothing', ...choice }
      const name = first(fields, 'device-name')
      const before = formerly(who, fields, requester)
      return {
        wants: 'register',
        app: choice.app,
        device: who.device,
        address: service.speaks === 'apns' ? apnsToken(token) : token,
        withSecret: true,
        hints: {
          androidId: who.id,
          ...(who.channel === undefined ? {} : { channel: who.channel }),
          ...(name === undefined ? {} : { deviceName: name.slice(0, 256) }),
        },
        ...(before === undefined ? {} : { formerly: before }),
      }
    },
    write: credentialFields,
  }
}

function unregistering(service: Service): DialectCommand {
  return {
    node: `unregister-push-${service.command}`,
    name: `Unregister a device of ${service.title}`,
    instructions: 'Name the device as it was named when it was registered.',
    serves: (apps) => ownApps(service, apps).length > 0,
    form: (apps) => [
      deviceIdField,
      { var: 'channel', type: 'text-single', label: 'The channel that a push carried (empty: the account itself)' },
      ...appFields(ownApps(service, apps)),
    ],
    read(fields, requester, apps): Wish {
      const who = whoIn(fields, requester)
      if ('wrong' in who) return { wants: 'nothing', ...who }
      const choice = appIn(fields, ownApps(service, apps), 'conversations')
      if ('wrong' in choice) return { wants: 'nothing', ...choice }
      const before = formerly(who, fields, requester)
      return {
        ...{ wants: 'unregister', app: choice.app, device: who.device },
        ...(before === undefined ? {} : { formerly: before }),
      }
    },
    write: nodeFields,
  }
}

export const conversations: Dialect = Object.freeze({
  name: 'conversations',
  commands: services.flatMap((service) => [registering(service), unregistering(service)]),
  // These clients know their app server from their build; none of them looks for a feature.
  features: () => [],
})

/**
 * Mattermost's apps: what its push proxy makes of a notification for APNs, PushKit and FCM, so that they need not know who sent it. What only
 * clears or counts goes without haste. Of an XMPP publish it shows no more than that there is something.
 */
import type * as Emoji from 'node-emoji'
import { z } from 'zod'
import { type ApnsContent, type Written } from '../model/content'
import { type Content, type Notification } from '../model/notification'
import { mattermostFields, present, type MattermostFields } from './mattermost-fields'
import { type Profile, type Subject } from './profile'
import { opaqueName } from './wake-up'

const options = z.strictObject({
  message: z
    .string()
    .min(1)
    .default('New message')
    .meta({ description: 'text of an alert for what came over XMPP, of which nothing is told' }),
})

type Options = z.output<typeof options>

const CLEARING: ReadonlySet<string> = new Set(['clear', 'update_badge'])

function fieldsOf({ class: kind, content }: Notification, { message }: Options): MattermostFields {
  const plain = mattermostFields({
    given: { type: kind === 'message' || kind === 'call' ? 'message' : 'clear', message, badge: content.count ?? -1 },
  }) as MattermostFields
  return mattermostFields(content) ?? plain
}

const isCall = ({ given }: Content): boolean => given?.['transport'] === 'voip'

/** Apps of the second version and later read a badge of 0 as «there may be others». COMPAT(Mattermost ≥ 1.0): its proxy does so. */
function badgeOf({ badge, type, appVersion }: MattermostFields): { readonly badge?: number } {
  if (badge === -1) return {}
  return { badge: type === 'clear' && badge === 0 && appVersion > 1 ? 1 : badge }
}

/** Loaded with the first text: its list of names is large. */
const emoji = () => module.require('node-emoji') as typeof Emoji

function alertOf(fields: MattermostFields): unknown {
  const message = emoji().emojify(fields.message)
  if (fields.isIdLoaded) return { body: message }
  return fields.version === 'v2' && fields.channel_name !== '' ? { title: fields.channel_name, body: message } : message
}

function apsOf(fields: MattermostFields): Readonly<Record<string, unknown>> {
  const { type, channel_id: channel, root_id: root } = fields
  const thread = fields.isCrtEnabled && root !== '' ? root : channel
  const isSilent = { 'content-available': 1 }
  const shown = type === 'message' || type === 'session'
  return {
    ...badgeOf(fields),
    ...(shown
      ? {
          ...{ alert: alertOf(fields), sound: 'default', 'mutable-content': 1 },
          ...(fields.category === '' ? {} : { category: fields.category }),
          ...(type === 'message' ? isSilent : {}),
        }
      : type === 'update_badge'
        ? {}
        : isSilent),
    ...(channel === '' ? {} : { 'thread-id': thread }),
  }
}

function rootOf(fields: MattermostFields): Readonly<Record<string, unknown>> {
  const { type, sub_type, server_id, signature, version, channel_name } = fields
  const shown = type === 'message' || type === 'session'
  return {
    ...{ type, sub_type, server_id, is_crt_enabled: fields.isCrtEnabled, signature },
    ...(shown ? { version } : {}),
    ...(shown && fields.isIdLoaded ? { id_loaded: true } : {}),
    ...(shown && !fields.isIdLoaded && channel_name !== '' ? { channel_name } : {}),
    ...present(fields, ['ack_id', 'channel_id', 'team_id', 'sender_id', 'sender_name', 'post_id', 'root_id']),
    ...present(fields, ['override_username', 'override_icon_url', 'from_webhook']),
  }
}

function writeCall(fields: MattermostFields): Written {
  const { type, sub_type, channel_id, server_id, post_id, root_id, sender_id, signature } = fields
  const payload = {
    aps: { 'content-available': 1 },
    ...{ type, sub_type, channel_id, server_id, post_id, thread_id: root_id, sender_id, signature },
    id_loaded: fields.isIdLoaded,
    ...present(fields, ['sender_name', 'channel_name', 'ack_id']),
  }
  return { is: 'content', slot: 'address', content: { speaks: 'apns', pushType: 'voip', priority: 10, payload } }
}

/** Of a channel only the newest clearing counts, and of a device the newest badge. */
function collapseOf({ type, channel_id: channel }: MattermostFields): string {
  return opaqueName('mattermost', type === 'clear' ? `clear ${channel}` : type)
}

function writeApns({ notification }: Subject, settings: Options): Written {
  const fields = fieldsOf(notification, settings)
  if (isCall(notification.content)) return writeCall(fields)
  const aps = apsOf(fields)
  const isHasty = !CLEARING.has(fields.type) && fields.type !== 'test'
  // Apple holds back what is sent in the background and yet has a badge, or may: then it is an alert that shows nothing.
  const isBackground = !isHasty && aps['badge'] === undefined && aps['content-available'] === 1
  const content: ApnsContent = {
    ...{ speaks: 'apns', pushType: isBackground ? 'background' : 'alert', priority: isHasty ? 10 : 5 },
    payload: { aps, ...rootOf(fields) },
    ...(CLEARING.has(fields.type) ? { collapseId: collapseOf(fields) } : {}),
  }
  return { is: 'content', slot: 'address', content }
}

function writeFcm({ notification }: Subject, settings: Options): Written {
  const fields = fieldsOf(notification, settings)
  const { type, sub_type, ack_id, version, channel_id, server_id, category, signature, root_id, badge } = fields
  const shown = type === 'message' || type === 'session'
  const told = ['team_id', 'sender_id', 'sender_name', 'message', 'channel_name', 'post_id'] as const
  const overridden = ['override_username', 'override_icon_url', 'from_webhook'] as const
  const { post_id, message, sender_id, team_id } = fields
  const data = {
    ...{ ack_id, type, sub_type, version, channel_id, server_id, category, signature },
    is_crt_enabled: String(fields.isCrtEnabled),
    ...(badge === -1 ? {} : { badge: String(badge) }),
    ...(root_id === '' ? {} : { root_id }),
    ...(shown && fields.isIdLoaded
      ? { post_id, message, sender_id, team_id, id_loaded: 'true', sender_name: 'Someone' }
      : shown
        ? Object.fromEntries([...told, ...overridden].map((name) => [name, fields[name]]))
        : {}),
  }
  const isHasty = !CLEARING.has(type)
  const collapse = isHasty ? {} : { collapseKey: collapseOf(fields) }
  const priority = isHasty ? 'HIGH' : 'NORMAL'
  return { is: 'content', slot: 'address', content: { speaks: 'fcm', data, priority, ...collapse } }
}

function writeRelay({ notification }: Subject, settings: Options): Written {
  const body = notification.content.given ?? { ...fieldsOf(notification, settings) }
  return { is: 'content', slot: 'address', content: { speaks: 'relay', body } }
}

export const mattermost: Profile<Options> = Object.freeze({
  name: 'mattermost',
  options,
  reveals: () => 'what the Mattermost server wrote into its request; of XMPP publishes the number of unread messages',
  passesEncrypted: false,
  keeps: () => ({ sender: false, body: false }),
  rings: isCall,
  collapseKey: ({ class: kind, content }: Omit<Notification, 'collapseKey'>) =>
    content.given === undefined && kind !== 'call' ? kind : undefined,
  write: { apns: writeApns, fcm: writeFcm, relay: writeRelay },
})

/** What Mattermost's server sends to its push proxy: read leniently where the proxy is lenient, cut where it cuts. Pure. */
import { z } from 'zod'
import { type Given } from '../model/notification'
import { jsonIn } from './json'

const text = z.string().max(4096).optional()

/** `POST /api/v1/send_push`. What is not named here is passed on to an upstream, and read by nobody else. */
export const pushBody = z.looseObject({
  platform: z.string().min(1).max(128),
  server_id: z.string().min(1).max(256),
  device_id: z.string().min(1).max(4096),
  ...{ ack_id: text, post_id: text, type: text, sub_type: text, transport: text, signature: text, version: text },
  ...{ category: text, sound: text, team_id: text, channel_id: text, root_id: text, channel_name: text },
  ...{ sender_id: text, sender_name: text, override_username: text, override_icon_url: text, from_webhook: text },
  message: z.string().optional(),
  badge: z.int().min(-1).max(1_000_000_000).optional(),
  cont_ava: z.int().optional(),
  is_crt_enabled: z.boolean().optional(),
  is_id_loaded: z.boolean().optional(),
})

/** `POST /api/v1/ack`. */
export const ackBody = z.looseObject({
  id: z.string().min(1).max(256),
  platform: z.string().min(1).max(128),
  type: z.string().min(1).max(64),
  received_at: z.number().optional(),
  post_id: text,
  is_id_loaded: z.boolean().optional(),
})

export interface MattermostPush {
  /** As it was sent: `apple_rn-v2`. */
  readonly platform: string
  readonly serverId: string
  readonly deviceId: string
  readonly ackId: string
  readonly type: string
  readonly isVoip: boolean
  readonly signature: string
  /** All that was said, but for the device. */
  readonly given: Given
}

export interface MattermostAck {
  readonly platform: string
  readonly type: string
}

type Read<T> = { readonly is: 'read'; readonly read: T } | { readonly is: 'fault'; readonly why: string }

const LONGEST_MESSAGE = 2047
const LONGEST_NAME = 64

/** The longest beginning of so many bytes of UTF-8 that breaks no character. */
export function cutAt(value: string, bytes: number): string {
  if (Buffer.byteLength(value) <= bytes) return value
  let length = 0
  let end = 0
  for (const character of value) {
    length += Buffer.byteLength(character)
    if (length > bytes) break
    end += character.length
  }
  return value.slice(0, end)
}

function parsed<T extends z.ZodType>(body: string, as: T): Read<z.output<T>> {
  const json = jsonIn(body)
  if (json === undefined) return { is: 'fault', why: 'Failed to read message body' }
  const result = as.safeParse(json)
  if (result.success) return { is: 'read', read: result.data }
  const [issue] = result.error.issues
  const at = issue?.path.join('.') ?? ''
  return { is: 'fault', why: at === '' ? 'Failed to read message body' : `${at}: ${issue?.message ?? ''}` }
}

export function readPush(body: string): Read<MattermostPush> {
  const found = parsed(body, pushBody)
  if (found.is === 'fault') return found
  const { device_id: deviceId, ...given } = found.read
  const { platform, server_id: serverId, ack_id: ackId = '', type = 'message', transport, signature = '' } = given
  const message = given.message === undefined ? {} : { message: cutMessage(given.message) }
  const name = given.channel_name === undefined ? {} : { channel_name: cutAt(given.channel_name, LONGEST_NAME) }
  return {
    is: 'read',
    read: {
      ...{ platform, serverId, deviceId, ackId, type, signature, isVoip: transport === 'voip' },
      given: { ...given, type, ...message, ...name },
    },
  }
}

/** COMPAT(Mattermost's push proxy): what is longer than 2047 bytes ends at the 2046th; here never within a character. */
function cutMessage(message: string): string {
  return Buffer.byteLength(message) > LONGEST_MESSAGE ? cutAt(message, LONGEST_MESSAGE - 1) : message
}

export function readAck(body: string): Read<MattermostAck> {
  return parsed(body, ackBody)
}

/** The platforms by which an app is looked for: as it was sent, then without the version of the app. */
export function platformsOf(platform: string): readonly string[] {
  const bare = platform.replace(/-v.*$/, '')
  return bare === platform || bare === '' ? [platform] : [platform, bare]
}

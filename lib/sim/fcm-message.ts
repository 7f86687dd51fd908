// Reads the body of a send request as FCM does and refuses what FCM refuses: target, data, reserved keys, sizes, time to live.
// https://firebase.google.com/docs/cloud-messaging/customize-messages/set-message-type · .../reference/fcm/rest/v1/projects.messages
import { badJson, badMessage, type FcmRow } from './fcm-rows'
import { fit, sendRequest } from './fcm-schema'

const MOST_BYTES = 4096
const MOST_BYTES_TOPIC = 2048
const LONGEST_TTL_S = 2_419_200
const RESERVED = /^(from|message_type|gcm)$|^google|^gcm\./

/** A message that FCM would take. */
export interface FcmMessage {
  readonly target: { readonly kind: 'token' | 'topic' | 'condition' | 'fid'; readonly value: string }
  readonly data: Readonly<Record<string, string>>
  readonly priority: 'NORMAL' | 'HIGH'
  /** Seconds; four weeks where the sender says nothing. */
  readonly ttl: number
  readonly collapseKey?: string
  readonly validateOnly: boolean
}

interface Parsed {
  readonly validate_only?: boolean
  readonly message?: Partial<Record<'token' | 'topic' | 'condition' | 'fid', string>> & {
    readonly data?: Record<string, string>
    readonly notification?: Record<string, string>
    readonly android?: {
      readonly data?: Record<string, string>
      readonly priority?: 'NORMAL' | 'HIGH'
      readonly ttl?: string
      readonly collapse_key?: string
    }
  }
}

const parse = (body: string): { readonly refused: FcmRow } | { readonly as: Parsed } => {
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch (error) {
    return { refused: badJson('', error instanceof Error ? error.message : 'not JSON') }
  }
  const result = fit(sendRequest, json)
  // `fit` has just compared it with the schema, which this type abridges
  return 'misfit' in result
    ? { refused: badJson(result.misfit.field, result.misfit.description) }
    : { as: result.as as Parsed }
}

const bytesOf = (map: Readonly<Record<string, string>> = {}): number =>
  Object.entries(map).reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0)

/** The message, or the refusal that FCM answers with. */
export const readMessage = (body: string): { readonly refused: FcmRow } | { readonly message: FcmMessage } => {
  const parsed = parse(body)
  if ('refused' in parsed) return parsed
  const { message, validate_only = false } = parsed.as
  const refuse = (field: string, text: string) => ({ refused: badMessage(field, text) })
  if (message === undefined) return refuse('message', 'Message is not set.')
  const targets = (['token', 'topic', 'condition', 'fid'] as const).flatMap((kind) => {
    const value = message[kind]
    return value === undefined ? [] : [{ kind, value }]
  })
  const [target, second] = targets
  if (target === undefined || target.value === '')
    return refuse('message.token', 'Recipient of the message is not set.')
  if (second !== undefined) return refuse('message', `oneof field 'target' is already set, cannot set '${second.kind}'`)
  const { data = {}, android = {} } = message
  const reserved = [...Object.keys(data), ...Object.keys(android.data ?? {})].find((key) => RESERVED.test(key))
  if (reserved !== undefined) return refuse('message.data', `Invalid data payload key: ${reserved}`)
  const size = bytesOf(data) + bytesOf(android.data) + bytesOf(message.notification)
  const most = target.kind === 'topic' || target.kind === 'condition' ? MOST_BYTES_TOPIC : MOST_BYTES
  if (size > most) return refuse('message', `Android message is too big: ${size} bytes, at most ${most} are allowed`)
  const ttl = android.ttl === undefined ? LONGEST_TTL_S : Number(android.ttl.slice(0, -1))
  if (ttl < 0 || ttl > LONGEST_TTL_S) return refuse('message.android.ttl', `Invalid time to live: ${android.ttl ?? ''}`)
  return {
    message: {
      target,
      data: { ...data, ...android.data },
      priority: android.priority ?? 'NORMAL',
      ttl,
      ...(android.collapse_key === undefined ? {} : { collapseKey: android.collapse_key }),
      validateOnly: validate_only,
    },
  }
}

/** A notification in the words of Mattermost's server (`model.PushNotification`), as a profile reads it back. Pure; trusts the door that parsed it. */
import { type Content } from '../model/notification'

/** What the server says; texts that it left out are empty. */
export interface MattermostFields {
  readonly type: string
  readonly sub_type: string
  readonly server_id: string
  readonly ack_id: string
  readonly channel_id: string
  readonly channel_name: string
  readonly root_id: string
  readonly team_id: string
  readonly post_id: string
  readonly sender_id: string
  readonly sender_name: string
  readonly override_username: string
  readonly override_icon_url: string
  readonly from_webhook: string
  readonly category: string
  readonly message: string
  readonly version: string
  readonly signature: string
  /** -1: it is not to be touched. */
  readonly badge: number
  readonly isCrtEnabled: boolean
  readonly isIdLoaded: boolean
  /** From the `-v<N>` of its platform; 1 where there is none. */
  readonly appVersion: number
}

const TEXTS = [
  ...(['type', 'sub_type', 'server_id', 'ack_id', 'channel_id', 'channel_name', 'root_id', 'team_id'] as const),
  ...(['post_id', 'sender_id', 'sender_name', 'override_username', 'override_icon_url', 'from_webhook'] as const),
  ...(['category', 'message', 'version', 'signature'] as const),
]

/** Undefined for what no Mattermost server brought. */
export function mattermostFields({ given }: Content): MattermostFields | undefined {
  if (given === undefined) return undefined
  const textOf = (name: string): string => {
    const value = given[name]
    return typeof value === 'string' ? value : ''
  }
  const texts = Object.fromEntries(TEXTS.map((name) => [name, textOf(name)])) as Record<(typeof TEXTS)[number], string>
  const { badge } = given
  return {
    ...texts,
    signature: texts.signature === '' ? 'NO_SIGNATURE' : texts.signature,
    badge: typeof badge === 'number' ? badge : 0,
    isCrtEnabled: given['is_crt_enabled'] === true,
    isIdLoaded: given['is_id_loaded'] === true,
    appVersion: Number(/-v(\d+)$/.exec(textOf('platform'))?.[1] ?? 1),
  }
}

/** Those that are not empty, by the names given. */
export function present<K extends keyof MattermostFields>(
  fields: MattermostFields,
  names: readonly K[],
): Readonly<Record<string, MattermostFields[K]>> {
  return Object.fromEntries(names.flatMap((name) => (fields[name] === '' ? [] : [[name, fields[name]]])))
}

// The shape of messages:send as protocol buffers' JSON: camelCase and snake_case names, unknown fields refused by path.
// https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages (2026) · protobuf.dev/programming-guides/json

/** What a field holds. An object is a message; `list` repeats its one element; `strings` is map<string, string>. */
export type Shape =
  | 'string'
  | 'bool'
  | 'int'
  | 'double'
  | 'duration'
  | 'struct'
  | 'strings'
  | { readonly enum: readonly string[] }
  | { readonly list: Shape }
  | { readonly fields: Readonly<Record<string, Shape>> }

/** What is wrong, and in which message, as `google.rpc.BadRequest` spells it. */
export interface Misfit {
  readonly field: string
  readonly description: string
}

const strings: Shape = { list: 'string' }
const color: Shape = { fields: { red: 'double', green: 'double', blue: 'double', alpha: 'double' } }
const fcmOptions: Shape = { fields: { analytics_label: 'string' } }
const androidNotification: Shape = {
  fields: {
    ...Object.fromEntries(
      ['title', 'body', 'icon', 'color', 'sound', 'tag', 'click_action', 'body_loc_key', 'title_loc_key'].map(
        (name) => [name, 'string' as const],
      ),
    ),
    ...{ channel_id: 'string', ticker: 'string', event_time: 'string', image: 'string' },
    ...{ body_loc_args: strings, title_loc_args: strings, vibrate_timings: { list: 'duration' } },
    ...{ sticky: 'bool', local_only: 'bool', default_sound: 'bool', default_vibrate_timings: 'bool' },
    ...{ default_light_settings: 'bool', bypass_proxy_notification: 'bool', notification_count: 'int' },
    notification_priority: {
      enum: [
        'PRIORITY_UNSPECIFIED',
        'PRIORITY_MIN',
        'PRIORITY_LOW',
        'PRIORITY_DEFAULT',
        'PRIORITY_HIGH',
        'PRIORITY_MAX',
      ],
    },
    visibility: { enum: ['VISIBILITY_UNSPECIFIED', 'PRIVATE', 'PUBLIC', 'SECRET'] },
    proxy: { enum: ['PROXY_UNSPECIFIED', 'ALLOW', 'DENY', 'IF_PRIORITY_LOWERED'] },
    light_settings: { fields: { color, light_on_duration: 'duration', light_off_duration: 'duration' } },
  },
}

/** The body of `projects.messages.send`. */
export const sendRequest: Shape = {
  fields: {
    validate_only: 'bool',
    message: {
      fields: {
        ...{ name: 'string', token: 'string', topic: 'string', condition: 'string', fid: 'string', data: 'strings' },
        notification: { fields: { title: 'string', body: 'string', image: 'string' } },
        android: {
          fields: {
            ...{ collapse_key: 'string', ttl: 'duration', restricted_package_name: 'string', data: 'strings' },
            priority: { enum: ['NORMAL', 'HIGH'] },
            notification: androidNotification,
            ...{ direct_boot_ok: 'bool', bandwidth_constrained_ok: 'bool', restricted_satellite_ok: 'bool' },
            fcm_options: fcmOptions,
          },
        },
        apns: {
          fields: {
            headers: 'strings',
            payload: 'struct',
            live_activity_token: 'string',
            fcm_options: { fields: { analytics_label: 'string', image: 'string' } },
          },
        },
        webpush: {
          fields: {
            headers: 'strings',
            data: 'strings',
            notification: 'struct',
            fcm_options: { fields: { link: 'string', analytics_label: 'string' } },
          },
        },
        fcm_options: fcmOptions,
      },
    },
  },
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
const camel = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

const badValue = (path: string, type: string, value: unknown): Misfit => ({
  field: path,
  description: `Invalid value at '${path}' (${type}), ${JSON.stringify(value)}`,
})

const scalar = (shape: Exclude<Shape, object>, value: unknown, path: string): Misfit | undefined => {
  switch (shape) {
    case 'string':
      return typeof value === 'string' ? undefined : badValue(path, 'TYPE_STRING', value)
    case 'bool':
      return typeof value === 'boolean' ? undefined : badValue(path, 'TYPE_BOOL', value)
    case 'int':
      return Number.isInteger(Number(value)) ? undefined : badValue(path, 'TYPE_INT32', value)
    case 'double':
      return typeof value === 'number' ? undefined : badValue(path, 'TYPE_DOUBLE', value)
    case 'duration':
      return typeof value === 'string' && /^-?\d{1,12}(\.\d{1,9})?s$/.test(value)
        ? undefined
        : badValue(path, 'type.googleapis.com/google.protobuf.Duration', value)
    case 'struct':
      return isObject(value) ? undefined : badValue(path, 'type.googleapis.com/google.protobuf.Struct', value)
    case 'strings': {
      if (!isObject(value)) return badValue(path, 'TYPE_MESSAGE', value)
      const at = Object.values(value).findIndex((one) => typeof one !== 'string')
      return at < 0 ? undefined : badValue(`${path}[${at}].value`, 'TYPE_STRING', Object.values(value)[at])
    }
  }
}

/** Compares a value with a shape. Answers with the first misfit, or with the value in snake_case names alone. */
export const fit = (
  shape: Shape,
  value: unknown,
  path = '',
): { readonly misfit: Misfit } | { readonly as: unknown } => {
  if (typeof shape === 'string') {
    const misfit = scalar(shape, value, path)
    return misfit === undefined ? { as: value } : { misfit }
  }
  if ('enum' in shape) {
    const word = typeof value === 'string' ? value.toUpperCase() : value
    return shape.enum.some((one) => one === word) ? { as: word } : { misfit: badValue(path, 'TYPE_ENUM', value) }
  }
  if ('list' in shape) {
    if (!Array.isArray(value)) return { misfit: badValue(path, 'TYPE_LIST', value) }
    const wrong = value.map((one, at) => fit(shape.list, one, `${path}[${at}]`)).find((one) => 'misfit' in one)
    return wrong ?? { as: value }
  }
  if (!isObject(value)) return { misfit: badValue(path, 'TYPE_MESSAGE', value) }
  const known: Record<string, unknown> = {}
  for (const [name, content] of Object.entries(value)) {
    const own = snake(name)
    const inner = Object.hasOwn(shape.fields, own) ? shape.fields[own] : undefined
    const where = path === '' ? '' : ` at '${path}'`
    if (inner === undefined || (name !== own && name !== camel(own))) {
      return { misfit: { field: path, description: `Unknown name "${name}"${where}: Cannot find field.` } }
    }
    if (Object.hasOwn(known, own)) {
      return { misfit: { field: path, description: `Field "${own}"${where} is set twice.` } }
    }
    // protobuf JSON: null is the same as absent
    if (content === null) continue
    const result = fit(inner, content, path === '' ? own : `${path}.${own}`)
    if ('misfit' in result) return result
    known[own] = result.as
  }
  return { as: known }
}

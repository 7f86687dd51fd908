/**
 * A notification as MongoosePush's interface has it, versions 1, 2 and 3: what is asked, or every fault of it in that interface's own
 * words. Values that MongooseIM passes on as texts ("true", "3600") are taken for what they mean.
 */
import { z } from 'zod'
import { type Given } from '../model/notification'

/** What a request asks for; `given` are the words of the profile `mongoosepush`. */
export interface MongoosePushRequest {
  readonly service: string
  readonly mode: 'prod' | 'dev'
  readonly tags: readonly string[]
  readonly topic?: string
  readonly isCall: boolean
  readonly urgency?: 'high' | 'low'
  /** Milliseconds. */
  readonly life?: number
  readonly given: Given
}

/** One fault, as OpenApiSpex spells it (JSON Pointer, RFC 6901). */
export interface MongoosePushFault {
  readonly title: 'Invalid value'
  readonly source: { readonly pointer: string }
  readonly message: string
}

const INT32 = 2_147_483_647

const integer = z.union([
  z.int().min(-INT32).max(INT32),
  z
    .string()
    .regex(/^-?\d{1,10}$/)
    .transform(Number)
    .refine((value) => Math.abs(value) <= INT32),
])
const boolean = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')])
const text = z.string()

const service = z.enum(['apns', 'fcm'])
const mode = z.enum(['prod', 'dev'])

const alert = z.strictObject({
  body: text,
  title: text,
  badge: integer.exactOptional(),
  click_action: text.exactOptional(),
  tag: text.exactOptional(),
  sound: text.exactOptional(),
})

const data = z.record(z.string(), z.unknown())

const second = z.strictObject({
  service,
  mode: mode.exactOptional(),
  priority: z.enum(['normal', 'high']).exactOptional(),
  time_to_live: integer.exactOptional(),
  mutable_content: boolean.exactOptional(),
  tags: z.array(text).exactOptional(),
  topic: text.exactOptional(),
  alert: alert.exactOptional(),
  data: data.exactOptional(),
})

const first = z.strictObject({
  ...{ service, title: text, body: text, mode: mode.exactOptional(), topic: text.exactOptional() },
  ...{ badge: integer.exactOptional(), click_action: text.exactOptional(), tag: text.exactOptional() },
  data: data.exactOptional(),
})

/** What a body must be, by version. */
export function bodyOf(version: 1 | 2 | 3): z.ZodType {
  return version === 1 ? first : second
}

type Issue = z.core.$ZodIssue

const kindOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'boolean' : typeof value

function at(raw: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    raw,
  )
}

const integers = new Set(['badge', 'time_to_live'])

function faultsOf(issue: Issue, raw: unknown): readonly MongoosePushFault[] {
  const fault = (path: readonly PropertyKey[], message: string): MongoosePushFault => ({
    title: 'Invalid value',
    source: { pointer: `/${path.map(String).join('/')}` },
    message,
  })
  const { path } = issue
  const value = at(raw, path)
  const name = String(path.at(-1) ?? '')
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => fault([...path, key], `Unexpected field: ${key}`))
  }
  if (value === undefined) return [fault(path, `Missing field: ${name}`)]
  if (issue.code === 'invalid_value') return [fault(path, 'Invalid value for enum')]
  const wanted = integers.has(name) ? 'integer' : name === 'mutable_content' ? 'boolean' : expected(issue)
  return [fault(path, `Invalid ${wanted}. Got: ${kindOf(value)}`)]
}

function expected(issue: Issue): string {
  if (issue.code === 'invalid_type') return issue.expected === 'record' ? 'object' : issue.expected
  return 'value'
}

/** Reads a body of version 2 or 3, or of version 1. */
export function readMongoosePush(
  version: 1 | 2 | 3,
  raw: unknown,
): { readonly request: MongoosePushRequest } | { readonly faults: readonly MongoosePushFault[] } {
  const read = version === 1 ? first.safeParse(raw) : second.safeParse(raw)
  if (!read.success) return { faults: read.error.issues.flatMap((issue) => faultsOf(issue, raw)) }
  const body: z.output<typeof second> = 'title' in read.data ? lifted(read.data) : read.data
  if (body.alert === undefined && body.data === undefined) {
    const pointer = { title: 'Invalid value', source: { pointer: '/alert' } } as const
    return { faults: [{ ...pointer, message: 'Missing field: alert' }] }
  }
  return { request: requestOf(body) }
}

/** Version 1 is flat, and always an alert. */
function lifted({ title, body, badge, click_action, tag, ...rest }: z.output<typeof first>): z.output<typeof second> {
  return {
    ...rest,
    alert: {
      ...{ title, body },
      ...(badge === undefined ? {} : { badge }),
      ...(click_action === undefined ? {} : { click_action }),
      ...(tag === undefined ? {} : { tag }),
    },
  }
}

function requestOf(body: z.output<typeof second>): MongoosePushRequest {
  const { service: asked, mode: named = 'prod', tags = [], topic, time_to_live: seconds, priority } = body
  const isCall = body.alert === undefined && body.data?.['type'] === 'jmi'
  return {
    ...{ service: asked, mode: named, tags, isCall },
    ...(topic === undefined ? {} : { topic }),
    ...(priority === undefined ? {} : { urgency: priority === 'high' ? 'high' : 'low' }),
    ...(seconds === undefined ? {} : { life: Math.max(0, seconds) * 1_000 }),
    given: {
      ...(body.alert === undefined ? {} : { alert: body.alert }),
      ...(body.data === undefined ? {} : { data: body.data }),
      ...(priority === undefined ? {} : { priority }),
      ...(topic === undefined ? {} : { topic }),
      ...(body.mutable_content === undefined ? {} : { mutable_content: body.mutable_content }),
    },
  }
}

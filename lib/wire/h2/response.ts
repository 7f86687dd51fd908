/** A response as it comes in on a stream (RFC 9113 §8.1): heads, data, trailers; and what makes it malformed (§8.1.1). */
import { type WireReply } from '../wire'
import { type Field } from './field'

export interface Response {
  /** 0 until the head of the final response has come. */
  status: number
  readonly headers: Record<string, string>
  /** What its content-length says. */
  announced: number | undefined
  received: number
  kept: number
  first: Buffer | undefined
  rest: Buffer[] | undefined
}

export function newResponse(): Response {
  return { status: 0, headers: {}, announced: undefined, received: 0, kept: 0, first: undefined, rest: undefined }
}

const STATUS = /^[1-9][0-9]{2}$/
const LENGTH = /^[0-9]{1,15}$/
const COLON = 0x3a
const NO_FIELD = { name: '', value: '' } as const
const FIRST_FINAL = 200
/** There is none in HTTP/2 (§8.6). */
const SWITCHING_PROTOCOLS = 101
const NOT_MODIFIED = 304
/** Of what can only be said once, the first counts; everything else is joined. */
const SAID_ONCE: readonly string[] = [
  'age',
  'content-encoding',
  'content-length',
  'content-type',
  'date',
  'etag',
  'expires',
  'last-modified',
  'location',
  'retry-after',
]

const UNSOUND = 'a header that HTTP/2 does not allow'

function areSound(fields: readonly Field[], from: number): boolean {
  for (let at = from; at < fields.length; at++) {
    const field = fields[at]
    if (field === undefined || !field.isSound || field.name.charCodeAt(0) === COLON) return false
  }
  return true
}

function keepFields(response: Response, fields: readonly Field[]): string | undefined {
  const { headers, status } = response
  for (let at = 1; at < fields.length; at++) {
    const { name, value } = fields[at] ?? NO_FIELD
    if (name === 'content-length') {
      if (!LENGTH.test(value)) return 'a length that is no number'
      if ((headers[name] ?? value) !== value) return 'two lengths'
      if (status !== NOT_MODIFIED) response.announced = Number(value)
    }
    if (!Object.hasOwn(headers, name)) headers[name] = value
    else if (!SAID_ONCE.includes(name)) headers[name] = `${headers[name] ?? ''}, ${value}`
  }
  return undefined
}

/** A header block of a response: an interim or the final head, or trailers. Why it is malformed, if it is. */
export function takeHead(response: Response, fields: readonly Field[], isLast: boolean): string | undefined {
  if (response.status !== 0) {
    if (!isLast) return 'a second head'
    return areSound(fields, 0) ? wrongLength(response) : UNSOUND
  }
  const first = fields[0] ?? NO_FIELD
  if (first.name !== ':status' || !STATUS.test(first.value)) return 'no status at the head'
  if (!areSound(fields, 1)) return UNSOUND
  const status = Number(first.value)
  if (status < FIRST_FINAL) return isLast || status === SWITCHING_PROTOCOLS ? `an end with status ${status}` : undefined
  response.status = status
  return keepFields(response, fields) ?? (isLast ? wrongLength(response) : undefined)
}

/** Why the response is malformed that ends now, if it is. */
export function wrongLength({ announced, received }: Response): string | undefined {
  return announced === undefined || announced === received
    ? undefined
    : `${received} bytes where ${announced} were announced`
}

/** Data, of which at most `maxBody` bytes in all are kept. False once there was more. */
export function takeData(response: Response, data: Buffer, maxBody: number): boolean {
  response.received += data.length
  const room = maxBody - response.kept
  const part = data.length > room ? data.subarray(0, room) : data
  response.kept += part.length
  if (response.first === undefined) response.first = part
  else (response.rest ??= []).push(part)
  return data.length <= room
}

export function replyOf({ status, headers, first, rest }: Response): WireReply {
  const body = first === undefined ? '' : (rest === undefined ? first : Buffer.concat([first, ...rest])).toString()
  return { is: 'reply', status, headers, body }
}

// Carries out an answer on a stream of HTTP/2. It decides nothing: what to say, and when, it is told.

import { randomUUID } from 'node:crypto'
import { type ServerHttp2Stream } from 'node:http2'
import { RESET_CODES, type ApnsAnswer } from './apns-answers'
import { type ApnsConnection, type ArrivedStream } from './apns-connection'
import { REASONS, type ApnsEnvironment } from './apns-findings'
import { type Judgement } from './apns-judge'

/** What a request was met with, as the journal tells it. */
export type ApnsAnswered =
  | {
      readonly kind: 'status'
      readonly status: number
      readonly reason: string | undefined
      readonly body: string
      /** A GOAWAY came along that admits to this request, and to none of a higher number. */
      readonly goaway?: true
    }
  | { readonly kind: Exclude<ApnsAnswer['kind'], 'status' | 'judged' | 'wire'> }
  | { readonly kind: 'goaway' | 'fin' | 'tcp-reset' | 'black-hole' }

type Status = Extract<ApnsAnswer, { kind: 'status' }>

const reasonIn = (body: string): string | undefined => /"reason"\s*:\s*"(\w+)"/.exec(body)?.[1]

const OK: Status = { kind: 'status', status: 200, body: '', headers: {}, hasApnsId: true, pieces: 1 }

/** What Apple would say to a judged request. The sandbox adds `apns-unique-id` to a success. */
export const statusOf = ({ findings }: Judgement, environment: ApnsEnvironment): Status => {
  const refusal = findings.find(({ reason }) => reason !== undefined)
  if (refusal?.reason === undefined)
    return environment === 'sandbox' ? { ...OK, headers: { 'apns-unique-id': randomUUID() } } : OK
  const { reason, since } = refusal
  const body = JSON.stringify(since === undefined ? { reason } : { reason, timestamp: since })
  return { ...OK, status: REASONS[reason], body }
}

/** Whether a fault of the wire lets the request that brought it about be answered. */
const isAnswered = (answer: Extract<ApnsAnswer, { kind: 'wire' }>, stream: number): boolean => {
  if (answer.fault.kind !== 'goaway' || answer.request === 'unanswered') return false
  const { lastStreamId = 'so-far', then } = answer.fault.goaway
  if (then === 'hang') return false
  return typeof lastStreamId === 'number' ? stream <= lastStreamId : lastStreamId === 'so-far'
}

const toldStatus = ({ status, body }: Status) => ({ kind: 'status', status, reason: reasonIn(body), body }) as const

const toldAnswered = (judged: Status): ApnsAnswered => ({ ...toldStatus(judged), goaway: true })

/** How the journal shall tell of an answer on a stream, given what the request was judged to deserve. */
export const toldAs = (answer: ApnsAnswer, judged: Status, stream: number): ApnsAnswered => {
  switch (answer.kind) {
    case 'judged':
      return toldAs(judged, judged, stream)
    case 'status':
      return toldStatus(answer)
    case 'wire':
      return isAnswered(answer, stream) ? toldAnswered(judged) : { kind: answer.fault.kind }
    case 'silence':
    case 'headers-only':
    case 'reset':
      return { kind: answer.kind }
  }
}

const writePieces = (stream: ServerHttp2Stream, pieces: readonly string[]) => {
  const [piece, ...rest] = pieces
  if (stream.destroyed) return
  if (piece === undefined) stream.end()
  else
    stream.write(piece, () => {
      writePieces(stream, rest)
    })
}

const cut = (body: string, pieces: number): readonly string[] => {
  const size = Math.max(1, Math.ceil(body.length / pieces))
  return Array.from({ length: Math.ceil(body.length / size) }, (_, at) => body.slice(at * size, (at + 1) * size))
}

/** `date`: what is said of the time; nothing where it is left out, which Node would fill in. */
const respond = ({ stream, headers }: ArrivedStream, answer: Status, date: string | undefined) => {
  const asked = headers['apns-id']
  const apnsId = typeof asked === 'string' ? asked : randomUUID()
  const head = {
    ':status': answer.status,
    ...(answer.hasApnsId ? { 'apns-id': apnsId } : {}),
    ...(date === undefined ? {} : { date }),
    ...answer.headers,
  }
  const how = { endStream: answer.body === '', sendDate: false }
  stream.respond(head, how)
  if (answer.body !== '') writePieces(stream, cut(answer.body, answer.pieces))
}

/** Does what an answer says. A stream that is gone, or that a GOAWAY has disowned, is let be. */
export const carryOut = (
  answer: ApnsAnswer,
  judged: Status,
  arrived: ArrivedStream,
  connection: ApnsConnection,
  date?: string,
): void => {
  const { stream } = arrived
  if (!arrived.isAdmitted()) return
  switch (answer.kind) {
    case 'judged':
      respond(arrived, judged, date)
      return
    case 'status':
      respond(arrived, answer, date)
      return
    case 'silence':
      return
    case 'headers-only':
      stream.respond({ ':status': answer.status })
      return
    case 'reset':
      if (answer.when === 'before-headers') {
        arrived.reset(RESET_CODES[answer.code])
        return
      }
      stream.respond({ ':status': 200 })
      // Headers are on the wire once the first piece of a body is.
      stream.write('{', () => {
        arrived.reset(RESET_CODES[answer.code])
      })
      return
    case 'wire':
      connection.inflict(answer.fault)
      if (answer.request === 'judged' && arrived.isAdmitted()) respond(arrived, judged, date)
      return
  }
}

// Judges one request as FCM does, in its order: address, bearer token, permission, content type, message, device.
import { type Devices } from './fcm-devices'
import { readMessage, type FcmMessage } from './fcm-message'
import { badJson, fcmRows, type FcmRow } from './fcm-rows'
import { type Bearer } from './oauth'

/** What the judge is told of the world. */
export interface Circumstances {
  readonly bearer: (accessToken: string) => Bearer
  /** Accounts that may send for a project; undefined for one that doesn't exist. */
  readonly sendersOf: (project: string) => readonly string[] | undefined
  readonly devices: Devices
}

/** The answer if it isn't success, the message if there is one, and what a correct client would never have done. */
export interface Judgement {
  readonly project?: string
  readonly row?: FcmRow
  readonly message?: FcmMessage
  readonly violation?: string
}

/** Judges; changes nothing. */
export const judge = (
  request: {
    readonly method: string
    readonly path: string
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
  },
  { bearer, sendersOf, devices }: Circumstances,
): Judgement => {
  const { headers } = request
  const project = /^\/v1\/projects\/([^/]+)\/messages:send$/.exec(request.path)?.[1]
  if (request.method !== 'POST' || project === undefined) {
    return { row: fcmRows['not found, page'], violation: `${request.method} ${request.path}` }
  }
  const token = /^bearer +(.+)$/i.exec(headers['authorization'] ?? '')?.[1]
  if (token === undefined) return { project, row: fcmRows['credential missing'], violation: 'no bearer token' }
  const account = bearer(token)
  if (account.is === 'unknown') {
    return { project, row: fcmRows['token invalid'], violation: 'a bearer token that was never granted' }
  }
  if (account.is !== 'live') return { project, row: fcmRows['token expired'] }
  const senders = sendersOf(project)
  if (senders === undefined) return { project, row: fcmRows['not found'] }
  if (!senders.includes(account.email)) return { project, row: fcmRows['permission denied'] }
  if (!/^application\/json(\s*;|$)/i.test(headers['content-type'] ?? '') || headers['content-encoding'] !== undefined) {
    const violation = `content-type '${headers['content-type'] ?? ''}', encoding '${headers['content-encoding'] ?? ''}'`
    return { project, row: badJson('', 'Unexpected content.'), violation }
  }
  const read = readMessage(request.body)
  if ('refused' in read) {
    return { project, row: read.refused, violation: read.refused.error?.message ?? 'a bad message' }
  }
  const { message } = read
  const refusal =
    message.target.kind === 'token' || message.target.kind === 'fid' ? devices.refusal(message.target.value) : undefined
  return { project, message, ...(refusal === undefined ? {} : { row: fcmRows[refusal] }) }
}

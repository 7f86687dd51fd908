/**
 * The envelope in which FCM says no: `{"error": {code, message, status, details[]}}`, read leniently and as a whole, for the order of the
 * details varies and the body may be a page of HTML or nothing. https://google.aip.dev/193 · google/rpc/error_details.proto
 */

/** What was found, wherever it stood. */
export interface FcmError {
  readonly message: string
  /** The canonical word, e.g. `NOT_FOUND`; empty where there is none. */
  readonly status: string
  /** google.firebase.fcm.v1.FcmError; empty where there is none. */
  readonly errorCode: string
  /** google.firebase.fcm.v1.ApnsError. */
  readonly apns?: { readonly statusCode: number; readonly reason: string }
  /** google.rpc.BadRequest. */
  readonly violations: readonly { readonly field: string; readonly description: string }[]
  /** google.rpc.QuotaFailure: subjects and descriptions. */
  readonly quotas: readonly string[]
  /** google.rpc.ErrorInfo; empty where there is none. */
  readonly reason: string
  /** google.rpc.RetryInfo, as the header Retry-After would say it: seconds. */
  readonly retryDelay?: string
}

type Fields = Readonly<Record<string, unknown>>

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}
}
function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : []
}
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** Reads the body of an answer that isn't success. */
export function readFcmError(body: string): FcmError {
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch {
    json = undefined
  }
  const error = fieldsOf(fieldsOf(json)['error'])
  const details = listOf(error['details'])
  const all = (type: string) => details.filter((one) => textOf(one['@type']).endsWith(type))
  const apns = all('.ApnsError')[0]
  const delay = /^(\d+(?:\.\d+)?)s$/.exec(textOf(all('.RetryInfo')[0]?.['retryDelay']))?.[1]
  return {
    message: textOf(error['message']),
    status: textOf(error['status']),
    errorCode: textOf(all('.FcmError').find((one) => textOf(one['errorCode']) !== '')?.['errorCode']),
    ...(apns === undefined
      ? {}
      : { apns: { statusCode: Number(apns['statusCode']) || 0, reason: textOf(apns['reason']) } }),
    violations: all('.BadRequest')
      .flatMap((one) => listOf(one['fieldViolations']))
      .map((one) => ({ field: textOf(one['field']), description: textOf(one['description']) })),
    quotas: all('.QuotaFailure')
      .flatMap((one) => listOf(one['violations']))
      .map((one) => `${textOf(one['subject'])} ${textOf(one['description'])}`),
    reason: textOf(all('.ErrorInfo')[0]?.['reason']),
    ...(delay === undefined ? {} : { retryDelay: delay }),
  }
}

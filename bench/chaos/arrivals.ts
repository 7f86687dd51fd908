/** What reached the push services, request by request, in one form. */
import { type ApnsRequest } from '../../lib/sim/apns'
import { type World } from './world'

export interface Arrival {
  readonly token: string
  /** The delivery's; APNs alone has a place for it. */
  readonly id: string | undefined
  /** Milliseconds since 1970, by the right clock. */
  readonly at: number
  readonly ciphertext: string | undefined
  /** The push service took it: the device has it or will. So says a head of 2xx, whatever becomes of the body. */
  readonly isTaken: boolean
  /** It was told that this one can never be sent. */
  readonly isRefused: boolean
  /** An answer, or a stream that is as good as unsent: whoever sends it again does no harm. */
  readonly isSafe: boolean
  /**
   * A GOAWAY that does not admit to its stream came along with its answer, and may have gone first: then it does not count
   * as taken, whatever was answered (RFC 9113 §6.8).
   */
  readonly isDisowned: boolean
}

/** A redirect is no push service's business, and is not followed. */
const isFinal = (status: number): boolean => status >= 300 && status < 500 && ![401, 403, 408, 429].includes(status)

/** Milliseconds in which a GOAWAY may overtake an answer. */
const TOGETHER = 200

/** When each connection ended with a GOAWAY that disowned something. */
function goaways(requests: readonly ApnsRequest[]): ReadonlyMap<number, readonly number[]> {
  const found = new Map<number, number[]>()
  for (const { connection, at, answer } of requests) {
    if (answer.kind === 'goaway') found.set(connection, [...(found.get(connection) ?? []), at])
  }
  return found
}

function fromApns(
  { token, at, headers, payload, answer, connection }: ApnsRequest,
  disowned: ReturnType<typeof goaways>,
): Arrival {
  const ciphertext = payload?.['encrypted']
  const status = answer.kind === 'status' ? answer.status : 0
  return {
    ...{ token, at, id: headers['apns-id'] },
    ...{ ciphertext: typeof ciphertext === 'string' ? ciphertext : undefined },
    isTaken: status === 200 || answer.kind === 'headers-only',
    isRefused: isFinal(status),
    // Which code and which GOAWAY it was is not told: REFUSED_STREAM and a GOAWAY before the stream are safe.
    isSafe: (status !== 0 && status !== 200) || answer.kind === 'reset' || answer.kind === 'goaway',
    isDisowned: (disowned.get(connection) ?? []).some((goaway) => Math.abs(goaway - at) < TOGETHER),
  }
}

export function arrivalsAt({ apns, fcm, web }: World): readonly Arrival[] {
  const plain = (token: string, at: number, status: number): Arrival => {
    return {
      token,
      id: undefined,
      at,
      ciphertext: undefined,
      isTaken: status < 300,
      isRefused: isFinal(status),
      isSafe: true,
      isDisowned: false,
    }
  }
  const statusOf = (answer: (typeof fcm.journal)[number]['answer']): number =>
    answer.is === 'answer' ? answer.status : /^(drip|endless|cut in the body)$/.test(answer.fault) ? 200 : 599
  const disowned = goaways(apns.journal.entries)
  return [
    ...apns.journal.entries.map((request) => fromApns(request, disowned)),
    ...fcm.journal.map(({ at, message, answer }) => plain(message?.target.value ?? '', at, statusOf(answer))),
    ...web.journal.map(({ at, subscription, answer }) => plain(subscription?.endpoint ?? '', at, statusOf(answer))),
  ]
}

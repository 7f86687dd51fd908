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
  /** Milliseconds until the first GOAWAY on its connection; negative where that came first. */
  readonly goawayIn?: number
}

/** A redirect is no push service's business, and is not followed. */
const isFinal = (status: number): boolean => status >= 300 && status < 500 && ![401, 403, 408, 429].includes(status)

/** Milliseconds in which a GOAWAY may overtake an answer, where all that is known is that both were at one push service. */
const TOGETHER = 200
/** And on one connection: answers stand in line behind a slow network, and the simulator's GOAWAY goes ahead of that line. */
const IN_LINE = 1_000

/** When each connection first said with a GOAWAY that it disowned something: what came by it later counts for nothing. */
function goaways<T extends { readonly connection: number; readonly at: number }>(
  requests: readonly T[],
  isGoaway: (request: T) => boolean,
): ReadonlyMap<number, number> {
  const found = new Map<number, number>()
  for (const request of requests) {
    const { connection, at } = request
    if (isGoaway(request)) found.set(connection, Math.min(at, found.get(connection) ?? Infinity))
  }
  return found
}

const isAfter = (of: ReadonlyMap<number, number>, { connection, at }: { connection: number; at: number }): boolean =>
  at > (of.get(connection) ?? Infinity) - IN_LINE

function fromApns(request: ApnsRequest, disowned: ReadonlyMap<number, number>): Arrival {
  const { token, at, headers, payload, answer } = request
  const goaway = disowned.get(request.connection)
  const ciphertext = payload?.['encrypted']
  const status = answer.kind === 'status' ? answer.status : 0
  return {
    ...{ token, at, id: headers['apns-id'] },
    ...{ ciphertext: typeof ciphertext === 'string' ? ciphertext : undefined },
    isTaken: status === 200 || answer.kind === 'headers-only',
    isRefused: isFinal(status),
    // Which code and which GOAWAY it was is not told: REFUSED_STREAM and a GOAWAY before the stream are safe.
    isSafe: (status !== 0 && status !== 200) || answer.kind === 'reset' || answer.kind === 'goaway',
    isDisowned: isAfter(disowned, request),
    ...(goaway === undefined ? {} : { goawayIn: goaway - at }),
  }
}

/** Whose message it is, also where FCM read none of it, for it refused the access token first: a fault answered in its place may be about it. */
function fcmTokenIn(body: string): string {
  try {
    return (JSON.parse(body) as { readonly message?: { readonly token?: string } }).message?.token ?? ''
  } catch {
    return ''
  }
}

export function arrivalsAt({ apns, fcm, web }: World): readonly Arrival[] {
  const plain = (token: string, at: number, status: number, isDisowned: boolean): Arrival => {
    return {
      token,
      id: undefined,
      at,
      ciphertext: undefined,
      isTaken: status < 300,
      isRefused: isFinal(status),
      isSafe: true,
      isDisowned,
    }
  }
  const statusOf = (answer: (typeof fcm.journal)[number]['answer']): number =>
    answer.is === 'answer' ? answer.status : /^(drip|endless|cut in the body)$/.test(answer.fault) ? 200 : 599
  const isGoaway = ({ answer }: { answer: { is: string; fault?: string } }): boolean =>
    answer.is === 'fault' && answer.fault?.startsWith('GOAWAY') === true
  const atApns = goaways(
    apns.journal.entries,
    ({ answer }) => answer.kind === 'goaway' || (answer.kind === 'status' && answer.goaway === true),
  )
  const atWeb = goaways(web.journal, isGoaway)
  // FCM's journal knows of no connections: whichever it was, it ended then.
  const atFcm = fcm.journal.filter(isGoaway).map(({ at }) => at)
  return [
    ...apns.journal.entries.map((request) => fromApns(request, atApns)),
    ...fcm.journal.map(({ at, message, body, answer }) =>
      plain(
        message?.target.value ?? fcmTokenIn(body),
        at,
        statusOf(answer),
        atFcm.some((goaway) => Math.abs(at - goaway) < TOGETHER),
      ),
    ),
    ...web.journal.map((request) =>
      plain(request.subscription?.endpoint ?? '', request.at, statusOf(request.answer), isAfter(atWeb, request)),
    ),
  ]
}

/** What reached the push services, request by request, in one form. */
import { ANDROID, IOS, type Device, type Stage } from './stage'

export interface Arrival {
  readonly app: Device['app']
  /** Milliseconds since 1970. */
  readonly at: number
  readonly token: string
  /** The delivery's id; FCM has no place for it. */
  readonly id: string | undefined
  readonly ciphertext: string | undefined
  /** The push service took it: the device has it or will. */
  readonly isTaken: boolean
}

export function arrivalsAt({ apns, fcm }: Stage): readonly Arrival[] {
  const ios = apns.journal.entries.map(({ at, token, headers, payload, answer }): Arrival => {
    const ciphertext = payload?.['encrypted']
    return {
      app: IOS,
      at,
      token,
      id: headers['apns-id'],
      ciphertext: typeof ciphertext === 'string' ? ciphertext : undefined,
      isTaken: answer.kind === 'status' && answer.status === 200,
    }
  })
  const android = fcm.journal.map(({ at, message, answer }): Arrival => {
    return {
      app: ANDROID,
      at,
      token: message?.target.value ?? '',
      id: undefined,
      ciphertext: undefined,
      isTaken: answer.is === 'answer' && answer.status === 200,
    }
  })
  return [...ios, ...android]
}

// The devices that a simulator of APNs knows. A token belongs to one topic and one environment, as Apple's do.
// A token of the other environment is as unknown as one that never was: Apple says BadDeviceToken to both.

import { state, violation, warning, type ApnsEnvironment, type Finding } from './apns-findings'

/** What became of a token; `since` is Apple's `timestamp`, in milliseconds since 1970. */
export type DeviceState =
  | { readonly kind: 'registered' }
  | { readonly kind: 'unregistered'; readonly since: number }
  | { readonly kind: 'expired'; readonly since: number }

/** A device token that Apple gave to an app. */
export interface Device {
  /** Hexadecimal, of any even length up to 200 digits. */
  readonly token: string
  /** The whole topic, its suffix (`.voip`, …) included. */
  readonly topic: string
  /** Default: the simulator's own. */
  readonly environment?: ApnsEnvironment
  /** Default: registered. */
  readonly state?: DeviceState
}

/** How fast one token may be pushed to: a bucket of `size` that is full again after `size * refillMs`. */
export interface TokenBucket {
  readonly size: number
  readonly refillMs: number
}

/** The devices of one simulator. */
export interface Devices {
  /** Adds a device, or replaces one with the same token. */
  readonly add: (device: Device) => void
  /** Changes a device's state; throws when there is no such device. */
  readonly change: (token: string, to: DeviceState) => void
  /** What APNs would say to a push for this token and topic at `now`. */
  readonly rules: (token: string, topic: string, now: number) => readonly Finding[]
}

interface Known {
  readonly device: Device
  state: DeviceState
  /** Whether a client has been told that the token is dead. */
  isToldDead: boolean
  level: number
  levelAt: number
}

/**
 * Makes an empty set of devices; with a bucket, each token has a limit that answers TooManyRequests. `welcomes`: a token that nobody added is a
 * device of whatever topic it is pushed to first.
 */
export const makeDevices = (
  environment: ApnsEnvironment,
  bucket: TokenBucket | undefined,
  welcomes = false,
): Devices => {
  const known = new Map<string, Known>()

  const bucketRule = (device: Known, now: number): readonly Finding[] => {
    if (bucket === undefined) return []
    device.level = Math.min(bucket.size, device.level + (now - device.levelAt) / bucket.refillMs)
    device.levelAt = now
    if (device.level < 1) return [state('token-bucket', 'too many requests for this token', 'TooManyRequests')]
    device.level -= 1
    return []
  }

  const stateRule = (device: Known): readonly Finding[] => {
    const { state: is } = device
    if (is.kind === 'registered') return []
    const again = device.isToldDead ? [warning('dead-token', 'the client was told before that this token is dead')] : []
    device.isToldDead = true
    const reason = is.kind === 'unregistered' ? 'Unregistered' : 'ExpiredToken'
    return [...again, { ...state(is.kind, `the token is ${is.kind}`, reason), since: is.since }]
  }

  const add = (device: Device): void => {
    const level = bucket?.size ?? 0
    const is = device.state ?? { kind: 'registered' }
    known.set(device.token.toLowerCase(), { device, state: is, isToldDead: false, level, levelAt: 0 })
  }

  return Object.freeze({
    add,
    change: (token: string, to: DeviceState) => {
      const device = known.get(token.toLowerCase())
      if (device === undefined) throw new Error(`the simulator has no device ${token}: addDevice comes first`)
      device.state = to
      device.isToldDead = false
    },
    rules: (token: string, topic: string, now: number) => {
      if (!/^(?:[0-9a-f]{2}){1,100}$/i.test(token))
        return [violation('device-token', 'no hexadecimal of 2 to 200 digits', 'BadDeviceToken')]
      if (welcomes && !known.has(token.toLowerCase())) add({ token, topic })
      const device = known.get(token.toLowerCase())
      if (device === undefined) return [state('device-unknown', 'no such device', 'BadDeviceToken')]
      if ((device.device.environment ?? environment) !== environment)
        return [state('device-environment', 'the device belongs to the other environment', 'BadDeviceToken')]
      if (device.device.topic !== topic)
        return [state('device-topic', `the device is of ${device.device.topic}`, 'DeviceTokenNotForTopic')]
      const dead = stateRule(device)
      return dead.length > 0 ? dead : bucketRule(device, now)
    },
  })
}

/** The phones and browsers of a run: each lives, may die, and comes back with another token. */
import { type ApnsSimulator } from '../../lib/sim/apns'
import { type FcmSimulator } from '../../lib/sim/fcm'
import { type WebPushSimulator, type WebPushSubscription } from '../../lib/sim/webpush'
import { type Chance } from '../kill/chance'

export const IOS = 'org.example.ios'
export const ANDROID = 'org.example.android'
export const WEB = 'org.example.web'
export const apps = [IOS, ANDROID, WEB] as const
export type App = (typeof apps)[number]

export interface Device {
  readonly owner: string
  readonly app: App
  /** Of Web Push the endpoint. */
  token: string
  /** For calls; iPhones only. */
  callToken: string | undefined
  subscription: WebPushSubscription | undefined
  isAlive: boolean
  /** It registered with the token that it has now. */
  isRegistered: boolean
  node: string | undefined
  secret: string | undefined
  /** When it died, each time (ms since 1970). */
  readonly deaths: number[]
  /** All that it ever had. */
  readonly tokens: Set<string>
}

export interface PushServices {
  readonly apns: ApnsSimulator
  readonly fcm: FcmSimulator
  readonly web: WebPushSimulator
}

export interface Devices {
  readonly all: readonly Device[]
  /** The push service calls its tokens dead from now on. */
  readonly kill: (device: Device) => void
  /** It gets new tokens, which live; they are not registered yet. */
  readonly revive: (device: Device) => void
}

/** So many of each app. `vapidKey`: what browsers subscribe with. */
export function makeDevices(
  { apns, fcm, web }: PushServices,
  count: number,
  vapidKey: string,
  chance: Chance,
): Devices {
  const hex = (): string => Array.from({ length: 64 }, () => chance.whole(16).toString(16)).join('')

  function revive(device: Device): void {
    device.isAlive = true
    device.isRegistered = false
    if (device.app === IOS) {
      device.token = hex()
      device.callToken = hex()
      apns.addDevice({ token: device.token, topic: IOS })
      apns.addDevice({ token: device.callToken, topic: `${IOS}.voip` })
      device.tokens.add(device.callToken)
    } else if (device.app === ANDROID) {
      device.token = `android:${hex()}`
      fcm.setDevice(device.token, 'live')
    } else {
      device.subscription = web.subscribe({ applicationServerKey: vapidKey })
      device.token = device.subscription.endpoint
    }
    device.tokens.add(device.token)
  }

  const all = apps.flatMap((app) =>
    Array.from({ length: count }, (_, number): Device => {
      const device: Device = {
        owner: `user${number}@example.com`,
        app,
        token: '',
        callToken: undefined,
        subscription: undefined,
        isAlive: true,
        isRegistered: false,
        node: undefined,
        secret: undefined,
        deaths: [],
        tokens: new Set(),
      }
      revive(device)
      return device
    }),
  )
  return {
    all,
    revive,
    kill(device) {
      device.isAlive = false
      const since = Date.now()
      device.deaths.push(since)
      if (device.app === IOS) {
        for (const token of [device.token, device.callToken ?? '']) {
          apns.changeDevice(token, { kind: 'unregistered', since })
        }
      } else if (device.app === ANDROID) fcm.setDevice(device.token, 'unregistered')
      else device.subscription?.become('gone')
    },
  }
}

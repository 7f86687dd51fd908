// A simulator of APNs with one team, one key and three devices, and clients of it whose every push is in order unless told otherwise.

import { startApnsSimulator, type ApnsSimulator, type ApnsSimulatorOptions } from '../../lib/sim/apns'
import { makeProviderKey } from '../../lib/sim/certificates'
import { connectToApns, providerToken, type ApnsClient } from './apns-client'

export const TOPIC = 'org.example.ios'
export const PHONE = 'a1'.repeat(32)
export const VOIP = 'c3'.repeat(32)
export const KEY = makeProviderKey()
/** When scenes play: nothing here waits for the machine's time. */
export const NOW = Date.UTC(2026, 5, 1, 12)
/** The same in seconds. */
export const NOW_S = NOW / 1000

export interface Scene {
  readonly apns: ApnsSimulator
  /** Moves the simulator's clock, never the machine's. */
  readonly advance: (ms: number) => void
  /** Another connection, with the token of the scene. */
  readonly open: (options?: OpenOptions) => Promise<ApnsClient>
  readonly close: () => Promise<void>
}

export interface OpenOptions {
  /** `none` sends no authorization at all. */
  readonly jwt?: string
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Whether to wait for SETTINGS. */
  readonly isPatient?: boolean
}

export const ALERT = JSON.stringify({ aps: { alert: 'You have mail' } })

export const JWT = providerToken({ privateKey: KEY.privateKey, issuedAt: NOW_S - 60 })

export const startScene = async (options: ApnsSimulatorOptions = {}): Promise<Scene> => {
  let now = NOW
  const apns = await startApnsSimulator({ now: () => now, ...options })
  apns.addKey({ keyId: 'KEY1234567', teamId: 'TEAM123456', key: KEY.publicKey })
  apns.addDevice({ token: PHONE, topic: TOPIC })
  apns.addDevice({ token: VOIP, topic: `${TOPIC}.voip` })
  const clients: ApnsClient[] = []
  return Object.freeze({
    apns,
    advance: (ms: number) => {
      now += ms
    },
    open: async ({ jwt = JWT, tls, isPatient = true }: OpenOptions = {}) => {
      const authorization = jwt === 'none' ? {} : { authorization: `bearer ${jwt}` }
      const headers = { ...authorization, 'apns-topic': TOPIC, 'apns-push-type': 'alert' }
      const push = { path: `/3/device/${PHONE}`, headers, body: ALERT }
      const client = await connectToApns(apns.url, { ca: apns.ca, ...tls }, push, isPatient)
      clients.push(client)
      return client
    },
    close: async () => {
      for (const client of clients) client.close()
      await apns.close()
    },
  })
}

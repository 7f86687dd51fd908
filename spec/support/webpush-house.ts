/** A house with a Web Push service in the neighbourhood: two more apps, one with a VAPID key and one, for UnifiedPush, without. */
import { generateKeyPairSync } from 'node:crypto'
import { startWebPushSimulator, type WebPushSimulator } from '../../lib/sim/webpush'
import { startHouse, type House, type HouseOptions } from './house'

export const WEB = 'org.example.web'
export const UNIFIED = 'org.example.unified'

export interface WebPushHouse {
  readonly house: House
  readonly push: WebPushSimulator
  readonly close: () => Promise<void>
}

export async function startWebPushHouse(options: HouseOptions = {}): Promise<WebPushHouse> {
  // Requests, which ask for the time, come only once the house stands.
  const place: { house?: House } = {}
  const push = await startWebPushSimulator({ now: () => place.house?.clock.now() ?? 0 })
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const app = { provider: 'webpush', profile: 'webpush', allowPrivate: [new URL(push.origin).host], ca: push.ca }
  const vapid = {
    subject: 'mailto:push@example.com',
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  }
  const house = await startHouse({
    ...options,
    apps: (hosts) => ({ [WEB]: { ...app, vapid }, [UNIFIED]: app, ...options.apps?.(hosts) }),
  })
  place.house = house
  return {
    house,
    push,
    async close() {
      await house.close()
      await push.close()
    },
  }
}

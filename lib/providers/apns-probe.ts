/**
 * Proves an APNs credential without waking anyone: a push to a device token that Apple never made. Apple looks at the credential first, so
 * BadDeviceToken says that it was good. The topic is looked at with a real device alone.
 */
import { randomUUID } from 'node:crypto'
import { type Clock } from '../clock'
import { type ApnsContent } from '../model/content'
import { Opaque } from '../model/opaque'
import { type Environment } from '../model/registration'
import { type ApnsSender } from './apns-sender'
import { findingsOf } from './probing'
import { type Finding } from './provider'

const NOBODY = new Opaque('0'.repeat(64))
/** Were there such a device after all, it would stay asleep: nothing is shown, and nothing is kept for later. */
const NOTHING: ApnsContent = {
  speaks: 'apns',
  pushType: 'background',
  priority: 5,
  payload: { aps: { 'content-available': 1 } },
}
const WITHIN = 30_000

/** One request for each environment. Never rejects. */
export async function probeApns(
  senders: ReadonlyMap<Environment, ApnsSender>,
  topic: string,
  clock: Clock,
): Promise<readonly Finding[]> {
  const all = await Promise.all(
    [...senders].map(async ([environment, sender]) => {
      const attempt = {
        id: randomUUID(),
        address: NOBODY,
        environment,
        content: NOTHING,
        expiresAt: clock.now() + WITHIN,
      }
      const outcome = await sender.send(attempt, NOTHING)
      const unproven = `topic ${topic} in ${environment}, until a push to a device of the app was taken`
      return findingsOf({ whom: `APNs (${environment})`, outcome, unproven })
    }),
  )
  return all.flat()
}

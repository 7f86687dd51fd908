/**
 * Proves a service account without waking anyone: a message that FCM is asked only to look at (`validate_only`), to a token that Google
 * never made. https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send
 */
import { type Clock } from '../clock'
import { Opaque } from '../model/opaque'
import { type Outcome } from '../model/outcome'
import { findingsOf } from './probing'
import { type Attempt, type Finding } from './provider'

const NOBODY = new Opaque('a-token-that-google-never-made')
const WITHIN = 30_000

/** `tryIt` has FCM look at a message. Never rejects. */
export async function probeFcm(
  project: string,
  tryIt: (attempt: Attempt) => Promise<Outcome>,
  clock: Clock,
): Promise<readonly Finding[]> {
  const attempt: Attempt = {
    id: '',
    address: NOBODY,
    content: { speaks: 'fcm', data: {}, priority: 'NORMAL' },
    expiresAt: clock.now() + WITHIN,
  }
  const outcome = await tryIt(attempt)
  const unproven = `that the devices belong to project ${project}, until a push to one was taken`
  return findingsOf({ whom: `FCM (project ${project})`, outcome, unproven })
}

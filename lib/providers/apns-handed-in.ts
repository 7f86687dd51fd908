/** What is to be said of a push certificate that is handed in: it must open, be one of Apple's for pushes, fit the app and be good today. Keeps nothing. */
import { readCertificate } from './apns-certificate'
import { roundsOf } from './apns-p12-rounds'
import { type ApnsOptions, settingsOf, withHandedIn } from './apns-options'
import { type Finding, type HandedIn } from './provider'

/** About a second, in which nothing else is done. Keychain and OpenSSL write 2048 or less. */
const MOST_ROUNDS = 50_000

/** A fault refuses it. `now`: milliseconds since 1970. */
export function checkHandedIn(options: ApnsOptions, handedIn: HandedIn, now: number): readonly Finding[] {
  const all = settingsOf(withHandedIn(options, handedIn))
  if ('text' in all) return [{ is: 'fault', ...all }]
  const rounds = roundsOf(handedIn.certificate.bytes())
  if (rounds > MOST_ROUNDS) {
    const text = `the .p12 takes ${rounds} rounds to open, and ${MOST_ROUNDS} is the most here`
    return [{ is: 'fault', text, mend: 'Export it anew: `openssl pkcs12 -export -iter 2048 …`' }]
  }
  const read = readCertificate(handedIn)
  if ('text' in read) return [{ is: 'fault', ...read }]
  if (!read.isForPushes) {
    const text = 'it is no push certificate: nothing in it says for which of the two environments of APNs it is'
    return [{ is: 'fault', text, mend: 'Make an "Apple Push Notification service SSL" certificate for the app' }]
  }
  // What two environments share is said once.
  const said = new Set<string>()
  return all
    .flatMap((settings) => read.about(settings, now).findings)
    .filter(({ text }) => !said.has(text) && said.add(text))
}

/** What push services and XMPP server found that a correct client never does, less what the faults of a run bring about. */
import { type World } from './world'

/** What was sent a second time as it stood, because the first one was never read, has the same salt and key by right. */
function webViolations({ web }: World): readonly string[] {
  const seen = new Set<string>()
  return web.journal.flatMap(({ body, violations }) => {
    const text = body.toString('base64')
    const isAgain = seen.has(text)
    seen.add(text)
    return isAgain ? violations.filter((violation) => !/-reused/.test(violation)) : violations
  })
}

export function violationsAt(world: World): readonly string[] {
  const { apns, fcm, oauth, server } = world
  // A service whose clock is wrong says of an expiry that it lies in the past, and of a token that it is of tomorrow.
  const ofTheClock = /expir|iat|exp\b|timeframe|past|future/i
  // A process that was killed may leave a token request behind when the next one asks.
  const ofTheKill = /token requests of .* at once/
  return [
    ...apns.violations.filter(({ rule }) => !ofTheClock.test(rule)).map(({ rule, text }) => `APNs: ${rule}: ${text}`),
    ...[...fcm.violations, ...oauth.violations, ...webViolations(world)].filter(
      (text) => !ofTheClock.test(text) && !ofTheKill.test(text),
    ),
    ...server.violations.map(({ what, xml }) => `XMPP: ${what} ${xml.slice(0, 200)}`),
  ]
}

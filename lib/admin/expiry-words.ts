/** What is said of a credential that expires, in words for who must mend it. Pure. */
import { type Expiry } from '../providers/provider'

const DAY = 24 * 3600_000

/** UTC, to the minute. */
function momentOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

function left(ms: number): string {
  const days = Math.ceil(ms / DAY)
  return days <= 1 ? 'within a day' : `in ${days} days`
}

/** Which credential of which apps, which file, when, what then, and what to do. */
export function expiryText({ what, of, at, mend }: Expiry, apps: readonly string[], now: number): string {
  const whose = `The ${what} of ${apps.length === 1 ? 'app' : 'apps'} ${apps.join(', ')}`
  const without = of === 'credential' ? 'nothing can be sent' : 'the push service can no longer be trusted'
  return at <= now
    ? `${whose} expired on ${momentOf(at)}: ${without}, and pushes wait as long as they live. ${mend}.`
    : `${whose} expires ${left(at - now)}, on ${momentOf(at)}. From then on ${without}, and pushes wait as long as they live. ${mend}.`
}

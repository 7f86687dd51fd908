/** A push service's own word for a reason, out of the sentence that holds it: short, and of few kinds. */

/** Web Push: anybody's server may say anything, so only its status counts. */
const STRANGERS = /^https?:\/\/\S+ answered (\d{3})\b/
/** `400 BadDeviceToken`, `FCM answered 404 UNREGISTERED: …`, `ECONNREFUSED`; then the status alone. */
const WORDS = [
  /^\d{3} ([A-Z]\w+)/,
  /\b([A-Z][a-z]+(?:[A-Z][a-z]+)+)\b/,
  /\b((?!FCM\b|HTTP\b|TLS\b|TCP\b|ALPN\b|CONNECT\b)[A-Z]{3,}(?:_[A-Z]+)*)\b/,
  /\b([45]\d\d)\b/,
]

/** So many sentences are remembered with their word, and so many words told apart. */
const MOST = 200

/** The word of a sentence; `other` where there is none, and for every word that comes after the first 200. */
export function makeReasons(): (why: string) => string {
  const known = new Map<string, string>()
  const words = new Set<string>()
  return (why) => {
    const before = known.get(why)
    if (before !== undefined) return before
    const found =
      STRANGERS.exec(why)?.[1] ?? WORDS.map((word) => word.exec(why)?.[1]).find((word) => word !== undefined)
    const word = found !== undefined && (words.has(found) || words.size < MOST) ? found : 'other'
    words.add(word)
    // The same sentence comes thousands of times in an outage.
    if (known.size < MOST) known.set(why, word)
    return word
  }
}

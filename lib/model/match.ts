/** How a request that names no app finds one: words of the request beside those of the configuration. Pure. */

/** What an app answers to; a word that is left out fits any, but a platform must be named and a tag be among them. */
export interface Match {
  readonly service?: string
  readonly mode?: string
  readonly topic?: string
  readonly tags?: readonly string[]
  readonly platform?: string
}

/** What a request says of the app that it means. */
export interface MatchAsked {
  readonly service?: string
  readonly mode?: string
  readonly topic?: string
  /** The app must have every one of them. */
  readonly tags?: readonly string[]
  readonly platform?: string
}

/** An app that can be found. */
export interface Matchable {
  readonly name: string
  /** `apns`, `fcm`, `webpush`: the service of an app whose match names none. */
  readonly speaks: string
  readonly match?: Match
}

export type Matched<A> =
  | { readonly is: 'one'; readonly app: A }
  | { readonly is: 'none' }
  /** Equally good ones, by name. */
  | { readonly is: 'several'; readonly names: readonly string[] }

/** How well an app fits, as the number of words that agree; undefined: it does not. */
function fit({ speaks, match }: Matchable, asked: MatchAsked): number | undefined {
  if (match === undefined) return undefined
  const { service = speaks, mode, topic, tags = [], platform } = match
  if (asked.service !== undefined && asked.service !== service) return undefined
  if (asked.platform !== platform) return undefined
  if (!(asked.tags ?? []).every((tag) => tags.includes(tag))) return undefined
  if (mode !== undefined && mode !== asked.mode) return undefined
  if (topic !== undefined && asked.topic !== undefined && topic !== asked.topic) return undefined
  return [mode !== undefined, topic !== undefined && topic === asked.topic].filter(Boolean).length
}

/** The app whose `match` fits best; only apps that have one can be found. */
export function matchApp<A extends Matchable>(apps: Iterable<A>, asked: MatchAsked): Matched<A> {
  let best = -1
  let found: A[] = []
  for (const app of apps) {
    const words = fit(app, asked)
    if (words === undefined || words < best) continue
    if (words > best) found = []
    best = words
    found.push(app)
  }
  const [first] = found
  if (first === undefined) return { is: 'none' }
  return found.length === 1 ? { is: 'one', app: first } : { is: 'several', names: found.map(({ name }) => name) }
}

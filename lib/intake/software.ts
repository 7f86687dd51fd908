/** Which software the server of a domain says that it is (XEP-0092 v1.1), asked once a day. Knows no stanza and no link. */
import { type Clock } from '../clock'

/** `untold`: the server answers and names nothing. `silent`: nothing that it said has come. */
export type Software =
  { readonly is: 'named'; readonly name: string } | { readonly is: 'untold' } | { readonly is: 'silent' }

const DAY = 24 * 3600_000
/** Milliseconds for which a silent server is asked nothing. */
export const SILENCE = 10 * 60_000
const MOST_REMEMBERED = 10_000

interface Remembered {
  readonly software: Promise<Software>
  /** On the clock that never jumps (ms); while it is asked it is not known yet. */
  until: number
}

/** Remembers what was asked; several that ask at once share one question. Rejects never, if `ask` doesn't. */
export function makeSoftware(clock: Clock): (key: string, ask: () => Promise<Software>) => Promise<Software> {
  const known = new Map<string, Remembered>()
  return (key, ask) => {
    const remembered = known.get(key)
    if (remembered !== undefined && remembered.until > clock.elapsed()) return remembered.software
    known.delete(key)
    const [oldest] = known.keys()
    if (known.size >= MOST_REMEMBERED && oldest !== undefined) known.delete(oldest)
    const entry: Remembered = { software: ask(), until: Infinity }
    known.set(key, entry)
    void entry.software.then(({ is }) => (entry.until = clock.elapsed() + (is === 'silent' ? SILENCE : DAY)))
    return entry.software
  }
}

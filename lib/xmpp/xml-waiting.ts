/** What an unfinished piece of XML waits for: told from what comes alone, so that what is held is not read again in vain. Knows no tree. */
import { type Cut } from './xml-tag'

/** `more`: a few characters, whatever they are. */
export type Awaited = '<' | '>' | ']]>' | '?>' | 'more'

export interface Waiting {
  /** Begins to wait, at the end of these data; for a tag, in the value that this quote ends. */
  readonly begin: (what: Awaited, data: string, quote: Cut) => void
  /** Takes what came since. True once what is held can be read on. */
  readonly hasCome: (piece: string) => boolean
}

export function makeWaiting(): Waiting {
  let awaited: Awaited = 'more'
  let open: Cut = ''
  let lastTwo = ''

  /** `>` ends a tag outside of quotes; so does `<`, which none admits. */
  function endsTag(piece: string): boolean {
    for (let at = 0; at < piece.length; at++) {
      if (open !== '') {
        at = piece.indexOf(open, at)
        if (at < 0) return false
        open = ''
        continue
      }
      const mark = piece[at]
      if (mark === '>' || mark === '<') return true
      if (mark === '"' || mark === "'") open = mark
    }
    return false
  }

  return {
    begin(what, data, quote) {
      awaited = what
      open = quote
      lastTwo = data.slice(-2)
    },
    hasCome(piece) {
      switch (awaited) {
        case 'more':
          return true
        case '<':
          return piece.includes('<')
        case '>':
          return endsTag(piece)
        default: {
          // The mark may have begun in what came before.
          const both = `${lastTwo}${piece}`
          lastTwo = both.slice(-2)
          return both.includes(awaited)
        }
      }
    },
  }
}

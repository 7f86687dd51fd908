/**
 * Stanzas that are spelled alike: a server spells its publishes the same, but for a few values. What stands between those was read strictly
 * once; where it comes again to the letter, only the values are looked at, and a tree is made only for who asks for it.
 * Refuses to know what a stanza means.
 */
import { Element } from 'ltx'
import { patternOf, type Pattern } from './alike-pattern'

/** A stanza that is spelled as one before it, and an element like any other: its children are made when they are first asked for. */
export interface AlikeStanza extends Element {
  /** One for all that are spelled so. */
  readonly pattern: Pattern
  readonly values: readonly string[]
}

interface Draft extends Element {
  pattern: Pattern
  values: readonly string[]
  grown: Element['children'] | undefined
}

export interface Alike {
  /** The stanza whose `<` stands there, if it is spelled as one before it and the data hold all of it. */
  readonly find: (data: string, at: number, parent: Element) => AlikeStanza | undefined
  /** Takes one that was read strictly, and the text that it was read from. */
  readonly learn: (data: string, from: number, to: number, stanza: Element) => void
}

/** What a few servers of one kind have; a stanza that is new is compared with each. */
const MOST = 8
/** A prime. One of so many is remembered: what comes often soon is, and what comes once hardly ever. */
const TAKEN_IN = 31
const LONGEST = 8192

const late = Object.create(Element.prototype, {
  children: {
    get(this: Draft) {
      return (this.grown ??= this.pattern.childrenOf(this.values, this))
    },
    set(this: Draft, children: Element['children']) {
      this.grown = children
    },
  },
}) as Element

/** Whether a stanza is one of these. */
export function isAlike(stanza: Element): stanza is AlikeStanza {
  return 'pattern' in stanza
}

/** One with these values. */
export function stanzaOf(pattern: Pattern, values: readonly string[], parent: Element | null): AlikeStanza {
  // Field by field, always in this order, so that all have one hidden class.
  const stanza = Object.create(late) as Draft
  stanza.name = pattern.name
  stanza.parent = parent
  stanza.attrs = pattern.attrsOf(values)
  stanza.pattern = pattern
  stanza.values = values
  stanza.grown = undefined
  return stanza
}

/** Of the stanzas of one stream: what a prefix stands for is a stream's own. */
export function makeAlike(): Alike {
  /** The one that was found last comes first. */
  const patterns: Pattern[] = []
  let misses = 0

  return {
    find(data, at, parent) {
      for (let place = 0; place < patterns.length; place++) {
        const pattern = patterns[place]
        const values = pattern?.valuesAt(data, at)
        if (pattern === undefined || values === undefined) continue
        if (place > 0) {
          patterns.copyWithin(1, 0, place)
          patterns[0] = pattern
        }
        return stanzaOf(pattern, values, parent)
      }
      return undefined
    },
    learn(data, from, to, stanza) {
      misses += 1
      if (misses % TAKEN_IN !== 0 || to - from > LONGEST) return
      const made = patternOf(data.slice(from, to))
      if (made === undefined) return
      const { pattern, values } = made
      // What is nested too deep is not in the tree, for one.
      if (stanzaOf(pattern, values, stanza.parent).toString() !== stanza.toString()) return
      if (patterns.length === MOST) patterns.pop()
      patterns.push(pattern)
    },
  }
}

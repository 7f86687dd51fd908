/** Documents made up by chance from a seed: whole ones, and the same with a few characters changed. Knows XML, and no reader of it. */

/** A number from 0 up to, and without, the bound. */
export type Chance = (bound: number) => number

/** Repeats itself for the same seed (mulberry32). */
export function makeChance(seed: number): Chance {
  let state = seed | 0
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * bound)
  }
}

/** Around every document; the prefixes `s` and `p` are declared there. */
export const OPEN = "<stream:stream xmlns='d' xmlns:stream='x' xmlns:s='y' xmlns:p='z'>"
export const CLOSE = '</stream:stream>'

export interface XmlDocument {
  readonly text: string
  /** There is a text behind a CDATA section, which ltx loses. */
  readonly hasTextAfterSection: boolean
}

const words = ['a', 'b-1', 'c.d', '_e', 'ünï', 'constructor', 'iq', 'field', 'hasOwnProperty', '值', 'x1']
const units = [
  'a',
  'Zz',
  ' ',
  '0',
  'ü',
  '€',
  '😀',
  '&amp;',
  '&lt;',
  '&gt;',
  '&quot;',
  '&apos;',
  ']',
  '=',
  '/',
  '>',
  ']]',
]
const references = ['&#65;', '&#x1F600;', '&#9;', '&#10;', '&#13;', '&#xE9;', '&#000038;']
const blanks = ['', '', '', ' ', '\n ', '\t']

/** Makes the next document: an element of up to some forty, with whatever an element may have. */
export function makeDocuments(chance: Chance): () => XmlDocument {
  const of = (choices: readonly string[]): string => choices[chance(choices.length)] ?? ''
  const blank = (): string => of(blanks)
  let budget = 0
  let hasTextAfterSection = false

  const name = (): string => of(['', '', '', '', 's:', 'p:']) + of(words)

  function characters(most: number, not: readonly string[]): string {
    let text = ''
    for (let left = chance(most); left > 0; left--) {
      const unit = chance(8) === 0 ? of(references) : of(units)
      if (!not.includes(unit) && !(unit === '>' && text.endsWith(']]'))) text += unit
    }
    return text
  }

  function attributes(): string {
    const taken = new Set<string>()
    let text = ''
    for (let left = chance(5); left > 0; left--) {
      const declares = chance(8) === 0
      const key = declares ? of(['xmlns', 'xmlns:q', 'xmlns:r']) : of([name(), name(), 'xml:lang'])
      if (taken.has(key)) continue
      taken.add(key)
      const quote = of(['"', "'"])
      const value = declares ? `urn:${of(words)}` : characters(6, []) + (chance(6) === 0 ? of(['"', "'"]) : '')
      const inside = value.replaceAll(quote, quote === '"' ? '&quot;' : '&apos;')
      text += `${of([' ', ' ', '\n', '  '])}${key}${blank()}=${blank()}${quote}${inside}${quote}`
    }
    return text
  }

  function element(depth: number): string {
    budget -= 1
    const tag = name()
    const open = `<${tag}${attributes()}${blank()}`
    let inside = ''
    let after: 'tag' | 'text' | 'section' = 'tag'
    for (let left = depth > 6 ? 0 : chance(5); left > 0 && budget > 0; left--) {
      const kind = chance(6)
      if (kind === 0) {
        inside += `<![CDATA[${of(['', 'a', '<', ' & ', ']]', '<b/>', ']>', '€'])}]]>`
        after = 'section'
      } else if (kind <= 2) {
        // Whoever normalises line ends and blanks makes the same of these.
        const text = characters(8, ['&#13;'])
        if (text === '' || after === 'text') continue
        hasTextAfterSection ||= after === 'section'
        inside += text
        after = 'text'
      } else {
        inside += element(depth + 1)
        after = 'tag'
      }
    }
    return inside === '' && chance(3) > 0 ? `${open}/>` : `${open}>${inside}</${tag}${blank()}>`
  }

  return () => {
    budget = 4 + chance(40)
    hasTextAfterSection = false
    const text = element(0)
    return { text, hasTextAfterSection }
  }
}

const marks = [
  '',
  '<',
  '>',
  '&',
  '"',
  "'",
  '/',
  '=',
  ':',
  ' ',
  'x',
  '\u0001',
  ']',
  '!',
  '?',
  '#',
  ';',
  '-',
  '0',
  '\ufffe',
  '</a>',
  '<b>',
]

/** The text with one to three places changed; most come out broken. */
export function mutated(text: string, chance: Chance): string {
  let changed = text
  for (let left = 1 + chance(3); left > 0; left--) {
    const at = chance(changed.length)
    changed = changed.slice(0, at) + (marks[chance(marks.length)] ?? '') + changed.slice(at + chance(3))
  }
  // As a reader of UTF-8 sees it: half a character is none.
  return Buffer.from(changed).toString()
}

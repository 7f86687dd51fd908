/** A caller's word as it may stand in the log: what is too long for a name may be a token that stands in the wrong place. */

const LONGEST = 48
const SHOWN = 16

/** The word, or its beginning and its length. */
export function spoken(word: string): string {
  return word.length <= LONGEST ? word : `${word.slice(0, SHOWN)}… (${word.length} characters)`
}

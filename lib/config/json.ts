/** JSON text (RFC 8259) to a value, or the line and column where it breaks. Knows nothing of what the value means. */

export type ReadJson =
  | { readonly is: 'value'; readonly value: unknown }
  | {
      readonly is: 'broken'
      readonly line: number
      readonly column: number
      readonly text: string
      readonly mend: string
    }

class Broken extends Error {
  constructor(
    readonly at: number,
    readonly text: string,
    readonly mend: string,
  ) {
    super(text)
  }
}

const DEEPEST = 64
const space = /[ \t\n\r]*/y
const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)/y

function match(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : -1
}

/** Why no value can begin here, as the usual slips are met. */
function noValue(text: string, at: number): Broken {
  const next = text.slice(at, at + 2)
  if (at >= text.length)
    return new Broken(at, 'the text ends here, inside the configuration', 'Close what is open: } or ]')
  if (next === '//' || next === '/*' || next.startsWith('#')) {
    return new Broken(at, 'a comment', 'Remove it: JSON has no comments')
  }
  if (next.startsWith("'")) return new Broken(at, 'a single quote', 'Write "…" around texts and keys')
  if (/[}\],]/.test(next.charAt(0))) {
    return new Broken(
      at,
      `a value is missing before "${next.charAt(0)}"`,
      'Write the value, or remove the comma before it',
    )
  }
  if (next.startsWith('"')) {
    return new Broken(
      at,
      'this text is not closed, or holds a line end or a bad escape',
      'Close it with ", write \\\\ for \\',
    )
  }
  const word = /^[^\s,:[\]{}"]{1,30}/.exec(text.slice(at, at + 30))?.[0] ?? next.charAt(0)
  return new Broken(
    at,
    `"${word}" is no JSON value`,
    'Write "…" around texts and keys; numbers, true and false stand alone',
  )
}

function skip(text: string, at: number): number {
  return match(space, text, at)
}

/** Checks one value and returns where it ends. */
function walk(text: string, from: number, depth: number): number {
  if (depth > DEEPEST) throw new Broken(from, 'this is nested too deeply', `Keep to ${DEEPEST} levels`)
  const at = skip(text, from)
  const open = text.charAt(at)
  if (open !== '{' && open !== '[') {
    const end = Math.max(match(string, text, at), match(scalar, text, at))
    if (end < 0) throw noValue(text, at)
    return end
  }
  return walkInside(text, at, depth, open === '{' ? new Set() : undefined)
}

/** Checks the members of an object (`keys` holds those met) or the items of a list, from its bracket to the other. */
function walkInside(text: string, open: number, depth: number, keys: Set<string> | undefined): number {
  const close = keys === undefined ? ']' : '}'
  let at = skip(text, open + 1)
  if (text.charAt(at) === close) return at + 1
  for (;;) {
    if (keys !== undefined) at = walkKey(text, at, keys)
    at = skip(text, walk(text, at, depth + 1))
    const next = text.charAt(at)
    if (next === close) return at + 1
    if (next !== ',') {
      if (next === '') throw noValue(text, at)
      throw new Broken(at, `expected "," or "${close}" here`, 'Put a comma between two entries')
    }
    const comma = at
    at = skip(text, at + 1)
    if (text.charAt(at) === close) throw new Broken(comma, 'a comma after the last entry', 'Remove it')
  }
}

function walkKey(text: string, at: number, keys: Set<string>): number {
  const end = match(string, text, at)
  if (end < 0) throw noValue(text, at)
  const key = JSON.parse(text.slice(at, end)) as string
  if (keys.has(key)) throw new Broken(at, `"${key}" is here twice`, 'Keep one of the two')
  keys.add(key)
  const colon = skip(text, end)
  if (text.charAt(colon) !== ':') throw new Broken(colon, `expected ":" after "${key}"`, 'Write "key": value')
  return colon + 1
}

/** Reads JSON; a leading byte order mark is ignored, a key that is written twice is refused. */
export function readJson(source: string): ReadJson {
  const text = source.replace(/^\ufeff/, '')
  try {
    const end = skip(text, walk(text, 0, 0))
    if (end < text.length) throw new Broken(end, 'there is more text after the end of the configuration', 'Remove it')
    return { is: 'value', value: JSON.parse(text) as unknown }
  } catch (error) {
    if (!(error instanceof Broken)) throw error
    const before = text.slice(0, error.at).split(/\r\n|\r|\n/)
    const column = (before.at(-1)?.length ?? 0) + 1
    return { is: 'broken', line: before.length, column, text: error.text, mend: error.mend }
  }
}

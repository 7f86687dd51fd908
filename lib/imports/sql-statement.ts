/** One SQL statement of a dump taken apart: the columns of a table, the rows of an insert. Pure; knows no file. */

/** NULL is undefined; a number stands as it was written. */
export type Value = string | undefined

const NAME = /[`"]?(?:\w+[`"]?\.[`"]?)?(\w+)[`"]?/.source
const KEYWORD = /^(PRIMARY|UNIQUE|KEY|INDEX|CONSTRAINT|CHECK|FOREIGN|FULLTEXT)\b/i

/** The parts of a list, parted by commas outside parentheses and strings. */
function parts(list: string): readonly string[] {
  const found: string[] = []
  let depth = 0
  let begin = 0
  let quote = ''
  for (let at = 0; at < list.length; at++) {
    const char = list.charAt(at)
    if (quote !== '') quote = char === quote ? '' : quote
    else if (char === "'" || char === '"' || char === '`') quote = char
    else if (char === '(') depth++
    else if (char === ')') depth--
    else if (char === ',' && depth === 0) {
      found.push(list.slice(begin, at).trim())
      begin = at + 1
    }
  }
  return [...found, list.slice(begin).trim()]
}

const bare = (name: string): string => name.replace(/^[`"]|[`"]$/g, '')

/** The names of a table's columns, where this statement creates it. */
export function columnsIn(statement: string, table: string): readonly string[] | undefined {
  const found = new RegExp(`^CREATE TABLE (?:IF NOT EXISTS )?${NAME}\\s*\\((.*)\\)[^)]*$`, 'is').exec(statement)
  if (found?.[1]?.toLowerCase() !== table) return undefined
  return parts(found[2] ?? '')
    .filter((part) => !KEYWORD.test(part))
    .map((part) => bare(/^\S+/.exec(part)?.[0] ?? ''))
}

/** What is inserted into a table, where this statement does that: the columns that it names, and its tuples as written. */
export function insertIn(
  statement: string,
  table: string,
): { readonly columns?: readonly string[]; readonly rest: string } | undefined {
  const found = new RegExp(
    `^INSERT\\s+(?:IGNORE\\s+)?INTO\\s+${NAME}\\s*(?:\\(([^)]*)\\)\\s*)?VALUES\\s*(?=\\()`,
    'i',
  ).exec(statement)
  if (found?.[1]?.toLowerCase() !== table) return undefined
  const rest = statement.slice(found[0].length)
  return found[2] === undefined ? { rest } : { columns: parts(found[2]).map(bare), rest }
}

const escaped: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', 0: '\0', Z: '\x1a' }

/** A string from its opening quote on: its text, and where it ends. */
function stringAt(text: string, from: number, escapes: boolean): { readonly value: string; readonly end: number } {
  let value = ''
  for (let at = from + 1; at < text.length; at++) {
    const char = text.charAt(at)
    if (escapes && char === '\\') {
      const next = text.charAt(++at)
      value += escaped[next] ?? next
    } else if (char !== "'") value += char
    else if (text.charAt(at + 1) === "'") value += text.charAt(at++)
    else return { value, end: at + 1 }
  }
  return { value, end: -1 }
}

/** The tuples of an insert, in order; undefined in the place of one that can't be read, which is the last then. */
export function* tuplesIn(rest: string, escapes: boolean): Generator<readonly Value[] | undefined> {
  const plain = /\s*(?:(NULL)|(-?[\d.]+(?:e[+-]?\d+)?)|(?:_binary\s*|E)?(?='))/iy
  const after = /\s*([,)])\s*(,?)\s*/y
  let at = 0
  while (at < rest.length) {
    if (rest.charAt(at) !== '(') {
      yield undefined
      return
    }
    at++
    const tuple: Value[] = []
    for (let isOpen = true; isOpen;) {
      plain.lastIndex = at
      const found = plain.exec(rest)
      if (found === null) {
        yield undefined
        return
      }
      at = plain.lastIndex
      if (found[1] !== undefined) tuple.push(undefined)
      else if (found[2] !== undefined) tuple.push(found[2])
      else {
        const { value, end } = stringAt(rest, at, escapes)
        if (end < 0) {
          yield undefined
          return
        }
        tuple.push(value)
        at = end
      }
      after.lastIndex = at
      const follows = after.exec(rest)
      if (follows === null) {
        yield undefined
        return
      }
      isOpen = follows[1] === ','
      // Between two values nothing but the comma stands; the comma after a tuple belongs to the next one.
      at = isOpen ? at + rest.slice(at).indexOf(',') + 1 : after.lastIndex
    }
    yield tuple
  }
}

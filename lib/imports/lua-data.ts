/**
 * Lua data as Prosody's internal storage writes it: `return { ["key"] = "value"; … };` (util.serialization). A reader of literals:
 * nothing is ever evaluated.
 */

/** A table as a map by its keys; those without a name count from 1. */
export type LuaValue = string | number | boolean | undefined | LuaTable
export interface LuaTable {
  readonly entries: ReadonlyMap<string, LuaValue>
}

const DEEPEST = 50

class Unreadable extends Error {}

const escaped: Readonly<Record<string, string>> = {
  ...{ a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' },
  '\n': '\n',
}

function makeReader(text: string) {
  let at = 0
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found === null) return undefined
    at = pattern.lastIndex
    return found
  }
  const skip = (): void => void take(/(?:\s|--(?!\[)[^\n]*)*/y)
  const expect = (pattern: RegExp): RegExpExecArray => {
    const found = take(pattern)
    if (found === undefined) throw new Unreadable(`at character ${at + 1}`)
    return found
  }

  /** Lua's strings are bytes: what is written as `\ddd` is put together before it is read as UTF-8. */
  function string(quote: string): string {
    const bytes: Buffer[] = []
    for (;;) {
      const plain = take(quote === '"' ? /[^"\\]+/y : /[^'\\]+/y)
      if (plain !== undefined) bytes.push(Buffer.from(plain[0]))
      if (take(/["']/y) !== undefined) return Buffer.concat(bytes).toString('utf8')
      const code = expect(/\\(?:(\d{1,3})|x([0-9a-fA-F]{2})|z\s*|([\s\S]))/y)
      if (code[1] !== undefined) bytes.push(Buffer.from([Number(code[1]) & 0xff]))
      else if (code[2] !== undefined) bytes.push(Buffer.from(code[2], 'hex'))
      else if (code[3] !== undefined) bytes.push(Buffer.from(escaped[code[3]] ?? code[3]))
    }
  }

  function value(depth: number): LuaValue {
    if (depth > DEEPEST) throw new Unreadable(`tables within tables, more than ${DEEPEST} deep`)
    skip()
    if (take(/\{/y) !== undefined) return table(depth)
    const quote = take(/["']/y)
    if (quote !== undefined) return string(quote[0])
    const long = take(/\[(=*)\[\n?([\s\S]*?)\]\1\]/y)
    if (long !== undefined) return long[2] ?? ''
    const word = take(/(true|false|nil)\b/y)?.[1]
    if (word !== undefined) return word === 'nil' ? undefined : word === 'true'
    return Number(expect(/-?(?:0x[0-9a-f]+|\d+(?:\.\d*)?(?:e[+-]?\d+)?)/iy)[0])
  }

  function table(depth: number): LuaTable {
    const entries = new Map<string, LuaValue>()
    for (let next = 1; ;) {
      skip()
      if (take(/\}/y) !== undefined) return { entries }
      const name = take(/([A-Za-z_]\w*)\s*=(?!=)/y)?.[1]
      if (name !== undefined) entries.set(name, value(depth + 1))
      else if (take(/\[(?=\s*["'\d-])/y) !== undefined) {
        const key = value(depth + 1)
        expect(/\s*\]\s*=/y)
        if (typeof key === 'object' || key === undefined) throw new Unreadable(`at character ${at + 1}`)
        entries.set(String(key), value(depth + 1))
      } else entries.set(String(next++), value(depth + 1))
      skip()
      if (take(/[;,]/y) === undefined && text.charAt(at) !== '}') throw new Unreadable(`at character ${at + 1}`)
    }
  }

  return { skip, take, value, isAtEnd: () => at >= text.length }
}

/** The value that a file of the storage returns, or why it can't be read. */
export function readLuaData(text: string): { readonly value: LuaValue } | { readonly wrong: string } {
  const reader = makeReader(text)
  try {
    reader.skip()
    if (reader.take(/return\b/y) === undefined) return { wrong: 'it does not begin with "return"' }
    const value = reader.value(0)
    reader.take(/\s*;?\s*/y)
    return reader.isAtEnd() ? { value } : { wrong: 'something follows the data' }
  } catch (error) {
    if (error instanceof Unreadable) return { wrong: error.message }
    throw error
  }
}

/** The entries of a table; undefined for what is none. */
export function entriesOf(value: LuaValue): ReadonlyMap<string, LuaValue> | undefined {
  return typeof value === 'object' ? value.entries : undefined
}

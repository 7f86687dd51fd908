/** An object of another service's settings. What is asked of it is noted, so that what nobody asked for can be told. */

export interface ForeignObject {
  /** Where it stands in the settings: `pushModules.monalProdiOS`. */
  readonly path: string
  /** Undefined where it is missing or empty; numbers as texts, for YAML takes digits for one. */
  text(key: string): string | undefined
  number(key: string): number | undefined
  flag(key: string): boolean | undefined
  texts(key: string): readonly string[]
  /** Empty where there is none. */
  within(key: string): ForeignObject
  /** The objects of a list; or, where the value is an object, those in it by name. */
  each(key: string): readonly ForeignObject[]
  has(key: string): boolean
  /** Paths of what was never asked for, here and below, of which something is said. */
  unread(): readonly string[]
}

type Raw = Readonly<Record<string, unknown>>

const isObject = (raw: unknown): raw is Raw => typeof raw === 'object' && raw !== null && !Array.isArray(raw)

/** `path`: of the object itself; empty at the top. */
export function foreignObject(raw: unknown, path = ''): ForeignObject {
  const values: Raw = isObject(raw) ? raw : {}
  const asked = new Set<string>()
  const below = new Map<string, readonly ForeignObject[]>()
  const at = (key: string): string => (path === '' ? key : `${path}.${key}`)
  const ask = (key: string): unknown => {
    asked.add(key)
    return Object.hasOwn(values, key) ? values[key] : undefined
  }
  const objects = (key: string, make: (value: unknown) => readonly ForeignObject[]): readonly ForeignObject[] => {
    const known = below.get(key) ?? make(ask(key))
    below.set(key, known)
    return known
  }
  return Object.freeze({
    path,
    text(key: string) {
      const value = ask(key)
      if (typeof value === 'number') return String(value)
      return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
    },
    number(key: string) {
      const value = ask(key)
      const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
      return typeof number === 'number' && Number.isFinite(number) ? number : undefined
    },
    flag(key: string) {
      const value = ask(key)
      if (value === 'true' || value === 'false') return value === 'true'
      return typeof value === 'boolean' ? value : undefined
    },
    texts(key: string) {
      const value = ask(key)
      return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
    },
    within: (key: string) => objects(key, (value) => [foreignObject(value, at(key))])[0] ?? foreignObject({}, at(key)),
    each: (key: string) =>
      objects(key, (value) =>
        Array.isArray(value)
          ? value.map((each, index) => foreignObject(each, `${at(key)}[${index}]`))
          : Object.entries(isObject(value) ? value : {}).map(([name, each]) =>
              foreignObject(each, `${at(key)}.${name}`),
            ),
      ),
    has: (key: string) => ask(key) !== undefined && ask(key) !== null,
    unread: () => [
      ...Object.keys(values).flatMap((key) => (asked.has(key) || values[key] === null ? [] : [at(key)])),
      ...[...below.values()].flat().flatMap((each) => each.unread()),
    ],
  })
}

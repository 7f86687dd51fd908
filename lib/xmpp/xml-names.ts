/** Names and what their prefixes stand for (Namespaces in XML 1.0, third edition). Knows no text and no tree. */
import { XmlFault } from './xml-fault'

const XML = 'http://www.w3.org/XML/1998/namespace'
const XMLNS = 'http://www.w3.org/2000/xmlns/'
const first =
  'A-Z_a-z\\u{C0}-\\u{D6}\\u{D8}-\\u{F6}\\u{F8}-\\u{2FF}\\u{370}-\\u{37D}\\u{37F}-\\u{1FFF}\\u{200C}\\u{200D}\\u{2070}-\\u{218F}' +
  '\\u{2C00}-\\u{2FEF}\\u{3001}-\\u{D7FF}\\u{F900}-\\u{FDCF}\\u{FDF0}-\\u{FFFD}\\u{10000}-\\u{EFFFF}'
const ncName = `[${first}][${first}\\-.0-9\\u{B7}\\u{300}-\\u{36F}\\u{203F}\\u{2040}]*`
const qualified = new RegExp(`^${ncName}(?::${ncName})?$`, 'u')
/** Names kept at once, and the longest of them: a stranger who invents names pays with time of ours, never with memory. */
const MOST = 1024
const LONGEST = 128
/** A power of two. */
const PLACES = 128

/**
 * The copy of a text that V8 has but one of: it is told from others of its kind, those that stand in our own code among them, by where it
 * lies. For what is kept and compared often.
 */
export function onlyCopy(text: string): string {
  // Without a prototype it is a dictionary, and makes no hidden class for each text.
  const keys = Object.create(null) as Record<string, true>
  keys[text] = true
  return Object.keys(keys)[0] ?? text
}

export interface Name {
  readonly text: string
  /** Empty where there is none. */
  readonly prefix: string
  readonly local: string
}

const broken = (why: string): XmlFault => new XmlFault('not-well-formed', why)

/** Finds a name's parts; those that come often are taken apart once. Throws `XmlFault` at a name that is none. */
export function makeNames(): (text: string) => Name {
  const known = new Map<string, Name>()
  /** The same by a few of their characters, where the last one of each is found sooner. */
  const places: (Name | undefined)[] = Array.from({ length: PLACES }, () => undefined)

  function find(text: string): Name {
    const found = known.get(text)
    if (found !== undefined) return found
    if (!qualified.test(text)) throw broken('a tag or an attribute without a valid name')
    // Through bytes: a part of what was read would keep the whole of it in memory.
    const own = onlyCopy(Buffer.from(text).toString())
    const colon = own.indexOf(':')
    const name = { text: own, prefix: colon < 0 ? '' : own.slice(0, colon), local: own.slice(colon + 1) }
    if (known.size >= MOST) known.clear()
    if (text.length <= LONGEST) known.set(own, name)
    return name
  }

  return (text) => {
    const place = (text.length * 5 + text.charCodeAt(0) + text.charCodeAt(text.length - 1) * 3) & (PLACES - 1)
    const last = places[place]
    if (last?.text === text) return last
    const name = find(text)
    if (text.length <= LONGEST) places[place] = name
    return name
  }
}

/** The names of a tag with prefixes in it, and the values of its attributes in their order. */
export interface Qualified {
  readonly name: Name
  readonly attributes: readonly Name[]
  readonly values: readonly string[]
}

export interface Scopes {
  /** A tag begins an element at this depth. Throws `XmlFault` at a prefix that is not declared, and at two attributes of one expanded name. */
  readonly enter: (depth: number, tag: Qualified) => void
  /** The element at this depth ends. */
  readonly leave: (depth: number) => void
}

/** What a prefix (empty: the default) must not be declared to be. Throws `XmlFault`. */
export function checkBinding(prefix: string, uri: string): void {
  if (prefix === 'xmlns' || uri === XMLNS) throw broken('a declaration of the prefix xmlns')
  if ((prefix === 'xml') !== (uri === XML)) throw broken('a declaration that has to do with the prefix xml')
  if (prefix !== '' && uri === '') throw broken(`the prefix ${prefix} is declared to be nothing`)
}

/** Prefixes in scope. What an element declares is undone when it ends; a declaration costs the same wherever it stands. */
export function makeScopes(): Scopes {
  /** What each prefix stands for, innermost last. */
  const bound = new Map<string, string[]>([['xml', [XML]]])
  const declared: { readonly depth: number; readonly prefix: string }[] = []
  /** Depth of the innermost element that declares; asked at every end tag. */
  let innermost = -1

  function declare(depth: number, prefix: string, uri: string): void {
    checkBinding(prefix, uri)
    const uris = bound.get(prefix)
    if (uris === undefined) bound.set(prefix, [uri])
    else uris.push(uri)
    declared.push({ depth, prefix })
    innermost = depth
  }

  function resolve({ text, prefix, local }: Name): string {
    const uri = bound.get(prefix)?.at(-1)
    if (uri === undefined) throw broken(`the prefix of ${text} is not declared`)
    return `${uri} ${local}`
  }

  return {
    enter(depth, { name, attributes, values }) {
      for (const [at, { prefix, local }] of attributes.entries()) {
        if (prefix === 'xmlns') declare(depth, local, values[at] ?? '')
      }
      if (name.prefix !== '') resolve(name)
      const expanded = new Set<string>()
      for (const attribute of attributes) {
        if (attribute.prefix === '' || attribute.prefix === 'xmlns') continue
        const full = resolve(attribute)
        if (expanded.has(full)) throw broken('an attribute twice in one tag, under two prefixes')
        expanded.add(full)
      }
    },
    leave(depth) {
      if (innermost !== depth) return
      while (declared.at(-1)?.depth === depth) {
        const prefix = declared.pop()?.prefix ?? ''
        const uris = bound.get(prefix)
        if (uris !== undefined && uris.length > 1) uris.pop()
        else bound.delete(prefix)
      }
      innermost = declared.at(-1)?.depth ?? -1
    },
  }
}

/**
 * What stands between the values of a stanza: names, namespaces, kinds of fields, and where each value begins and ends. Made of a text
 * that was read strictly, if it is spelled simply. Knows no stream.
 */
import { Element } from 'ltx'

export interface Pattern {
  /** Of the stanza itself. */
  readonly name: string
  /** How many values there are. */
  readonly count: number
  /** The values, if what stands there is spelled so, in the order of the text: none is empty, and none needs to be escaped in a text. */
  readonly valuesAt: (data: string, at: number) => readonly string[] | undefined
  /** How many characters a stanza with these values has. */
  readonly sizeOf: (values: readonly string[]) => number
  /** The attributes of the stanza itself: fresh ones each time. */
  readonly attrsOf: (values: readonly string[]) => Record<string, string>
  /** Its children, of which it is the parent: fresh ones each time. */
  readonly childrenOf: (values: readonly string[], parent: Element) => Element['children']
}

/** An element; in place of each value, its number. */
interface Shape {
  readonly name: string
  readonly keys: string[]
  readonly attributes: (string | number)[]
  readonly children: (Shape | string | number)[]
}

/** Attributes that say what it is; so do those with a prefix. All others are values. */
const telling: ReadonlySet<string> = new Set(['to', 'type', 'var', 'xmlns'])
const MOST_VALUES = 32
/** A longer value is read strictly. */
const LONGEST_VALUE = 4096

const tag = /<(\/?)([^\s<>"'&/=]+)((?: [^\s<>"'&/=]+=(?:'[^'<&]*'|"[^"<&]*"))*)(\/?)>/y
const attribute = / ([^=]+)=(?:'[^']*'|"[^"]*")/g

const [LT, GT, AMPERSAND] = [60, 62, 38]

/** Where the value ends that begins there, at a `stop`; the place itself where it is empty, or no plain one. */
function plainEnd(data: string, at: number, stop: number): number {
  const most = Math.min(data.length, at + LONGEST_VALUE)
  for (let end = at; end < most; end++) {
    const code = data.charCodeAt(end)
    if (code === stop) return end
    if (code < 32 || code === AMPERSAND || code === LT || code === GT || code >= 0xfffe) return at
  }
  return at
}

/** Through bytes: a part of a text keeps the whole of it in memory. */
const own = (text: string): string => Buffer.from(text).toString()

const valueOf = (part: string | number, values: readonly string[]): string =>
  typeof part === 'string' ? part : (values[part] ?? '')

function attrsOf({ keys, attributes }: Shape, values: readonly string[]): Record<string, string> {
  const attrs: Record<string, string> = {}
  for (let at = 0; at < keys.length; at++) attrs[keys[at] ?? ''] = valueOf(attributes[at] ?? '', values)
  return attrs
}

function childrenOf({ children }: Shape, values: readonly string[], parent: Element): Element['children'] {
  return children.map((child) => {
    if (typeof child !== 'object') return valueOf(child, values)
    const element = new Element(child.name)
    element.attrs = attrsOf(child, values)
    element.parent = parent
    element.children = childrenOf(child, values, element)
    return element
  })
}

/** A pattern and the values of the text that it was made of; undefined where that is spelled in a way that is not looked into. */
export function patternOf(text: string): { readonly pattern: Pattern; readonly values: readonly string[] } | undefined {
  const literals: string[] = []
  const stops: number[] = []
  const found: string[] = []
  let begun = 0

  /** From here to there stands a value; its number, or undefined where it is no plain one. */
  function value(from: number, to: number): number | undefined {
    if (plainEnd(text, from, text.charCodeAt(to)) !== to || to === from || found.length === MOST_VALUES)
      return undefined
    literals.push(own(text.slice(begun, from)))
    stops.push(text.charCodeAt(to))
    begun = to
    return found.push(text.slice(from, to)) - 1
  }

  function shapeOf(name: string, attributes: string, at: number): Shape | undefined {
    const shape: Shape = { name: own(name), keys: [], attributes: [], children: [] }
    for (const { 0: whole, 1: key = '', index } of attributes.matchAll(attribute)) {
      const to = at + index + whole.length - 1
      const from = at + index + key.length + 3
      const isTelling = telling.has(key) || key.includes(':') || from === to
      const part = isTelling ? own(text.slice(from, to)) : value(from, to)
      if (part === undefined) return undefined
      shape.keys.push(own(key))
      shape.attributes.push(part)
    }
    return shape
  }

  const open: Shape[] = []
  let root: Shape | undefined
  for (let at = 0; at < text.length;) {
    const parent = open.at(-1)
    if (text.charCodeAt(at) !== LT) {
      const end = text.indexOf('<', at)
      const isLeaf = text.charAt(end + 1) === '/' && parent?.children.length === 0
      const part = isLeaf ? value(at, end) : own(text.slice(at, end))
      if (parent === undefined || part === undefined || (!isLeaf && text.slice(at, end).trim() !== '')) return undefined
      parent.children.push(part)
      at = end
      continue
    }
    tag.lastIndex = at
    const [whole, close, name = '', attributes = '', empty] = tag.exec(text) ?? []
    if (whole === undefined) return undefined
    if (close === '/') open.pop()
    else {
      const shape = shapeOf(name, attributes, at + 1 + name.length)
      if (shape === undefined) return undefined
      if (parent === undefined) root = shape
      else parent.children.push(shape)
      if (empty === '') open.push(shape)
    }
    at += whole.length
  }
  if (root === undefined) return undefined
  literals.push(own(text.slice(begun)))
  return { pattern: patternFrom(root, literals, stops), values: found }
}

function patternFrom(root: Shape, literals: readonly string[], stops: readonly number[]): Pattern {
  const length = literals.reduce((sum, each) => sum + each.length, 0)
  return {
    name: root.name,
    count: stops.length,
    valuesAt(data, at) {
      // A list that grows has room for sixteen more.
      const values = new Array<string>(stops.length)
      let next = at
      for (let place = 0; ; place++) {
        const literal = literals[place] ?? ''
        // A third of what `startsWith` costs.
        if (data.slice(next, next + literal.length) !== literal) return undefined
        next += literal.length
        if (place === stops.length) return values
        const end = plainEnd(data, next, stops[place] ?? LT)
        if (end === next) return undefined
        values[place] = data.slice(next, end)
        next = end
      }
    },
    sizeOf: (values) => values.reduce((sum, each) => sum + each.length, length),
    attrsOf: (values) => attrsOf(root, values),
    childrenOf: (values, parent) => childrenOf(root, values, parent),
  }
}

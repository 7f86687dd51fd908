/** Names and what their prefixes stand for (Namespaces in XML 1.0, third edition). Knows no text and no tree. */
import { XmlFault } from './xml-fault'

const XML = 'http://www.w3.org/XML/1998/namespace'
const XMLNS = 'http://www.w3.org/2000/xmlns/'
const plain = /^[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?$/
const first =
  'A-Z_a-z\\u{C0}-\\u{D6}\\u{D8}-\\u{F6}\\u{F8}-\\u{2FF}\\u{370}-\\u{37D}\\u{37F}-\\u{1FFF}\\u{200C}\\u{200D}\\u{2070}-\\u{218F}' +
  '\\u{2C00}-\\u{2FEF}\\u{3001}-\\u{D7FF}\\u{F900}-\\u{FDCF}\\u{FDF0}-\\u{FFFD}\\u{10000}-\\u{EFFFF}'
const ncName = `[${first}][${first}\\-.0-9\\u{B7}\\u{300}-\\u{36F}\\u{203F}\\u{2040}]*`
const qualified = new RegExp(`^${ncName}(?::${ncName})?$`, 'u')

type Scope = ReadonlyMap<string, string>

export interface Scopes {
  /** An element begins. Throws `XmlFault` at a name that is none, a prefix that nobody declared, and two attributes of one name. */
  enter(name: string, names: readonly string[], attrs: Readonly<Record<string, string>>): void
  leave(): void
}

const broken = (why: string): XmlFault => new XmlFault('not-well-formed', why)

function checkName(name: string): void {
  if (!plain.test(name) && !qualified.test(name)) throw broken('a tag or an attribute without a valid name')
}

function checkBinding(prefix: string, uri: string): void {
  if (prefix === 'xmlns' || uri === XMLNS) throw broken('a declaration of the prefix xmlns')
  if ((prefix === 'xml') !== (uri === XML)) throw broken('a declaration that has to do with the prefix xml')
  if (prefix !== '' && uri === '') throw broken(`the prefix ${prefix} is declared to be nothing`)
}

/** What the names declare besides what was declared around them; the same scope if that is nothing. */
function declared(scope: Scope, names: readonly string[], attrs: Readonly<Record<string, string>>): Scope {
  let inner: Map<string, string> | undefined
  for (const name of names) {
    if (name !== 'xmlns' && !name.startsWith('xmlns:')) continue
    const prefix = name.slice(6)
    const uri = attrs[name] ?? ''
    checkBinding(prefix, uri)
    if (prefix === '') continue
    inner ??= new Map(scope)
    inner.set(prefix, uri)
  }
  return inner ?? scope
}

function resolve(name: string, scope: Scope): string | undefined {
  const colon = name.indexOf(':')
  if (colon < 0) return undefined
  const uri = scope.get(name.slice(0, colon))
  if (uri === undefined) throw broken(`the prefix of ${name} is not declared`)
  return `${uri} ${name.slice(colon + 1)}`
}

export function makeScopes(): Scopes {
  const around: Scope[] = []
  let scope: Scope = new Map([['xml', XML]])

  function checkAttributes(names: readonly string[]): void {
    if (names.length > 1 && new Set(names).size < names.length) throw broken('an attribute twice in one tag')
    const resolved = new Set<string>()
    for (const name of names) {
      if (name.startsWith('xmlns:')) continue
      const full = resolve(name, scope)
      if (full === undefined) continue
      if (resolved.has(full)) throw broken('an attribute twice in one tag, under two prefixes')
      resolved.add(full)
    }
  }

  return Object.freeze({
    enter(name: string, names: readonly string[], attrs: Readonly<Record<string, string>>) {
      around.push(scope)
      checkName(name)
      for (const each of names) checkName(each)
      scope = declared(scope, names, attrs)
      resolve(name, scope)
      checkAttributes(names)
    },
    leave() {
      scope = around.pop() ?? scope
    },
  })
}

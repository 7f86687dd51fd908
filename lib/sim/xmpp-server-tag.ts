/** One XML tag and its entities, as expat takes them (XML 1.0 §2.2, §3.1, §4.1; RFC 6120 §11). Knows no stream. */

/** Why a stream cannot be read on; `condition` is the stream error of RFC 6120 §4.9.3. */
export class StreamFault extends Error {
  constructor(
    readonly condition: 'not-well-formed' | 'policy-violation',
    message: string,
  ) {
    super(message)
  }
}

const NAME = /^[A-Za-z_\u00c0-\ufffd][-.\w\u00b7-\ufffd]*(:[A-Za-z_\u00c0-\ufffd][-.\w\u00b7-\ufffd]*)?$/
const ATTRIBUTE = /\s+([^\s=/>"'<&]+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y
/** Characters that XML 1.0 §2.2 forbids, also as references. */
export const ILLEGAL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/
const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', apos: "'", quot: '"' }

/** Ends the reading of a stream that is not well-formed. */
export function malformed(what: string): never {
  throw new StreamFault('not-well-formed', what)
}

/** Replaces the five named entities and character references; anything else that begins with `&` is a fault. */
export function unescapeXml(text: string): string {
  return text.replace(/&([^;&\s]{0,12}(;?))/g, (whole, body: string, end: string) => {
    const name = body.slice(0, -1)
    const named = Object.hasOwn(NAMED, name) ? NAMED[name] : undefined
    if (end === ';' && named !== undefined) return named
    const number = /^#(?:x([0-9a-fA-F]+)|([0-9]+))$/.exec(end === ';' ? name : '')
    if (number === null) malformed(`the entity ${JSON.stringify(whole)} is not defined in XMPP`)
    const code = number[1] === undefined ? Number(number[2]) : parseInt(number[1], 16)
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) malformed(`${whole} is no character`)
    const sign = String.fromCodePoint(code)
    if (ILLEGAL.test(sign)) malformed(`${whole} is a character that XML forbids`)
    return sign
  })
}

/** The prefix of a name, empty for none. */
export const prefixOf = (name: string): string => (name.includes(':') ? name.slice(0, name.indexOf(':')) : '')

/** Takes a start tag apart, given what stands between `<` and `>` or `/>`. */
export function parseTag(inside: string): { name: string; attrs: Record<string, string> } {
  const name = /^[^\s/]*/.exec(inside)?.[0] ?? ''
  if (!NAME.test(name)) malformed(`<${inside.slice(0, 40)}> does not begin with a name`)
  // A name such as `constructor` or `__proto__` is one like any other.
  const attrs = new Map<string, string>()
  ATTRIBUTE.lastIndex = name.length
  let end = name.length
  for (let found = ATTRIBUTE.exec(inside); found !== null; found = ATTRIBUTE.exec(inside)) {
    const [, key = '', double, single] = found
    if (!NAME.test(key)) malformed(`${JSON.stringify(key)} is no attribute name`)
    if (attrs.has(key)) malformed(`the attribute ${key} stands twice in <${name}>`)
    attrs.set(key, unescapeXml((double ?? single ?? '').replace(/[\t\n\r]/g, ' ')))
    end = ATTRIBUTE.lastIndex
  }
  if (!/^\s*$/.test(inside.slice(end))) malformed(`<${name}> has a malformed attribute: ${inside.slice(end, end + 40)}`)
  return { name, attrs: Object.fromEntries(attrs) }
}

/** The namespaces in force inside an element that declares some of its own. */
export function namespacesOf(
  attrs: Readonly<Record<string, string>>,
  outer: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const own = Object.entries(attrs).filter(([key]) => key === 'xmlns' || key.startsWith('xmlns:'))
  if (own.length === 0) return outer
  const named = own.map(([key, value]) => [key === 'xmlns' ? '' : key.slice('xmlns:'.length), value] as const)
  if (named.some(([prefix, value]) => prefix !== '' && value === '')) malformed('a prefix is bound to no namespace')
  return { ...outer, ...Object.fromEntries(named) }
}

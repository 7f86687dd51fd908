/** XML elements as the XMPP server simulator holds and writes them. Shares no XML library with the component it checks. */

/** An element with its namespaces resolved. Attributes and children are in the order in which they were written. */
export interface XmlElement {
  /** The name as written, with its prefix if it has one. */
  readonly name: string
  /** The namespace in force for the element; empty for none. */
  readonly ns: string
  readonly attrs: Readonly<Record<string, string>>
  readonly children: readonly (XmlElement | string)[]
  /** The first child element of that local name, and of that namespace where one is given. */
  child(name: string, ns?: string): XmlElement | undefined
  /** All child elements, or those of that local name and namespace. */
  elements(name?: string, ns?: string): readonly XmlElement[]
  /** The character data of the element itself, without that of its children. */
  text(): string
  /** The element as XML text, attributes in their order, quoted with `'`. */
  toString(): string
}

const localName = (name: string): string => name.slice(name.indexOf(':') + 1)

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&apos;',
  '"': '&quot;',
}

/** Text as it may stand in an attribute or between tags. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>'"]/g, (sign) => ENTITIES[sign] ?? sign)
}

/** Makes an element; `children` may still grow while it is being read. */
export function makeElement(
  name: string,
  ns: string,
  attrs: Readonly<Record<string, string>>,
  children: readonly (XmlElement | string)[] = [],
): XmlElement {
  const elements = (wanted?: string, wantedNs?: string): readonly XmlElement[] =>
    children
      .filter((child) => typeof child !== 'string')
      .filter((child) => wanted === undefined || localName(child.name) === wanted)
      .filter((child) => wantedNs === undefined || child.ns === wantedNs)
  return {
    name,
    ns,
    attrs,
    children,
    elements,
    child: (wanted, wantedNs) => elements(wanted, wantedNs)[0],
    text: () => children.filter((child) => typeof child === 'string').join(''),
    toString() {
      const written = Object.entries(attrs).map(([key, value]) => ` ${key}='${escapeXml(value)}'`)
      const inner = children.map((child) => (typeof child === 'string' ? escapeXml(child) : child.toString()))
      const head = `<${name}${written.join('')}`
      return inner.length === 0 ? `${head}/>` : `${head}>${inner.join('')}</${name}>`
    },
  }
}

/** The same element with some attributes replaced or, where undefined, taken away; new ones come last. */
export function withAttrs(element: XmlElement, attrs: Readonly<Record<string, string | undefined>>): XmlElement {
  const merged = Object.entries({ ...element.attrs, ...attrs })
  const kept = merged.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]))
  return makeElement(element.name, element.ns, Object.fromEntries(kept), element.children)
}

/** The values of one field of the data form (XEP-0004) in an element, or undefined where the form has no such field. */
export function formValues(parent: XmlElement, name: string): readonly string[] | undefined {
  const form = localName(parent.name) === 'x' ? parent : parent.child('x', 'jabber:x:data')
  const field = form?.elements('field').find((each) => each.attrs['var'] === name)
  return field?.elements('value').map((value) => value.text())
}

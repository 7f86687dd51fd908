/** XML as a person wants to read it: indented, short chains of elements on one line. Knows nothing of what it means. */
import { escapeXml, type XmlElement } from './xmpp-server-xml'

const WIDTH = 100

function tagOf(element: XmlElement, spell: (text: string) => string): string {
  const attrs = Object.entries(element.attrs).map(([name, value]) => ` ${name}='${escapeXml(spell(value))}'`)
  return `<${element.name}${attrs.join('')}`
}

/** The whole element in one line if it has at most one child at each level. */
function chainOf(element: XmlElement, spell: (text: string) => string): string | undefined {
  const children = element.children.filter((child) => typeof child !== 'string' || child.trim() !== '')
  const [only, second] = children
  if (second !== undefined) return undefined
  const tag = tagOf(element, spell)
  if (only === undefined) return `${tag}/>`
  const inner = typeof only === 'string' ? escapeXml(spell(only)) : chainOf(only, spell)
  return inner === undefined ? undefined : `${tag}>${inner}</${element.name}>`
}

/** Lines of an element, two blanks for each level; `spell` shortens or masks values and text. */
export function xmlLines(element: XmlElement, spell: (text: string) => string, width = WIDTH): readonly string[] {
  const chain = chainOf(element, spell)
  if (chain !== undefined && chain.length <= width) return [chain]
  const inner = element.children.flatMap((child) => {
    if (typeof child !== 'string') return xmlLines(child, spell, width - 2)
    return child.trim() === '' ? [] : [escapeXml(spell(child.trim()))]
  })
  return [`${tagOf(element, spell)}>`, ...inner.map((line) => `  ${line}`), `</${element.name}>`]
}

/** XML compared with a pattern in which `${name}` stands for a value that is known, or is learnt here. */
import { type XmlElement } from '../../lib/sim/xmpp-server-xml'

export type Known = Map<string, string>

const quoted = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Puts the known values in place of their names; throws for a name that is not known. */
export function fill(text: string, known: Known): string {
  return text.replace(/\$\{([\w-]+)\}/g, (_all, name: string) => {
    const value = known.get(name)
    if (value === undefined) throw new Error(`nothing is known of \${${name}} yet`)
    return value
  })
}

/** Undefined if the text is as the pattern says; else what differs. New names are learnt; `${_}` is anything, and forgotten. */
export function differs(text: string, pattern: string, known: Known): string | undefined {
  const names: string[] = []
  const source = pattern.split(/(\$\{[\w-]+\})/).map((part) => {
    const name = /^\$\{([\w-]+)\}$/.exec(part)?.[1]
    if (name === undefined) return quoted(part)
    const value = known.get(name)
    if (value !== undefined) return quoted(value)
    names.push(name)
    return '([\\s\\S]+)'
  })
  const found = new RegExp(`^${source.join('')}$`).exec(text)
  if (found === null) return `"${text}" is not "${pattern}"`
  names.forEach((name, index) => name !== '_' && known.set(name, found[index + 1] ?? ''))
  return undefined
}

/**
 * The same for elements: attributes named in the pattern, all child elements in their order, text where it has any. An
 * element that is empty in the pattern may hold anything, but for the stanza itself.
 */
export function elementDiffers(element: XmlElement, pattern: XmlElement, known: Known): string | undefined {
  const where = `<${element.name}>`
  if (element.name !== pattern.name) return `${where} is not <${pattern.name}>`
  if (pattern.ns !== '' && element.ns !== pattern.ns) return `${where} is in "${element.ns}", not in "${pattern.ns}"`
  for (const [name, wanted] of Object.entries(pattern.attrs)) {
    if (name === 'xmlns') continue
    const value = element.attrs[name]
    const wrong = value === undefined ? `it is missing` : differs(value, wanted, known)
    if (wrong !== undefined) return `${where} ${name}: ${wrong}`
  }
  const [have, want] = [element.elements(), pattern.elements()]
  const isEmpty = want.length === 0 && pattern.text().trim() === ''
  if (isEmpty && pattern.name !== 'iq') return undefined
  const count = Math.max(have.length, want.length)
  for (let index = 0; index < count; index++) {
    const [mine, wanted] = [have[index], want[index]]
    if (mine === undefined) return `${where} has no <${wanted?.name ?? ''}> as child ${index + 1}`
    if (wanted === undefined) return `${where} has <${mine.name}> too many: ${mine.toString()}`
    const wrong = elementDiffers(mine, wanted, known)
    if (wrong !== undefined) return `${where} ${wrong}`
  }
  const text = pattern.text().trim()
  return want.length === 0 && text !== '' ? differs(element.text().trim(), text, known) : undefined
}

/** Reading elements that a stranger wrote. */
import { type Element } from 'ltx'

/** An attribute's text, also where a name such as `constructor` would find something else. */
export function attribute(element: Element, name: string): string | undefined {
  const attrs = element.attrs as Record<string, unknown>
  const value = Object.hasOwn(attrs, name) ? attrs[name] : undefined
  return typeof value === 'string' ? value : undefined
}

/** Reading elements that a stranger wrote. */
import { type Element } from 'ltx'

/** An attribute's text; what a name such as `constructor` finds is none. */
export function attribute(element: Element, name: string): string | undefined {
  const value = (element.attrs as Record<string, unknown>)[name]
  return typeof value === 'string' ? value : undefined
}

/**
 * Copies of the attributes of a tag that comes often. V8 copies objects quickly where nearly all that come by one place in the code are of
 * the same shape: so the shapes of which publishes consist have places of their own. Knows no text.
 */
import { onlyCopy } from './xml-names'

/** By name, in the order of the tag. */
export type Attributes = Readonly<Record<string, string>>

/** What gives a fresh copy each time. */
export function copier(attrs: Attributes): () => Attributes {
  const values = Object.values(attrs).map(onlyCopy)
  const [first = '', second = ''] = values
  switch (Object.keys(attrs).join(' ')) {
    case '':
      return () => ({})
    case 'xmlns':
      return () => ({ xmlns: first })
    case 'xmlns type':
      return () => ({ xmlns: first, type: second })
    case 'type xmlns':
      return () => ({ type: first, xmlns: second })
    case 'var':
      return () => ({ var: first })
    case 'var type':
      return () => ({ var: first, type: second })
    case 'type var':
      return () => ({ type: first, var: second })
    default:
      return () => ({ ...attrs })
  }
}

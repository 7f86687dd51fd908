/** Publishes of a real server and of the simulator, made comparable. */
import { type XmlElement } from '../../lib/sim/xmpp-server-xml'

/** The whole of an element but its id: names, namespaces, attributes in one order, children and text. */
export function comparable(element: XmlElement): unknown {
  const attrs = Object.entries(element.attrs).filter(([name]) => name !== 'id' && name !== 'xmlns')
  const children = element.children.map((child) => (typeof child === 'string' ? child : comparable(child)))
  return { name: element.name, ns: element.ns, attrs: attrs.sort(), children }
}

/** Making and updating elements: text is only ever text, and what did not change is not touched, so that focus and selection stay. */

const SVG = 'http://www.w3.org/2000/svg'

/** The element with an id. */
export const byId = (id) => document.getElementById(id)

/** `attributes`: `on…` is an event, undefined is left out, all else an attribute. Children are elements or texts. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) continue
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
    else element.setAttribute(name, value)
  }
  element.append(...children.filter((child) => child !== undefined))
  return element
}

export function makeSvg(tag, attributes = {}) {
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  return element
}

/** Writes a text where it is another than the one that stands there. */
export function write(element, text) {
  const wanted = String(text)
  if (element.textContent !== wanted) element.textContent = wanted
}

/** The same, of a text in which `commands` stand between backquotes. */
export function writeSaid(element, text) {
  if (element.dataset.said === text) return
  element.dataset.said = text
  const pieces = text.split('`')
  element.replaceChildren(...pieces.map((piece, at) => (at % 2 === 1 ? make('code', {}, piece) : piece)))
}

/** Sets an attribute where it is another; undefined takes it away. */
export function set(element, name, value) {
  if (value === undefined) element.removeAttribute(name)
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value)
}

/**
 * Makes the children of `parent` those of `items`, in their order: one that is there is updated and moved only if it stands elsewhere.
 * `create` returns an element, `update` is handed it with its item.
 */
export function keep(parent, items, keyOf, create, update) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]))
  let before = null
  for (const item of items) {
    const key = keyOf(item)
    const found = known.get(key)
    const child = found ?? create(item)
    if (found === undefined) child.dataset.key = key
    known.delete(key)
    update(child, item)
    const place = before === null ? parent.firstElementChild : before.nextElementSibling
    if (place !== child) parent.insertBefore(child, place)
    before = child
  }
  for (const child of known.values()) child.remove()
}

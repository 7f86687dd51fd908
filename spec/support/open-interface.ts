/** An interface by itself, with the settings it has where nothing is said and only what it asks of its surroundings. */
import { makeWords } from '../../lib/config/words'
import { type HttpInterface, type HttpSurroundings, type InterfaceKind } from '../../lib/http/interface'

export function openInterface(
  kind: InterfaceKind,
  surroundings: Partial<HttpSurroundings>,
  settings: object = {},
): HttpInterface {
  const open = kind.settings(makeWords({ folder: '.', env: {} })).parse(settings)
  return open(surroundings as HttpSurroundings)
}

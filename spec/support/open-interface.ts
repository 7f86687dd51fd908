/** An interface by itself, with the settings it has where nothing is said and only what it asks of its surroundings. */
import { systemClock } from '../../lib/clock'
import { makeWords } from '../../lib/config/words'
import { interfaces } from '../../lib/http/interfaces'
import { type HttpInterface, type HttpSurroundings, type InterfaceKind } from '../../lib/http/interface'

export function openInterface(
  kind: InterfaceKind,
  surroundings: Partial<HttpSurroundings>,
  settings: object = {},
): HttpInterface {
  const open = kind.settings(makeWords({ folder: '.', env: {} })).parse(settings)
  return open(surroundings as HttpSurroundings)
}

/** Every interface there is, where nothing runs. */
export function openEveryInterface(): readonly HttpInterface[] {
  const surroundings = {
    ...{ apps: () => new Map(), offers: () => new Map(), domains: [], beside: () => [] },
    ...{ clock: systemClock, observe: () => undefined },
  }
  return interfaces.map((kind) => openInterface(kind, surroundings))
}

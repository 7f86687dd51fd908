/** The settings of each HTTP interface, by its name: the interface declares them. Knows their names, not what they do. */
import { z } from 'zod'
import { type OpenInterface } from '../http/interface'
import { interfaces } from '../http/interfaces'
import { type OptionWords } from '../model/options'

/** Interfaces that can be served, and whether strangers may ask them. */
export const builtInterfaces: ReadonlyMap<string, 'anyone' | 'callers'> = new Map(
  interfaces.map((each) => [each.name, each.for]),
)

export const interfaceNames: readonly string[] = interfaces.map(({ name }) => name)

/** The shape of `http.interfaces`; what it reads opens each interface. */
export function makeInterfaces(words: OptionWords) {
  const shape: Record<string, z.ZodType<OpenInterface>> = {}
  for (const { name, about, settings } of interfaces) shape[name] = settings(words).prefault({}).describe(about)
  return z.strictObject(shape).prefault({}).describe('Settings of single interfaces.')
}

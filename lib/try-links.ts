/** Every component link tried once, for `check --live`. Part of the composition root. */
import { systemClock, type Clock } from './clock'
import { type Config } from './config'
import { tryLink } from './xmpp/component'

/** Tries every component link once, without taking the place of a running service for longer than a handshake. */
export async function tryLinks(
  config: Config,
  clock: Clock = systemClock,
): Promise<ReadonlyMap<string, Awaited<ReturnType<typeof tryLink>>>> {
  const tried = await Promise.all(
    config.components.map(async (component) => [component.domain, await tryLink({ ...component, clock })] as const),
  )
  return new Map(tried)
}

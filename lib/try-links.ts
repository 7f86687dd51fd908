/** Every component link tried once, for `check --live`, and the server behind it asked. Part of the composition root. */
import { systemClock, type Clock } from './clock'
import { type Config } from './config'
import { parentOf } from './config/parts'
import { type Fault } from './xmpp/link-faults'
import { askServer, lostBefore, type Said } from './xmpp/server-answers'
import { tryLink } from './xmpp/try-link'

type Proof = { readonly is: 'online'; readonly says?: Said } | ({ readonly is: 'refused' } & Fault)

/** The server's own domain: the parent of the component's, unless only users of others may register. Undefined where anybody may, and there is no parent. */
export function serverOf(domain: string, register: readonly string[]): string | undefined {
  const parent = parentOf(domain)
  const isParent = parent !== undefined && (register.includes('*') || register.includes(parent))
  return isParent ? parent : register.find((other) => other !== '*')
}

async function prove(
  component: Config['components'][number],
  register: readonly string[],
  clock: Clock,
): Promise<Proof> {
  const { domain } = component
  const server = serverOf(domain, register)
  if (server === undefined) return tryLink({ ...component, clock })
  const asked = { server, domain }
  const tried = await tryLink({ ...component, clock }, askServer(asked, clock))
  if (tried.is === 'refused') return tried
  const says = tried.lost === undefined ? tried.said : lostBefore(asked, tried.lost)
  return { is: 'online', ...(says === undefined ? {} : { says }) }
}

/** Tries every component link once, without taking the place of a running service for longer than a few questions. */
export async function tryLinks(config: Config, clock: Clock = systemClock): Promise<ReadonlyMap<string, Proof>> {
  const { register } = config.access
  const tried = config.components.map(
    async (component) => [component.domain, await prove(component, register, clock)] as const,
  )
  return new Map(await Promise.all(tried))
}

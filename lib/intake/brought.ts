/**
 * Publishes that bring the device's address along, of clients that need not register (design §2 «target»): which app is
 * meant, and whether the address may be used. Knows no dialect's spelling.
 */
import { type Brought, type Dialect } from '../dialects/dialect'
import { matchApp } from '../model/match'
import { type Registration } from '../model/registration'
import { Opaque } from '../model/opaque'
import { type PublishAnswer, type PublishRequest } from '../model/request'
import { type Registry } from '../stores/store'
import { type DoorApp, type DoorApps } from './app'

/** A device that a publish names, as far as that is right. */
export type Carried =
  | { readonly is: 'device'; readonly app: DoorApp; readonly address: string; readonly brought: Brought }
  | { readonly is: 'answer'; readonly answer: PublishAnswer }

/** Reads the device out of a publish; undefined where it names none. */
export function carriedBy(request: PublishRequest, dialects: readonly Dialect[], apps: DoorApps): Carried | undefined {
  const fields = { ...(request.node === undefined ? {} : { node: request.node }), options: request.options }
  for (const dialect of dialects) {
    const brought = dialect.brings?.(fields, (name) => apps.has(name))
    if (brought !== undefined) return resolved(brought, dialect.name, apps)
  }
  return undefined
}

function resolved(brought: Brought, dialect: string, apps: DoorApps): Carried {
  const nowhere = (why: string): Carried => ({ is: 'answer', answer: { is: 'nowhere', why } })
  const found = appOf(brought, apps)
  if (typeof found === 'string') return nowhere(`${found} (${dialect})`)
  const address = found.address(brought.address)
  return address === undefined
    ? nowhere(`the publish brings along what is no address of the push service of ${found.name} (${dialect})`)
    : { is: 'device', app: found, address, brought }
}

/** The app, or why there is none, for the operator. */
function appOf({ app }: Brought, apps: DoorApps): DoorApp | string {
  if (app.by === 'name') return apps.get(app.name) ?? `there is no app "${app.name}"; add one of this name`
  const said = Object.entries(app.asked)
    .map(([word, value]) => `${word} ${String(value)}`)
    .join(', ')
  const matched = matchApp(apps.values(), app.asked)
  switch (matched.is) {
    case 'one':
      return matched.app
    case 'none':
      return `no app matches ${said}; give the app that is meant a "match"`
    case 'several':
      return `the apps ${matched.names.join(' and ')} match ${said} alike; make the "match" of one of them narrower`
  }
}

/**
 * The registration of a node that its client made, with the address of the newest publish; undefined where that address is dead, or
 * the registration gone. Written only when it changes.
 */
export async function readdressed(
  registration: Registration,
  { app, address }: Extract<Carried, { is: 'device' }>,
  registry: Pick<Registry, 'deadAmong' | 'now' | 'readdress'>,
): Promise<Registration | undefined> {
  if (registration.app === app.name && registration.address?.reveal() === address) return registration
  const to = { app: app.name, address: new Opaque(address) }
  const [dead] = await registry.deadAmong([to])
  return dead === undefined ? registry.readdress(registration.id, { ...to, at: registry.now() }) : undefined
}

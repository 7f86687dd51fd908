/** Registrations as an operator lists, shows, removes and erases them. */
import { bareOf, parseJid } from '../model/jid'
import { type Registration } from '../model/registration'
import { type Observe } from '../observe'
import { type Records, type Registry, type Upkeep } from '../stores/store'
import { type Answers, type DeviceView, type Question, type Reply } from './questions'

/** More devices share a node only where clients name their nodes themselves. */
const MOST_OF_A_NAME = 100

/** What may be seen of a registration. */
export function viewOf(registration: Registration): DeviceView {
  const { id, service, node, owner, dialect, device, app, address, callAddress, environment } = registration
  return {
    ...{ id, service, node, owner, dialect, device, app },
    ...(address === undefined ? {} : { address: address.toString() }),
    ...(callAddress === undefined ? {} : { callAddress: callAddress.toString() }),
    ...(environment === undefined ? {} : { environment }),
    registeredAt: registration.registeredAt,
    seenAt: registration.seenAt,
  }
}

/** The account that a text names, as registrations spell it; undefined where it is no account. */
export function ownerOf(text: string): string | undefined {
  const jid = parseJid(text)
  return jid?.local === undefined ? undefined : bareOf(jid)
}

/** By id, or by node. */
export async function devicesNamed(records: Records, name: string): Promise<readonly Registration[]> {
  const byId = await records.devices({ id: name, limit: 1 })
  return byId.length > 0 ? byId : records.devices({ node: name, limit: MOST_OF_A_NAME })
}

type Failed = { readonly is: 'failed'; readonly why: string }

/** The only one of this name. */
export async function oneNamed(records: Records, name: string): Promise<Registration | Failed> {
  const [found, ...others] = await devicesNamed(records, name)
  if (found === undefined) return noDevice(name)
  if (others.length === 0) return found
  const why = `${others.length + 1} devices have the node "${name}"; name one of them by its id: ${found.id}, …`
  return { is: 'failed', why }
}

export async function listDevices(
  records: Records,
  { owner: typed, app, after, limit }: Extract<Question, { ask: 'devices' }>,
): Promise<Reply<'devices'>> {
  const owner = typed === undefined ? undefined : ownerOf(typed)
  if (typed !== undefined && owner === undefined) return noAccount(typed)
  const found = await records.devices({
    ...(owner === undefined ? {} : { owner }),
    ...(app === undefined ? {} : { app }),
    ...(after === undefined ? {} : { after }),
    limit: limit + 1,
  })
  const devices = found.slice(0, limit).map(viewOf)
  const last = devices.at(-1)
  const answer: Answers['devices'] = {
    devices,
    ...(found.length > limit && last !== undefined ? { next: last.id } : {}),
  }
  return { is: 'answer', answer }
}

export async function showDevice(records: Records, name: string): Promise<Reply<'device'>> {
  const found = await devicesNamed(records, name)
  return found.length === 0 ? noDevice(name) : { is: 'answer', answer: { devices: found.map(viewOf) } }
}

export async function removeDevice(
  records: Records,
  registry: Registry,
  observe: Observe,
  name: string,
): Promise<Reply<'remove'>> {
  const found = await devicesNamed(records, name)
  if (found.length === 0) return noDevice(name)
  const removed: Registration[] = []
  for (const { service, owner, node } of found) {
    removed.push(...(await registry.unregister({ service, owner, node }, { remoteDisable: true })))
  }
  tell(observe, removed)
  return { is: 'answer', answer: { removed: removed.map(viewOf) } }
}

export async function eraseOwner(
  upkeep: Upkeep,
  observe: Observe,
  typed: string,
  now: number,
): Promise<Reply<'erase'>> {
  const owner = ownerOf(typed)
  if (owner === undefined) return noAccount(typed)
  const { registrations, ...counts } = await upkeep.erase(owner, now)
  tell(observe, registrations)
  return { is: 'answer', answer: { owner, devices: registrations.map(viewOf), ...counts } }
}

function tell(observe: Observe, removed: readonly Registration[]): void {
  for (const { dialect, app, owner, id } of removed) {
    observe({ at: 'unregistered', dialect, app, owner, registration: id, by: 'an operator' })
  }
}

function noAccount(text: string): Failed {
  return { is: 'failed', why: `"${text}" is no account; write name@domain` }
}

function noDevice(name: string): Failed {
  return {
    is: 'failed',
    why: `no device is registered with the id or node "${name}"; \`xmpp-push explain ${name}\` tells whether one was`,
  }
}

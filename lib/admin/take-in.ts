/**
 * Takes devices over from another service into the registry, node and secret as they were. Asked again, it does nothing
 * again: what stands is left alone, what the device did here since goes before what the other service knew.
 */
import { digestOf } from '../model/digest'
import { Opaque } from '../model/opaque'
import { type Hints, type Registration } from '../model/registration'
import { type Records, type Registry } from '../stores/store'

/** A device to take over; the app is configured, the address as its provider wants it. */
export interface Incoming {
  readonly service: string
  readonly node: string
  readonly owner: string
  readonly dialect: string
  readonly device: string
  readonly app: string
  readonly secret: string
  readonly address: string
  readonly hints: Hints
  /** Milliseconds since 1970; 0 where nobody knows. */
  readonly registeredAt: number
}

/** How many one question may bring. */
export const MOST_INCOMING = 500

/** True for what came over the socket in the shape of a device to take over. */
export function isIncoming(value: unknown): value is Incoming {
  if (typeof value !== 'object' || value === null) return false
  const { hints, registeredAt, ...texts } = value as Readonly<Record<string, unknown>>
  const names = ['service', 'node', 'owner', 'dialect', 'device', 'app', 'secret', 'address']
  return (
    names.every((name) => typeof texts[name] === 'string' && texts[name] !== '') &&
    Object.keys(texts).every((name) => names.includes(name)) &&
    typeof hints === 'object' &&
    hints !== null &&
    Object.values(hints).every((hint) => typeof hint === 'string') &&
    Number.isSafeInteger(registeredAt)
  )
}

/** How a device stands. `digest`: of what the store holds. */
export type TakenIn =
  /** It was not here; it is now, if that was asked for. */
  | { readonly is: 'new' }
  /** It was here with another token, secret or app, as taken over before. */
  | { readonly is: 'changed' }
  | { readonly is: 'there'; readonly digest: string }
  /** It registered here by itself since. */
  | { readonly is: 'own' }
  /** It was here and ended: removed, or its token died. */
  | { readonly is: 'ended'; readonly why: string; readonly at: number }

/** What it takes to tell how devices stand. */
export interface Looking {
  readonly registry: Pick<Registry, 'find'>
  readonly records: Pick<Records, 'tombstones'>
}

export interface TakeInOptions extends Looking {
  readonly registry: Registry
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** How many devices are looked at together, so that their writes share commits. */
const TOGETHER = 500
const DAY = 24 * 3600_000

function reached({ service, node, owner, app, device, secret, address }: Registration): string {
  return digestOf({
    ...{ service, node, owner, app, device },
    secret: secret?.reveal() ?? '',
    address: address?.reveal() ?? '',
  })
}

async function how(device: Incoming, { registry, records }: Looking): Promise<[TakenIn, Registration?]> {
  const { service, node, owner } = device
  const [found = []] = await registry.find([{ service, node }])
  const own = found.find((each) => each.owner !== owner && each.secret?.reveal() === device.secret)
  if (own !== undefined) return [{ is: 'own' }]
  const mine = found.find((each) => each.owner === owner)
  if (mine !== undefined) {
    const digest = reached(mine)
    return [digest === digestOf(device) ? { is: 'there', digest } : { is: 'changed' }, mine]
  }
  const buried = (await records.tombstones({ node, limit: 100 })).find(
    (each) => each.service === service && each.owner === owner,
  )
  return [buried === undefined ? { is: 'new' } : { is: 'ended', why: buried.why, at: buried.diedAt }]
}

async function put(device: Incoming, was: Registration | undefined, id: string, options: TakeInOptions): Promise<void> {
  const { registry, now } = options
  const { service, node, owner, dialect, app, hints, registeredAt } = device
  // A registration keeps its secret, whoever proposes another: one of another secret makes way.
  if (was !== undefined && was.secret?.reveal() !== device.secret) await registry.unregister({ service, owner, node })
  const registering = registry.register({
    ...{ id, service, node, owner, dialect, device: device.device, app, hints, at: registeredAt },
    secret: new Opaque(device.secret),
    address: new Opaque(device.address),
  })
  // Handed in along with it, so that no sweep ever finds a device that was last seen in 1970.
  const noting = registry.seen(was === undefined ? [id] : [id, was.id], now())
  await Promise.all([registering, noting])
}

/** How each device stands, in order. Changes nothing. */
export function lookAt(devices: readonly Incoming[], looking: Looking): Promise<readonly TakenIn[]> {
  return Promise.all(devices.map(async (device) => (await how(device, looking))[0]))
}

/** How each device stands, in order; with `commit`, after it was taken in. `newId`: of a registration. */
export async function takeIn(
  devices: readonly Incoming[],
  { commit, newId, ...options }: TakeInOptions & { readonly commit: boolean; readonly newId: () => string },
): Promise<readonly TakenIn[]> {
  const taken: TakenIn[] = []
  for (let at = 0; at < devices.length; at += TOGETHER) {
    const together = devices.slice(at, at + TOGETHER).map(async (device) => {
      const [stands, was] = await how(device, options)
      if (commit && (stands.is === 'new' || stands.is === 'changed')) await put(device, was, newId(), options)
      // A sign of life that was lost with a crash would have it swept as one that nobody ever saw.
      else if (commit && was !== undefined && options.now() - was.seenAt > DAY) {
        await options.registry.seen([was.id], options.now())
      }
      return stands
    })
    taken.push(...(await Promise.all(together)))
  }
  return taken
}

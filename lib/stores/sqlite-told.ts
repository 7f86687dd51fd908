/**
 * Registrations that are looked up many at a time: each travels as one text, for SQLite writes it, and the main thread reads it, in a third
 * of the time that columns, an object and its copy between the threads take. Knows the order of its fields.
 */
import { Opaque } from '../model/opaque'
import { registrationOf, type Environment, type Registration } from '../model/registration'
import { type PlainRegistration } from './sqlite-protocol'
import { readHints } from './sqlite-registration-row'

/** SQL: a row of `registration AS r` as such a text. */
export const TOLD =
  'json_array(r.id, r.service, r.node, r.owner, r.dialect, r.device, r.app, r.secret, r.address, r.call_address, ' +
  'r.environment, r.hints, r.registered_at, r.seen_at)'

type Told = readonly [
  ...[id: string, service: string, node: string, owner: string, dialect: string, device: string, app: string],
  ...[secret: string | null, address: string | null, callAddress: string | null, environment: Environment | null],
  ...[hints: string, registeredAt: number, seenAt: number],
]

/** With nearly every push: by place, and without an object in between. */
function read(told: Told): Registration {
  const its: { -readonly [K in keyof Registration]: Registration[K] } = {
    id: told[0],
    service: told[1],
    node: told[2],
    owner: told[3],
    dialect: told[4],
    device: told[5],
    app: told[6],
    hints: readHints(told[11]),
    registeredAt: told[12],
    seenAt: told[13],
  }
  if (told[8] !== null) its.address = new Opaque(told[8])
  if (told[9] !== null) its.callAddress = new Opaque(told[9])
  if (told[7] !== null) its.secret = new Opaque(told[7])
  if (told[10] !== null) its.environment = told[10]
  return Object.freeze(its)
}

/** What was asked for, by its place among the questions, and the registration found: `at`, text, `at`, text, … */
export function* readAllTold(
  told: readonly (string | number)[],
): Iterable<{ readonly at: number; readonly registration: Registration }> {
  for (let index = 0; index < told.length; index += 2) {
    yield { at: Number(told[index]), registration: read(JSON.parse(String(told[index + 1])) as Told) }
  }
}

/** What one node has. */
export function readToldOfOne(told: string): readonly Registration[] {
  return (JSON.parse(told) as readonly Told[]).map(read)
}

const hidden = (text: string | undefined): Opaque | undefined => (text === undefined ? undefined : new Opaque(text))

/** A registration as the rest of the program sees it. */
export function opaque(plain: PlainRegistration): Registration {
  const { address, callAddress, secret, environment, seenAt } = plain
  return registrationOf(plain, seenAt, {
    address: hidden(address),
    callAddress: hidden(callAddress),
    secret: hidden(secret),
    environment,
  })
}

/**
 * Registrations that are looked up many at a time: each travels as one text, for SQLite writes it, and the main thread reads it, in a third
 * of the time that columns, an object and its copy between the threads take. Knows the order of its fields.
 */
import { Opaque } from '../model/opaque'
import { type Environment, type Registration } from '../model/registration'
import { type PlainRegistration } from './sqlite-protocol'
import { readRegistration } from './sqlite-registration-row'

/** SQL: a row of `registration AS r` as such a text. */
export const TOLD =
  'json_array(r.id, r.service, r.node, r.owner, r.dialect, r.device, r.app, r.secret, r.address, r.call_address, ' +
  'r.environment, r.hints, r.registered_at, r.seen_at)'

type Told = [
  ...[id: string, service: string, node: string, owner: string, dialect: string, device: string, app: string],
  ...[secret: string | null, address: string | null, callAddress: string | null, environment: Environment | null],
  ...[hints: string, registeredAt: number, seenAt: number],
]

function readTold(text: string): PlainRegistration {
  const told = JSON.parse(text) as Told
  const [id, service, node, owner, dialect, device, app, secret, address, call_address, environment, hints] = told
  const row = { id, service, node, owner, dialect, device, app, secret, address, call_address, environment, hints }
  return readRegistration({ ...row, registered_at: told[12], seen_at: told[13] })
}

/** What was asked for, by its place among the questions, and the registration found: `at`, text, `at`, text, … */
export function* readAllTold(
  told: readonly (string | number)[],
): Iterable<{ readonly at: number; readonly registration: Registration }> {
  for (let index = 0; index < told.length; index += 2) {
    yield { at: Number(told[index]), registration: opaque(readTold(String(told[index + 1]))) }
  }
}

/**
 * A registration as the rest of the program sees it. Field by field: V8 gives each object that is spread from another one and added to a
 * hidden class of its own, which costs more than the registration, here and wherever it is read.
 */
export function opaque(plain: PlainRegistration): Registration {
  const { id, service, node, owner, dialect, device, app, hints, registeredAt, seenAt } = plain
  const its: { -readonly [K in keyof Registration]: Registration[K] } = {
    id,
    service,
    node,
    owner,
    dialect,
    device,
    app,
    hints,
    registeredAt,
    seenAt,
  }
  if (plain.address !== undefined) its.address = new Opaque(plain.address)
  if (plain.callAddress !== undefined) its.callAddress = new Opaque(plain.callAddress)
  if (plain.secret !== undefined) its.secret = new Opaque(plain.secret)
  if (plain.environment !== undefined) its.environment = plain.environment
  return Object.freeze(its)
}

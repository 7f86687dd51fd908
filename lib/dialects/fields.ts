/** What dialects share that register a device by the fields of one form: reading them, and naming what is missing. */
import { type Fields, type FormField, type OfferedApp, type Requester } from './dialect'
import { type Registration } from '../model/registration'

/** What is longer names no device and no node of a client that is in use. */
const LONGEST_NAME = 512

/** The first value of a field, without the space around it; a field with nothing else in it is absent. */
export function first(fields: Fields, name: string): string | undefined {
  const value = fields.get(name)?.[0]?.trim()
  return value === '' ? undefined : value
}

/** Which of a form's required fields are missing, in words; undefined if none is. */
export function missing(fields: Fields, ...names: readonly string[]): string | undefined {
  const absent = names.filter((name) => first(fields, name) === undefined)
  return absent.length === 0 ? undefined : `The form lacks ${absent.map((name) => `"${name}"`).join(' and ')}.`
}

/** Which of these fields is too long to be a name, in words; undefined if none is. */
export function overlong(fields: Fields, ...names: readonly string[]): string | undefined {
  const name = names.find((each) => (first(fields, each)?.length ?? 0) > LONGEST_NAME)
  return name === undefined ? undefined : `"${name}" is longer than ${LONGEST_NAME} characters.`
}

/** Names the device for as long as it is the same one, while its address may change. */
export const deviceIdField: FormField = {
  var: 'device-id',
  type: 'text-single',
  label: 'A name of the device that stays the same (empty: the resource of this session)',
}

/**
 * The device: `device-id`, or the resource that asks, so that a renewed address finds the registration of the old one.
 * Not the resource of an administrator who acts for an account: that is no device of the account's.
 */
export function deviceIn(fields: Fields, { resource }: Requester): string | undefined {
  const named = first(fields, 'device-id')
  if (named !== undefined) return named
  return resource === undefined || fields.has('account') ? undefined : `resource ${resource}`
}

/** What to say where `deviceIn` finds nothing. */
export const NO_DEVICE = 'The form lacks "device-id", and there is no resource of the device to take its place.'

/** The app by its name, where there is more than one to choose from. */
export function appFields(apps: readonly OfferedApp[]): readonly FormField[] {
  if (apps.length < 2) return []
  return [{ var: 'provider', type: 'list-single', label: 'App', options: apps.map(({ name }) => name) }]
}

/**
 * The app among those that are meant by the command: the one that `provider` or `app` names; the only one; the only one
 * with this dialect's own profile. A client that is in use names none, so two apps of one profile can't be told apart.
 */
export function appIn(
  fields: Fields,
  apps: readonly OfferedApp[],
  profile: string,
): { readonly app: string } | { readonly wrong: string } {
  const named = first(fields, 'provider') ?? first(fields, 'app')
  const names = apps.map(({ name }) => name)
  if (named !== undefined) {
    if (names.includes(named)) return { app: named }
    return { wrong: `There is no app "${named}" for this command; there is ${names.join(', ') || 'none'}.` }
  }
  const own = apps.filter((app) => app.profile === profile)
  const [only, ...more] = own.length > 0 ? own : apps
  if (only === undefined) return { wrong: 'There is no app for this command.' }
  if (more.length === 0) return { app: only.name }
  return { wrong: `The form lacks "provider"; there is ${names.join(', ')}.` }
}

/** What a client needs to enable push: where, which node, and the secret that every publish must carry. */
export function credentialFields(registration: Registration): readonly FormField[] {
  const { secret } = registration
  return [
    ...nodeFields(registration),
    ...(secret === undefined ? [] : [{ var: 'secret', type: 'text-single', values: [secret.reveal()] } as const]),
  ]
}

/** What tells a client which registration it was. */
export function nodeFields({ service, node }: Registration): readonly FormField[] {
  return [
    { var: 'jid', type: 'jid-single', values: [service] },
    { var: 'node', type: 'text-single', values: [node] },
  ]
}

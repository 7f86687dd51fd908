/** Environment variables that override single values: `XMPP_PUSH__ACCESS__ADMINS` is `access.admins`. */
import { type Fault, type Path } from './fault'
import { nearest } from './nearest'
import { type Shape, shapesAt } from './shape'
import { type Environment } from './words'

/** Names the configuration file; the one variable that is no override. */
export const FILE_VARIABLE = 'XMPP_PUSH_CONFIG'

const COMMON = 'XMPP_PUSH_'
const PREFIX = 'XMPP_PUSH__'
/** COMPAT(Kubernetes): a Service named xmpp-push puts such variables into every container of its namespace. */
const injected = /^XMPP_PUSH_(SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?)$/

interface Variable {
  readonly name: string
  readonly path: Path
  readonly shapes: readonly Shape[]
}

/** Letters and digits alone decide, so that `KEY_ID` and `KEYID` are both `keyId`. */
function fold(segment: string): string {
  return segment.replace(/[^A-Za-z0-9]/g, '').toUpperCase()
}

/** A key as it is written in a variable's name: `keyId` → `KEY_ID`, `org.example.ios` → `ORG_EXAMPLE_IOS`. */
function shout(step: string | number): string {
  return String(step)
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase()
}

const isSecret = (shapes: readonly Shape[]): boolean => shapes.some((shape) => shape.properties?.['env'] !== undefined)

function stepsBelow(shapes: readonly Shape[], raw: unknown): readonly (string | number)[] {
  if (isSecret(shapes)) return []
  if (Array.isArray(raw)) {
    return shapes.some((shape) => typeof shape.items === 'object' && shape.items.properties !== undefined)
      ? [...raw.keys()]
      : []
  }
  const named = shapes.flatMap((shape) => Object.keys(shape.properties ?? {}))
  const isMap = shapes.some((shape) => typeof shape.additionalProperties === 'object')
  const present = isMap && typeof raw === 'object' && raw !== null ? Object.keys(raw) : []
  return [...new Set([...named, ...present])].filter((key) => key !== '$schema')
}

/** Every value that a variable can override, apps and places of lists as they are in the file. */
function variables(root: Shape, raw: unknown, path: Path = []): readonly Variable[] {
  const shapes = shapesAt(root, path)
  const steps = stepsBelow(shapes, raw)
  if (steps.length === 0) return [{ name: PREFIX + path.map(shout).join('__'), path, shapes }]
  return steps.flatMap((step) => {
    const below = typeof raw === 'object' && raw !== null ? (raw as Record<string | number, unknown>)[step] : undefined
    return variables(root, below, [...path, step])
  })
}

function setIn(raw: unknown, [step, ...rest]: Path, value: unknown): unknown {
  if (step === undefined) return value
  if (Array.isArray(raw)) return raw.map((item: unknown, at) => (at === step ? setIn(item, rest, value) : item))
  const object = (typeof raw === 'object' && raw !== null ? raw : {}) as Record<string, unknown>
  return { ...object, [step]: setIn(object[step], rest, value) }
}

const isText = (shape: Shape): boolean =>
  shape.type === 'string' || (shape.enum ?? [shape.const]).some((choice) => typeof choice === 'string')

/** The value a variable's text stands for; a secret stays in the environment, so that a fault names where it is. */
function valueOf(text: string, { shapes, name }: Variable): unknown {
  if (isSecret(shapes)) return { env: name }
  const isNumber = shapes.some(({ type }) => type === 'integer' || type === 'number')
  if (isNumber && /^\d+$/.test(text)) return Number(text)
  if (shapes.some(isText)) return text
  if (shapes.some((shape) => shape.type === 'array') && !text.trim().startsWith('[')) {
    return text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '')
  }
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text // the schema says what it should have been
  }
}

/** Names that `{"env": …}` mentions anywhere in the configuration. */
function mentioned(raw: unknown): readonly string[] {
  if (typeof raw !== 'object' || raw === null) return []
  return Object.entries(raw).flatMap(([key, value]: [string, unknown]) =>
    key === 'env' && typeof value === 'string' ? [value] : mentioned(value),
  )
}

/** The one variable that a name without its path stands for: `XMPP_PUSH_SECRET` is the component's. */
function endingOf(name: string, known: readonly string[]): string | undefined {
  if (name.startsWith(PREFIX)) return undefined
  const [only, ...more] = known.filter((other) => other.endsWith(`__${name.slice(COMMON.length)}`))
  return more.length === 0 ? only : undefined
}

function stray(name: string, overrides: readonly Variable[]): Fault {
  const known = overrides.map((variable) => variable.name)
  const meant = endingOf(name, known) ?? nearest(name, known)
  return {
    path: name,
    text: `this environment variable is read by nothing${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    mend:
      meant === undefined
        ? 'Unset it; docs/configuration.md tells how overrides are named'
        : `Rename it to ${meant}, or unset it`,
  }
}

/**
 * The configuration with every override applied, and which variable set which path. A variable of ours that nothing
 * reads is a fault, for it was meant to do something.
 */
export function override(
  raw: unknown,
  /** Asked only where a variable of ours is set. */
  root: () => Shape,
  env: Environment,
  faults: Fault[],
): { readonly raw: unknown; readonly setBy: ReadonlyMap<Path, string> } {
  const setBy = new Map<Path, string>()
  const ours = Object.keys(env).filter((name) => name.startsWith(COMMON) && env[name] !== undefined)
  if (ours.length === 0) return { raw, setBy }
  const known = variables(root(), raw)
  const key = (name: string): string => name.slice(PREFIX.length).split('__').map(fold).join('__')
  const named = new Set([FILE_VARIABLE, ...mentioned(raw)])
  let result = raw
  for (const name of ours.sort()) {
    if (named.has(name) || injected.test(name)) continue
    const matches = name.startsWith(PREFIX) ? known.filter((variable) => key(variable.name) === key(name)) : []
    const [only, ...more] = matches
    if (only === undefined) faults.push(stray(name, known))
    else if (more.length > 0) {
      const text = `this environment variable could mean ${String(matches.length)} keys`
      faults.push({ path: name, text, mend: 'Set the value in the configuration file' })
    } else {
      result = setIn(result, only.path, valueOf(env[name] ?? '', { ...only, name }))
      setBy.set(only.path, name)
    }
  }
  return { raw: result, setBy }
}

/** What zod says about a part of the configuration, as faults: path, what is wrong, mend. */
import { type z } from 'zod'
import { type Fault, type Path, spell } from './fault'
import { nearest } from './nearest'
import { keysAt, shapeOf } from './shape'

type Issue = z.core.$ZodIssue

/** What the part looks like, so that a fault can name what would have been right. */
interface Part {
  readonly schema: z.ZodType
  readonly raw: unknown
  readonly at: Path
}

/** A fault that says more than zod can: the key is unknown, and which one was probably meant. */
export function unknownKey(key: string, at: Path, known: readonly string[]): Fault {
  const meant = nearest(key, known)
  return meant === undefined
    ? { path: spell([...at, key]), text: 'unknown key', mend: `Remove it; known here: ${known.join(', ')}` }
    : {
        path: spell([...at, key]),
        text: `unknown key; did you mean "${meant}"?`,
        mend: `Rename it to "${meant}", or remove it`,
      }
}

/** `"a", "b" or "c"`. */
export function either(words: readonly unknown[]): string {
  const quoted = words.map((word) => JSON.stringify(word))
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${String(quoted.at(-1))}`
}

const nouns: Readonly<Record<string, string>> = {
  string: 'a text: "…"',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list: […]',
  object: 'an object: {…}',
  record: 'an object: {…}',
}

function valueAt(raw: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[step] : undefined,
    raw,
  )
}

/** Text and mend of one issue that concerns one value. */
function words(issue: Issue, missing: boolean): { readonly text: string; readonly mend: string } {
  switch (issue.code) {
    case 'invalid_type': {
      const noun = nouns[issue.expected] ?? issue.expected
      return missing
        ? { text: 'is missing', mend: `Add it: ${noun}` }
        : { text: `is not ${noun}`, mend: `Write ${noun}` }
    }
    case 'invalid_value': {
      const choice = either(issue.values)
      return missing
        ? { text: 'is missing', mend: `Write ${choice}` }
        : { text: `is not ${choice}`, mend: `Write ${choice}` }
    }
    case 'too_small':
      return { text: 'is too small or too short', mend: `Give at least ${String(issue.minimum)}` }
    case 'too_big':
      return { text: 'is too large or too long', mend: `Give at most ${String(issue.maximum)}` }
    case 'invalid_format': {
      // A message of the schema's own names what is wanted; zod's own only repeats the pattern.
      const isZods = issue.message.startsWith('Invalid')
      const mend = isZods ? 'Write it as docs/configuration.md says' : `Write ${issue.message}`
      return { text: 'has the wrong form', mend }
    }
    case 'custom': {
      const mend: unknown = issue.params?.['mend']
      return { text: issue.message, mend: typeof mend === 'string' ? mend : 'Correct it' }
    }
    default:
      return { text: issue.message, mend: 'Correct it' }
  }
}

/** Of a union's branches the one that was meant: not refused as a whole for its type. */
function meant(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const close = branches.filter(
    (issues) => !issues.some((issue) => issue.code === 'invalid_type' && issue.path.length === 0),
  )
  return close.length === 1 ? close[0] : undefined
}

function expectations(branches: readonly (readonly Issue[])[]): readonly string[] {
  const nounsOf = branches.flatMap((issues) =>
    issues.flatMap((issue) =>
      issue.path.length === 0 && issue.code === 'invalid_type'
        ? [nouns[issue.expected] ?? issue.expected]
        : issue.path.length === 0 && issue.code === 'invalid_value'
          ? [either(issue.values)]
          : [],
    ),
  )
  return [...new Set(nounsOf)]
}

function faultsOf(issue: Issue, part: Part, below: Path): readonly Fault[] {
  const within = [...below, ...issue.path.filter((step) => typeof step !== 'symbol')]
  const path = spell([...part.at, ...within])
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(shapeOf(part.schema), within)
    return issue.keys.map((key) => unknownKey(key, [...part.at, ...within], known))
  }
  const missing = valueAt(part.raw, within) === undefined
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const branch = missing ? undefined : meant(issue.errors)
    if (branch !== undefined) return branch.flatMap((inner) => faultsOf(inner, part, within))
    const choice = expectations(issue.errors).join(', or ')
    if (choice !== '') return [{ path, text: missing ? 'is missing' : 'has the wrong form', mend: `Write ${choice}` }]
  }
  return [{ path, ...words(issue, missing) }]
}

/** Reads one part with its schema: the value, or undefined with its faults added to `faults`. */
export function readPart<T>(schema: z.ZodType<T>, raw: unknown, at: Path, faults: Fault[]): T | undefined {
  const result = schema.safeParse(raw)
  if (result.success) return result.data
  faults.push(...result.error.issues.flatMap((issue) => faultsOf(issue, { schema, raw, at }, [])))
  return undefined
}

/** The rows that `docs/configuration.md` must have: one for each key, made from the JSON Schema. */
import { type Shape } from '../../lib/config/shape'

/** Rows by the title of their section, as `## component` or `### provider apns` has it. */
export type Tables = ReadonlyMap<string, readonly string[]>

const isSecret = (shape: Shape): boolean => (shape.anyOf ?? []).some((part) => part.properties?.['env'] !== undefined)

/** A row without the spaces that line a table up. */
const narrow = (row: string): string => row.trim().replace(/ +/g, ' ')

function formOf(shape: Shape): string {
  if (isSecret(shape)) return 'secret'
  if (shape.enum !== undefined) return shape.enum.map((word) => `\`${String(word)}\``).join(', ')
  if (shape.const !== undefined) return `\`${JSON.stringify(shape.const)}\``
  if (shape.type === 'array') return `list of ${typeof shape.items === 'object' ? formOf(shape.items) : 'values'}`
  if (shape.type === 'string') return 'text'
  if (shape.type === 'boolean') return '`true`, `false`'
  const choices = shape.anyOf ?? shape.oneOf
  if (choices !== undefined) return [...new Set(choices.map(formOf))].join(', or ')
  return typeof shape.type === 'string' ? shape.type : 'value'
}

function rows(shape: Shape, prefix = ''): readonly string[] {
  return Object.entries(shape.properties ?? {}).flatMap(([key, part]) => {
    const isRequired = shape.required?.includes(key) === true
    const without = isRequired ? 'required' : part.default === undefined ? '' : `\`${JSON.stringify(part.default)}\``
    const row = `| \`${prefix}${key}\` | ${formOf(part)} | ${without} | ${part.description ?? ''} |`
    return [narrow(row), ...(isSecret(part) ? [] : rows(part, `${prefix}${key}.`))]
  })
}

/** What stands behind each `if` of a shape, by the value that is asked for. */
function branches(shape: Shape, key: string): readonly (readonly [string, Shape])[] {
  return (shape.allOf ?? []).flatMap((part) => {
    const value = part.if?.properties?.[key]?.const
    return typeof value === 'string' && part.then !== undefined ? [[value, part.then] as const] : []
  })
}

/** Keys that every interface has. */
const ofInterface = /^\| `interfaces\.[\w-]+\.(limit|maxBody)/
const isNotOfShow = (row: string): boolean => !row.startsWith('| `show.')

export function referenceTables(root: Shape): Tables {
  const top = root.properties ?? {}
  const apps = top['apps']?.additionalProperties
  const app: Shape = typeof apps === 'object' ? apps : {}
  const store = top['store'] ?? {}
  const outbox = top['outbox'] ?? {}
  const component = top['component']?.anyOf?.[0] ?? {}
  const profiles = branches(app, 'profile')
  const listeners = top['http']?.properties?.['listeners']?.items
  const [common = {}] = Object.values(top['http']?.properties?.['interfaces']?.properties ?? {})
  return new Map([
    ['component', rows(component)],
    ['store', rows(store)],
    ...branches(store, 'kind').map(([name, shape]) => [`store ${name}`, rows(shape)] as const),
    ['outbox', rows(outbox)],
    ...branches(outbox, 'kind').map(([name, shape]) => [`outbox ${name}`, rows(shape)] as const),
    ['apps', rows(app)],
    ...branches(app, 'provider').map(([name, shape]) => [`provider ${name}`, rows(shape)] as const),
    ...profiles.map(([name, shape]) => [`profile ${name}`, rows(shape).filter(isNotOfShow)] as const),
    // The same for every profile that alerts, so it is written once.
    ['show', rows(profiles.map(([, shape]) => shape.properties?.['show']).find((shape) => shape !== undefined) ?? {})],
    ['access', rows(top['access'] ?? {})],
    ['keep', rows(top['keep'] ?? {})],
    ['log', rows(top['log'] ?? {})],
    ['telemetry', rows(top['telemetry'] ?? {})],
    ['http', rows(top['http'] ?? {}).filter((row) => !ofInterface.test(row))],
    // The same for every interface, so it is written once.
    ['http interfaces', rows(common).filter((row) => /^\| `(limit|maxBody)/.test(row))],
    ['http listeners', rows(typeof listeners === 'object' ? listeners : {})],
  ])
}

/** True if a written row says what a wanted one says; where the schema describes a key with no word, the text may. */
export function agrees(wanted: string, written: string | undefined): boolean {
  const isBare = wanted.endsWith('| |') && written !== undefined
  return isBare ? written.startsWith(wanted.slice(0, -1)) : wanted === written
}

/** The rows that a Markdown text has, by the title of the section that they stand in; heads of tables are left out. */
export function writtenTables(markdown: string): Tables {
  const tables = new Map<string, string[]>()
  let title = ''
  for (const line of markdown.split('\n')) {
    title = /^#+ (.*)$/.exec(line)?.[1]?.replaceAll('`', '') ?? title
    if (/^\| `/.test(line)) tables.set(title, [...(tables.get(title) ?? []), narrow(line)])
  }
  return tables
}

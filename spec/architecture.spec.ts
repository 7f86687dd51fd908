/** The import law: who may know whom. Read from the files, not from memory. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import ts from 'typescript'

const LIB = resolve(__dirname, '..', 'lib')

interface Import {
  readonly from: string
  /** `model/jid` for ours, `npm:zod` for a package, `node:fs` for Node's own. */
  readonly what: string
  readonly isType: boolean
  readonly isLazy: boolean
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return filesIn(path)
    return entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts') ? [path] : []
  })
}

const files = filesIn(LIB)
const nameOf = (file: string): string => relative(LIB, file).replace(/\.ts$/, '')
const sources = new Map(
  files.map((file) => [
    nameOf(file),
    ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true),
  ]),
)

function packageOf(specifier: string): string {
  const [first = '', second = ''] = specifier.split('/')
  return `npm:${specifier.startsWith('@') ? `${first}/${second}` : first}`
}

function target(file: string, specifier: string): string {
  if (specifier.startsWith('node:')) return specifier
  if (!specifier.startsWith('.')) return packageOf(specifier)
  return relative(LIB, resolve(dirname(join(LIB, file)), specifier)).replace(/\.ts$/, '')
}

/** `import('…')`, and `module.require('…')` where the answer is wanted at once. */
function isLazyCall(called: ts.Expression): boolean {
  return called.kind === ts.SyntaxKind.ImportKeyword || called.getText() === 'module.require'
}

function importsOf(file: string, source: ts.SourceFile): readonly Import[] {
  const found: Import[] = []
  const visit = (node: ts.Node): void => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier !== undefined) {
      const specifier = (node.moduleSpecifier as ts.StringLiteral).text
      const clause = ts.isImportDeclaration(node) ? node.importClause : undefined
      const named = clause?.namedBindings
      const isType =
        clause?.phaseModifier === ts.SyntaxKind.TypeKeyword ||
        (clause?.name === undefined &&
          named !== undefined &&
          ts.isNamedImports(named) &&
          named.elements.every((each) => each.isTypeOnly))
      found.push({ from: file, what: target(file, specifier), isType, isLazy: false })
    }
    if (ts.isCallExpression(node) && isLazyCall(node.expression)) {
      const [argument] = node.arguments
      if (argument !== undefined && ts.isStringLiteral(argument)) {
        found.push({ from: file, what: target(file, argument.text), isType: false, isLazy: true })
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

const imports = [...sources].flatMap(([file, source]) => importsOf(file, source))
const isOurs = (each: Import): boolean => !each.what.startsWith('node:') && !each.what.startsWith('npm:')

/** Contracts: the singular file of each plural folder. */
const contracts = [
  'dialects/dialect',
  'imports/import',
  'outbox/outbox',
  'outbox/outbox-kind',
  'profiles/profile',
  'providers/provider',
  'stores/store',
  'wire/wire',
]
const extensions = ['dialects', 'outbox', 'profiles', 'providers', 'stores']
/** How deliveries and their stories are kept, whatever keeps them: what outboxes share with the outboxes of stores. */
const keptAlike = [
  ...['stores/store', 'stores/content-cipher', 'stores/content-key-decoding', 'stores/sealed', 'stores/bare-target'],
  ...['stores/listening', 'stores/shifting', 'stores/telling', 'stores/trace-lines'],
]
const kindFiles = (): readonly string[] =>
  imports.filter((each) => each.from === 'kinds' && isOurs(each) && !each.isType).map((each) => each.what)

const folderOf = (name: string): string => (name.includes('/') ? name.slice(0, name.indexOf('/')) : '')
const isIn = (name: string, ...folders: readonly string[]): boolean => folders.includes(folderOf(name))
const isConfig = (name: string): boolean => name === 'config' || folderOf(name) === 'config'

/** Whether a file of ours may import another file of ours; the table of the design, row by row. */
function mayImport({ from, what, isType, isLazy }: Import): boolean {
  const shared = ['clock', 'gate', 'observe']
  if (folderOf(from) === 'sim') return folderOf(what) === 'sim'
  if (folderOf(what) === 'sim') return isIn(from, 'commands') && isLazy
  if (folderOf(from) === 'model') return folderOf(what) === 'model'
  if (from === 'clock') return folderOf(what) === 'model'
  if (from === 'observe') return folderOf(what) === 'model'
  if (folderOf(from) === 'observe')
    return isIn(what, 'model', 'observe') || (what === 'observe' && isType) || what === 'clock'
  if (from === 'gate') return folderOf(what) === 'model' || what === 'clock'
  if (contracts.includes(from) && folderOf(from) !== 'wire') {
    const stands = ['stores/store outbox/outbox', 'outbox/outbox-kind stores/store']
    const isAllowed = folderOf(what) === 'model' || what === 'clock' || stands.includes(`${from} ${what}`)
    return isAllowed && isType
  }
  if (folderOf(from) === 'wire') return what === 'clock' || folderOf(what) === 'wire'
  if (isIn(from, ...extensions)) {
    if (folderOf(what) === folderOf(from)) return !kindFiles().includes(what)
    if (folderOf(from) === 'providers' && folderOf(what) === 'wire') return true
    if (folderOf(from) === 'stores' && what === 'outbox/outbox') return isType
    if (folderOf(from) === 'outbox' && keptAlike.includes(what)) return true
    return folderOf(what) === 'model' || shared.includes(what) || what === 'observe/trace-context'
  }
  if (folderOf(from) === 'intake') {
    return isIn(what, 'model', 'intake') || shared.includes(what) || (contracts.includes(what) && isType)
  }
  if (folderOf(from) === 'dispatch') {
    const known = ['stores/store', 'outbox/outbox', 'providers/provider', 'profiles/profile']
    return isIn(what, 'model', 'dispatch') || shared.includes(what) || known.includes(what)
  }
  if (folderOf(from) === 'imports') return isIn(what, 'model', 'imports')
  if (folderOf(from) === 'admin') {
    return isIn(what, 'model', 'admin') || (contracts.includes(what) && isType) || ['clock', 'observe'].includes(what)
  }
  if (isIn(from, 'xmpp', 'http')) {
    return (
      isIn(what, 'model', 'intake', 'admin', folderOf(from)) ||
      [...shared, 'observe/figures', 'observe/tracing', 'observe/trace-context', 'dialects/dialect'].includes(what)
    )
  }
  if (from === 'kinds') return isIn(what, ...extensions)
  if (isConfig(from)) {
    const isInterface = what === 'http/interfaces' || (what === 'http/interface' && isType)
    const isContract = contracts.includes(what) && isType
    return what === 'kinds' || folderOf(what) === 'model' || isConfig(what) || isInterface || isContract
  }
  const root = [
    ...['service', 'apps', 'attaching', 'open-apps', 'operating', 'restart-needed', 'roles', 'serve-http', 'tracing'],
    ...['try-links', 'watching'],
  ]
  if (root.includes(from)) {
    const isImplementation = isIn(what, ...extensions) && !contracts.includes(what)
    return what !== 'cli' && folderOf(what) !== 'commands' && !isImplementation
  }
  if (from === 'cli' || folderOf(from) === 'commands') {
    const helpers = ['clock', 'observe', 'version']
    return (
      ['service', 'try-links'].includes(what) ||
      isConfig(what) ||
      isIn(what, 'admin', 'imports', 'commands', 'model') ||
      helpers.includes(what)
    )
  }
  return false
}

/** Libraries that only one part of the house may know. */
const libraries: Readonly<Record<string, (file: string) => boolean>> = {
  'npm:@xmpp/component': (file) => isIn(file, 'xmpp', 'sim'),
  'npm:@xmpp/xml': (file) => isIn(file, 'xmpp', 'sim'),
  'npm:ltx': (file) => isIn(file, 'xmpp', 'sim'),
  'npm:libsql': (file) => isIn(file, 'stores'),
  'npm:pg': (file) => isIn(file, 'stores'),
  'npm:@nats-io/jetstream': (file) => file.startsWith('outbox/nats'),
  'npm:@nats-io/transport-node': (file) => file.startsWith('outbox/nats'),
  'npm:pino': (file) => file === 'observe',
  'npm:prom-client': (file) => isIn(file, 'observe'),
  'npm:zod': (file) =>
    isConfig(file) ||
    isIn(file, ...extensions, 'http', 'imports') ||
    file === 'model/options' ||
    contracts.includes(file),
  'npm:@parse/node-apn': (file) => isIn(file, 'providers'),
  'npm:google-auth-library': (file) => isIn(file, 'providers'),
  'npm:smol-toml': (file) => isIn(file, 'imports'),
  'npm:yaml': (file) => isIn(file, 'imports'),
  'npm:node-emoji': (file) => isIn(file, 'profiles'),
  'npm:node-forge': (file) => isIn(file, 'providers', 'sim'),
  'npm:hono': (file) => isIn(file, 'http', 'sim'),
  'npm:@hono/node-server': (file) => isIn(file, 'http', 'sim'),
  'npm:commander': (file) => file === 'cli' || isIn(file, 'commands'),
}

const violations = (test: (each: Import) => boolean): readonly string[] =>
  imports.filter((each) => !test(each)).map(({ from, what }) => `${from} imports ${what}`)

/** Identifiers whose use is kept to one file. */
function usesOf(name: string, pattern: RegExp, allowed: (file: string) => boolean): readonly string[] {
  return [...sources]
    .filter(([file, source]) => !allowed(file) && pattern.test(withoutComments(source)))
    .map(([file]) => `${file} uses ${name}`)
}

function withoutComments(source: ts.SourceFile): string {
  return source.text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1')
}

describe('architecture', () => {
  it('lets each file import only what the law allows', () => {
    expect(violations((each) => !isOurs(each) || mayImport(each))).toEqual([])
  })

  it('keeps each library in its own room, and uses none that is not listed', () => {
    expect(violations((each) => !each.what.startsWith('npm:') || libraries[each.what]?.(each.from) === true)).toEqual(
      [],
    )
  })

  it('reads time and chance in clock.ts only', () => {
    const outside = (file: string): boolean => file === 'clock' || folderOf(file) === 'sim'
    expect(
      usesOf('the clock', /\bDate\.now\(|\bnew Date\(\)|\bset(Timeout|Interval)\(|\bMath\.random\(/, outside),
    ).toEqual([])
  })

  it('reads the environment in the configuration only', () => {
    expect(usesOf('process.env', /\bprocess\.env\b/, isConfig)).toEqual([])
  })

  it('has no barrels, no default exports and no rooms for odds and ends', () => {
    const odd = [...sources.keys()].filter((file) => /(^|\/)(index|utils?|helpers?|types|common)$/.test(file))
    const exported = [...sources]
      .filter(([, source]) => /^export default/m.test(withoutComments(source)))
      .map(([file]) => file)
    expect([...odd, ...exported]).toEqual([])
  })

  it('has no cycles', () => {
    const next = new Map<string, string[]>()
    for (const each of imports) {
      if (isOurs(each) && !each.isType && !each.isLazy) next.set(each.from, [...(next.get(each.from) ?? []), each.what])
    }
    const cycles: string[] = []
    const seen = new Map<string, 'open' | 'done'>()
    const walk = (file: string, path: readonly string[]): void => {
      if (seen.get(file) === 'open') cycles.push([...path.slice(path.indexOf(file)), file].join(' → '))
      if (seen.has(file)) return
      seen.set(file, 'open')
      for (const other of next.get(file) ?? []) walk(other, [...path, file])
      seen.set(file, 'done')
    }
    for (const file of sources.keys()) walk(file, [])
    expect(cycles).toEqual([])
  })

  it('starts without the libraries that only some configurations need', () => {
    const reached = new Set(['cli'])
    for (const file of reached) {
      for (const each of imports) if (each.from === file && !each.isType && !each.isLazy) reached.add(each.what)
    }
    const libraries = [...reached].filter((each) => each.startsWith('npm:')).sort()
    expect(libraries).toEqual([
      ...['npm:@xmpp/component', 'npm:@xmpp/xml', 'npm:commander'],
      // Of it, only what reads and writes cookies.
      'npm:hono',
      ...['npm:libsql', 'npm:ltx', 'npm:pino', 'npm:zod'],
    ])
    const seldom = ['node:http2', 'http/server', 'imports/peers', 'outbox/nats-opening', 'commands/check']
    expect(seldom.filter((each) => reached.has(each))).toEqual([])
  })

  it('keeps every file to one idea: none over 300 lines, the middle one under 90', () => {
    const lengths = files
      .map((file) => ({ file: nameOf(file), lines: readFileSync(file, 'utf8').split('\n').length - 1 }))
      .sort((a, b) => a.lines - b.lines)
    expect(lengths.filter(({ lines }) => lines > 300)).toEqual([])
    expect(lengths[Math.floor(lengths.length / 2)]?.lines).toBeLessThan(90)
  })

  it('would notice a forbidden import', () => {
    const forbidden = { isType: false, isLazy: false }
    expect(mayImport({ from: 'model/jid', what: 'clock', ...forbidden })).toBe(false)
    expect(mayImport({ from: 'xmpp/router', what: 'stores/store', ...forbidden })).toBe(false)
    expect(mayImport({ from: 'sim/apns', what: 'wire/http2', ...forbidden })).toBe(false)
    expect(mayImport({ from: 'profiles/siskin', what: 'profiles/stork', ...forbidden })).toBe(false)
  })
})

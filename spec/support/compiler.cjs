/**
 * Makes JavaScript of the repository's TypeScript, for the specs and for what they start, with tsx's own compiler, so that all is as it would be
 * with tsx. Types are `tsc`'s business. Keeps what it has made until the source changes.
 */
const { createHash } = require('node:crypto')
const fs = require('node:fs')
const { createRequire } = require('node:module')
const path = require('node:path')

const ROOT = path.join(__dirname, '..', '..')
const esbuild = createRequire(require.resolve('tsx/cjs'))('esbuild')
const OPTIONS = {
  ...{ loader: 'ts', format: 'cjs', platform: 'node', target: 'node20' },
  // Inside jest nothing but `require` finds a module of ours.
  supported: { 'dynamic-import': false },
  ...{ sourcemap: 'external', sourcesContent: false },
}
const hash = (text) => createHash('sha256').update(text).digest('hex')
const WITH = JSON.stringify(OPTIONS) + esbuild.version

/** A name of its own for each checkout, since several may share what is installed. */
const FOLDER = path.join(
  fs.realpathSync(path.join(ROOT, 'node_modules')),
  '.cache',
  'xmpp-push',
  hash(ROOT).slice(0, 8),
)

const read = (file) => {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** Whole or not there: another run may be reading it. */
const write = async (file, text) => {
  await fs.promises.mkdir(path.dirname(file), { recursive: true })
  await fs.promises.writeFile(`${file}.${process.pid}`, text)
  await fs.promises.rename(`${file}.${process.pid}`, file)
}

const targetOf = (name) => path.join(FOLDER, name.replace(/\.ts$/, '.js'))
const markOf = (source) => `// ${hash(source + WITH)}\n`
const optionsFor = (name) => ({ ...OPTIONS, sourcefile: path.join(ROOT, name) })

/** What `name` was made to, if it was made of this source: `{ code, map }`. */
const madeOf = (name, source) => {
  const code = read(targetOf(name))
  return code.endsWith(markOf(source)) ? { code, map: read(`${targetOf(name)}.map`) } : undefined
}

/** Makes what is not made yet. */
const make = async (name) => {
  const target = targetOf(name)
  const source = read(path.join(ROOT, name))
  if (madeOf(name, source) !== undefined) return
  try {
    const { code, map } = await esbuild.transform(source, optionsFor(name))
    await write(`${target}.map`, map)
    await write(target, `${code}${markOf(source)}`)
  } catch (error) {
    // Whatever needs this file says that it is not there; the others need not suffer.
    fs.rmSync(target, { force: true })
    process.stderr.write(`${name} is not compiled: ${error.message}\n`)
  }
}

/** The same at once, and for this caller alone: starts a process of the compiler. */
const makeNow = (name, source) => {
  const { code, map } = esbuild.transformSync(source, optionsFor(name))
  return { code, map }
}

module.exports = { ROOT, FOLDER, WITH, madeOf, make, makeNow }

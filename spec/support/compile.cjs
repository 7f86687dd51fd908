/**
 * Compiles the program and what specs start beside it, before the first spec: a thread or a process that compiles for itself costs three times
 * as much, and specs start thousands. Only what has changed since the last run. The compiler is tsx's own, so that all is as it would be with tsx.
 */
const { createHash } = require('node:crypto')
const fs = require('node:fs')
const { createRequire } = require('node:module')
const path = require('node:path')

const ROOT = path.join(__dirname, '..', '..')
const OPTIONS = { loader: 'ts', format: 'cjs', platform: 'node', target: 'node20' }
const hash = (text) => createHash('sha256').update(text).digest('hex')

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
const write = (file, text) => {
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(`${file}.${process.pid}`, text)
  fs.renameSync(`${file}.${process.pid}`, file)
}

const compile = async (esbuild, name) => {
  const target = path.join(FOLDER, name.replace(/\.ts$/, '.js'))
  const source = read(path.join(ROOT, name))
  const mark = `// ${hash(source + JSON.stringify(OPTIONS) + esbuild.version)}\n`
  if (read(target).endsWith(mark)) return
  try {
    const { code } = await esbuild.transform(source, { ...OPTIONS, sourcefile: name })
    write(target, `${code}${mark}`)
  } catch (error) {
    // Whatever needs this file says that it is not there; the others need not suffer.
    fs.rmSync(target, { force: true })
    process.stderr.write(`${name} is not compiled: ${error.message}\n`)
  }
}

/** Program and specs look for these from where they are. */
const link = (name) => {
  const at = path.join(FOLDER, name)
  fs.mkdirSync(path.dirname(at), { recursive: true })
  try {
    fs.symlinkSync(path.join(ROOT, name), at)
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
  }
}

module.exports = async () => {
  const esbuild = createRequire(require.resolve('tsx/cjs'))('esbuild')
  for (const name of ['package.json', 'docs', path.join('lib', 'http', 'page')]) link(name)
  const names = ['lib', 'spec'].flatMap((top) =>
    fs.readdirSync(path.join(ROOT, top), { recursive: true }).map((name) => path.join(top, name)),
  )
  const sources = names.filter((name) => name.endsWith('.ts') && !/\.(d|spec)\.ts$/.test(name))
  await Promise.all(sources.map((name) => compile(esbuild, name)))
  process.env.SPEC_COMPILED = FOLDER
}

/**
 * Compiles the program, the specs and what these start beside it, before the first spec: a thread or a process that compiles for itself costs
 * three times as much, and specs start thousands. Only what has changed since the last run.
 */
const fs = require('node:fs')
const path = require('node:path')
const { FOLDER, make, ROOT } = require('./compiler.cjs')

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
  for (const name of ['package.json', 'docs', path.join('lib', 'http', 'page')]) link(name)
  const names = ['lib', 'spec'].flatMap((top) =>
    fs.readdirSync(path.join(ROOT, top), { recursive: true }).map((name) => path.join(top, name)),
  )
  await Promise.all(names.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts')).map(make))
  process.env.SPEC_COMPILED = FOLDER
}

/** Hands jest what `compile.cjs` has compiled: a compiler in each of its workers would take longer than many of the specs. */
const { createHash } = require('node:crypto')
const path = require('node:path')
require('./compiled-once.cjs')
const { madeOf, makeNow, ROOT, WITH } = require('./compiler.cjs')

module.exports = {
  getCacheKey: (source, file) =>
    createHash('sha256').update(file).update('\0').update(source).update(WITH).digest('hex').slice(0, 32),
  process(source, file) {
    const name = path.relative(ROOT, file)
    return madeOf(name, source) ?? makeNow(name, source)
  },
}

/** Threads that the program starts run what `compile.cjs` has compiled, in place of each compiling for itself. */
const fs = require('node:fs')
const path = require('node:path')
const threads = require('node:worker_threads')

const ROOT = path.join(__dirname, '..', '..')
const DONE = Symbol.for('xmpp-push: threads are compiled')

if (!(DONE in threads.Worker)) {
  threads.Worker = class extends threads.Worker {
    static [DONE] = true

    constructor(file, options) {
      const compiled =
        typeof file === 'string' && file.endsWith('.ts')
          ? path.join(process.env.SPEC_COMPILED, path.relative(ROOT, file)).replace(/\.ts$/, '.js')
          : undefined
      if (compiled === undefined || !fs.existsSync(compiled)) super(file, options)
      else super(compiled, { ...options, execArgv: [] })
    }
  }
}

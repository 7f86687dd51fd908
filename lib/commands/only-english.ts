/**
 * To be imported before anything that imports zod: keeps it from loading its words in 50 languages, of which the configuration's faults use one. They
 * are 50 of the 600 modules of a start and a MiB of its heap. Knows where zod has them; a zod that has them elsewhere loads them all.
 *
 * COMPAT(zod ≤ 4.6): its CommonJS entry loads them whether or not they are used, and there is no entry without them.
 */
import Module from 'node:module'

try {
  const file = require.resolve('zod/v4/locales')
  const none = new Module(file)
  none.exports = { __esModule: true }
  none.loaded = true
  require.cache[file] ??= none
} catch {
  // All languages, then.
}

/**
 * To be imported before libsql: tells it which of its builds fits, where that can be seen at once. Knows what libsql asks of whom; where it asks otherwise,
 * or the system is another, it finds out by itself.
 *
 * COMPAT(libsql ≤ 0.5.29): each thread has Node write a report of the whole process (stacks, symbols, every setting) to read in it whether the C library
 * is glibc: 2 MB that stay resident, and a tenth of a second of a start.
 */
import { readFileSync } from 'node:fs'
import Module, { createRequire } from 'node:module'

const GLIBC = 'glibc'
const MUSL = 'musl'

/** libsql's name of the build for this system, if it is Linux on glibc, by what proc(5) tells in `maps`: the files that the process has mapped. */
export function glibcBuildOf(
  system: { readonly platform: string; readonly arch: string },
  maps: string,
): string | undefined {
  if (system.platform !== 'linux' || (system.arch !== 'x64' && system.arch !== 'arm64')) return undefined
  return /\/libc(-2\.\d+\.so|\.so\.6)$/m.test(maps) ? `linux-${system.arch}-gnu` : undefined
}

function tell(build: string): void {
  const its = createRequire(require.resolve('libsql'))
  // A function of the module's that is asked before each load; its others stay.
  Object.assign(its('@neon-rs/load') as object, { currentTarget: () => build })
  const file = its.resolve('detect-libc')
  const known = new Module(file)
  known.exports = { GLIBC, MUSL, familySync: () => GLIBC }
  known.loaded = true
  require.cache[file] ??= known
}

try {
  const build = glibcBuildOf(process, process.platform === 'linux' ? readFileSync('/proc/self/maps', 'utf8') : '')
  if (build !== undefined) tell(build)
} catch {
  // It finds out by itself, then.
}

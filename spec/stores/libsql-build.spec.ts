import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { glibcBuildOf } from '../../lib/stores/libsql-build'

const run = promisify(execFile)

const mapped = (file: string): string =>
  `7f02a4c26000-7f02a4c28000 r--p 00000000 fe:00 1311  /usr/bin/node\n7f02a4e00000-7f02a4e28000 r--p 00000000 fe:00 1312  ${file}\n`
const debian = mapped('/usr/lib/x86_64-linux-gnu/libc.so.6')

describe('stores/libsql-build', () => {
  it.each([
    ['x64', '/usr/lib/x86_64-linux-gnu/libc.so.6', 'linux-x64-gnu'],
    ['arm64', '/usr/lib/aarch64-linux-gnu/libc.so.6', 'linux-arm64-gnu'],
    ['x64', '/lib/x86_64-linux-gnu/libc-2.31.so', 'linux-x64-gnu'],
  ])('takes %s with %s for Linux on glibc', (arch, file, build) => {
    expect(glibcBuildOf({ platform: 'linux', arch }, mapped(file))).toBe(build)
  })

  it.each([
    ['musl', { platform: 'linux', arch: 'x64' }, mapped('/lib/ld-musl-x86_64.so.1')],
    ['musl, with the libc of packages', { platform: 'linux', arch: 'x64' }, mapped('/lib/libc.musl-x86_64.so.1')],
    ['a libc++', { platform: 'linux', arch: 'x64' }, mapped('/usr/lib/libc++.so.1')],
    ['nothing that is told', { platform: 'linux', arch: 'x64' }, ''],
    ['another processor', { platform: 'linux', arch: 'arm' }, debian],
    ['another system', { platform: 'darwin', arch: 'arm64' }, debian],
  ])('leaves %s to libsql', (_, system, maps) => {
    expect(glibcBuildOf(system, maps)).toBeUndefined()
  })

  it('has a database opened without a report of the process, where the build is known', async () => {
    const code = `
      let reports = 0
      const { getReport } = process.report
      process.report.getReport = () => (reports++, getReport())
      const { openDatabase, single } = require(${JSON.stringify(join(__dirname, '../../lib/stores/sqlite-database'))})
      console.log(JSON.stringify({ reports, one: single(openDatabase(':memory:'), 'SELECT 1') }))`
    const { stdout } = await run(process.execPath, ['--require', 'tsx/cjs', '-e', code])
    const told = JSON.parse(stdout) as { readonly reports: number; readonly one: number }
    expect(told.one).toBe(1)
    const isKnown =
      process.platform === 'linux' && glibcBuildOf(process, readFileSync('/proc/self/maps', 'utf8')) !== undefined
    if (isKnown) expect(told.reports).toBe(0)
  })
})

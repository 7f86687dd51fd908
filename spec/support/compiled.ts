/** Where the compiled copies of the program and of the specs' own programs are; see `compile.cjs`. */
import { join, relative } from 'node:path'

const ROOT = join(__dirname, '..', '..')

/** The copy of a `.ts` file of this repository that `node` can start as it is. */
export function compiled(file: string): string {
  const folder = process.env['SPEC_COMPILED']
  if (folder === undefined) throw new Error('nothing is compiled: jest has to be started with its configuration')
  return join(folder, relative(ROOT, file)).replace(/\.ts$/, '.js')
}

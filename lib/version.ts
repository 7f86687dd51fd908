/** This program's version, from its package. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Package {
  readonly version: string
}

/** As `package.json` has it, which lies beside `lib/` here and beside `dist/` where it is installed. */
export const version: string = (JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8')) as Package)
  .version

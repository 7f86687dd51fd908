/** The text of the configuration: from its file, or as it was when it was read before. Knows no key of it. */
import { readFileSync } from 'node:fs'
import { FILE_VARIABLE } from './environment'
import { type Fault } from './fault'
import { readJson } from './json'
import { Opaque } from '../model/opaque'

/** What the file says; a fault where it can't be read or is not JSON. `known`: its text, where it is not to be read again. */
export function load(
  file: string,
  known: Opaque | undefined,
): { readonly raw: unknown; readonly text: Opaque } | Fault {
  let source: string
  try {
    source = known?.reveal() ?? readFileSync(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error)
    if (code === 'EISDIR') return { path: file, text: 'is a folder', mend: 'Name the file itself' }
    return code === 'ENOENT' || code === 'ENOTDIR'
      ? {
          path: file,
          text: 'there is no such file',
          mend: `Name the configuration with --config or ${FILE_VARIABLE}, or begin with a copy of the example component.config.json`,
        }
      : {
          path: file,
          text: `can't be read (${code})`,
          mend: 'Run the command as the user of the service (sudo -u xmpp-push …), or let this user read the file',
        }
  }
  const json = readJson(source)
  if (json.is === 'value') return { raw: json.value, text: new Opaque(source) }
  const { line, column, text, mend } = json
  return { path: `${file}:${line}:${column}`, text: `not JSON: ${text}`, mend }
}

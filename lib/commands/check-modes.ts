/** Whether everybody on this machine may read a secret's file: by its own mode, and by those of the folders that lead to it. */
import { readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

export interface Exposed {
  readonly file: string
  readonly text: string
  readonly mend: string
}

const OTHERS_READ = 0o004
const OTHERS_ENTER = 0o001

function isOpenTo(path: string, right: number): boolean {
  return (statSync(path).mode & right) !== 0
}

function leadsOthers(folder: string): boolean {
  if (!isOpenTo(folder, OTHERS_ENTER)) return false
  const above = dirname(folder)
  return above === folder || leadsOthers(above)
}

/** Certificates and authorities are shown to whoever connects. */
function isPublic(file: string): boolean {
  const text = readFileSync(file, 'latin1')
  return text.includes('-----BEGIN CERTIFICATE-----') && !text.includes('PRIVATE KEY-----')
}

/** Of these files those that every user of the machine may read although there is a secret in them. */
export function exposed(files: readonly string[]): readonly Exposed[] {
  return files.flatMap((file) => {
    try {
      if (!isOpenTo(file, OTHERS_READ) || !leadsOthers(dirname(file)) || isPublic(file)) return []
      const mode = (statSync(file).mode & 0o777).toString(8).padStart(4, '0')
      return {
        file,
        text: `every user of this machine may read ${file} (mode ${mode})`,
        mend: `chmod 600 ${file}, and give it to the user that runs the service; or chmod 640 with its group`,
      }
    } catch {
      // Gone or closed since it was read; that is told where it is used.
      return []
    }
  })
}

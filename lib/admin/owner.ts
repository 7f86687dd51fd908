/** To which user of this machine a path belongs, for a sentence that tells as whom to try again. */
import { readFileSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname } from 'node:path'

/** passwd(5) has name and number first and third; what a directory service knows besides, it has not. */
function nameOf(uid: number, passwd: string): string | undefined {
  const lines = passwd.split('\n').map((line) => line.split(':'))
  return lines.find(([, , number]) => number === String(uid))?.[0]
}

function accounts(): string {
  try {
    return readFileSync('/etc/passwd', 'utf8')
  } catch {
    return ''
  }
}

/** Of the path itself or, where it can't be looked at, of the nearest folder above it that can; as sudo(8) takes it: `name` or `#uid`. */
export function ownerOf(path: string, passwd = accounts()): string {
  try {
    const { uid } = statSync(path)
    return nameOf(uid, passwd) ?? `#${uid}`
  } catch {
    const above = dirname(path)
    return above === path ? 'root' : ownerOf(above, passwd)
  }
}

/** The user of this process, by name where it has one. */
export function ourselves(): string {
  try {
    return userInfo().username
  } catch {
    return `#${String(process.geteuid?.())}`
  }
}

/** Which of SQLite's result codes mean that the floor is broken rather than the question, and what to tell the operator. */

const troubles: Readonly<Record<string, string>> = {
  SQLITE_FULL: 'the disk is full; make room',
  SQLITE_IOERR: 'the disk fails; look at the system log',
  SQLITE_READONLY: 'the file became read-only; make it and its folder writable',
  SQLITE_CANTOPEN: 'a file beside it can not be opened; see that its folder is there and writable',
  SQLITE_NOTADB: 'the file was overwritten; stop the service and put back a backup',
  SQLITE_BUSY: 'another process holds its lock; end that process',
  SQLITE_NOMEM: 'there is no memory left; give the machine more',
  SQLITE_PERM: 'access to the file was denied; give it back to the user that runs this program',
  SQLITE_PROTOCOL: 'its locks do not work; use a local disk',
}

function mendOf(code: string | undefined): string | undefined {
  if (code === undefined) return undefined
  const family = Object.keys(troubles).find((name) => code === name || code.startsWith(`${name}_`))
  return family === undefined ? undefined : troubles[family]
}

/** True if nothing can be written (or read) for the time being, whoever asks for what. */
export function isFloorBroken(code: string | undefined): boolean {
  return mendOf(code) !== undefined
}

/** True if a part of the file is damaged: what lies elsewhere can be read and written all the same. */
export function isDamaged(code: string | undefined): boolean {
  return code !== undefined && code.startsWith('SQLITE_CORRUPT')
}

/** In words for the operator: what happened, where, what to do. */
export function damageText(file: string, said: string): string {
  return (
    `store ${file} is damaged (${said}): what lies in the damaged part is refused, all else goes on; stop the service, ` +
    `keep a copy of the file, and put back a backup or what \`sqlite3 .recover\` saves; then look at the disk`
  )
}

/** In words for the operator: what happened, where, what to do. */
export function troubleText(file: string, code: string | undefined, said: string): string {
  return `store ${file} takes nothing: ${mendOf(code) ?? 'it failed'} (${code ?? 'no code'}: ${said}); tried again each second`
}

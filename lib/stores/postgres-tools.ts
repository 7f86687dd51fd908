/** The lines of PostgreSQL's own tools that copy what we keep and put it back (PostgreSQL 15, pg_dump and pg_restore). Words alone; shows no password. */
import { type DatabaseAddress } from './postgres-url'

const quoted = (text: string): string => (/^[\w./:@,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)

/** For a shell; they ask for the password, or take it from PGPASSWORD or ~/.pgpass. */
export function toolsOf(
  { hosts, user, database }: DatabaseAddress,
  schema: string,
  file: string,
): { readonly backup: string; readonly restore: string } {
  const names = hosts.map(({ host }) => host).join(',')
  const ports = hosts.map(({ port }) => String(port)).join(',')
  const where = `--host=${quoted(names)} --port=${ports} --username=${quoted(user)}`
  return {
    backup: `pg_dump --format=custom ${where} --schema=${schema} --file=${quoted(file)} ${quoted(database)}`,
    restore: `pg_restore --clean --if-exists --exit-on-error ${where} --dbname=${quoted(database)} ${quoted(file)}`,
  }
}

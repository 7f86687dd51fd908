/**
 * SQL that several statements share: how a delivery's story becomes a line of its trace (`trace-lines.ts` says what a line
 * is), and how what a statement did is counted along with it.
 */
import { type End, ends } from '../model/accounting'

/** What is counted in the table `account`. */
export type Counted = 'accepted' | 'resent' | End

export const counted: readonly Counted[] = ['accepted', 'resent', ...ends]

/** Which row of an instance a statement counts in: those of one line run one after another. */
export const LINES = { door: 0, settling: 1, upkeep: 2 } as const

/** The line of a row of `delivery` that ends with a step (SQL of JSON); NULL where it leaves no trace. */
export function lineOf(row: string, step: string): string {
  return (
    `'["' || ${row}.id || '","' || ${row}.target || '",' || to_json(${row}.app)::text || ',"' || ${row}.class || '",' || ` +
    `${row}.accepted_at || ',' || ${row}.notes || ',' || ${step} || E']\\n'`
  )
}

/** Adds what the query (columns: app, instance, and each of `columns`) says to the accounts. */
export function counting(line: keyof typeof LINES, columns: readonly Counted[], from: string): string {
  return `
    INSERT INTO account (app, instance, line, ${columns.join(', ')})
    SELECT app, instance, ${LINES[line]}, ${columns.map((column) => `sum(${column})`).join(', ')}
    FROM (${from}) AS counted GROUP BY app, instance ORDER BY app, instance
    ON CONFLICT (app, instance, line) DO UPDATE SET
    ${columns.map((column) => `${column} = account.${column} + excluded.${column}`).join(', ')}`
}

/** Writes the lines that the query (column: line) says, if there are any; `now` is SQL. */
export function tracing(now: string, from: string): string {
  return `
    INSERT INTO trace (at, bytes, lines)
    SELECT ${now}, octet_length(all_lines), all_lines
    FROM (SELECT string_agg(line, '') AS all_lines FROM (${from}) AS ended) AS joined WHERE all_lines IS NOT NULL`
}

/**
 * How a statement finds single rows of a table whose size the planner can't know: an outbox is empty when it is looked at, and long a
 * moment later, and a plan is kept meanwhile. A join by `=` may then be answered by reading all of it for each row of a batch.
 */

/**
 * True where a column has this value, as a range of one: nothing is sorted or hashed by a range, so that a step in the index of the column is
 * all that is left to find it by.
 */
export const isOne = (column: string, value: string): string => `${column} >= ${value} AND ${column} <= ${value}`

/** The row of the outbox in the lane of `row` (SQL with a target and a collapse key) in one state; `what`: its columns, as of `d`. */
export const ofLane = (row: string, state: 0 | 1, what: string): string => `SELECT ${what} FROM delivery d
  WHERE ${isOne('d.target', `${row}.target`)} AND ${isOne('d.collapse_key', `${row}.collapse_key`)} AND d.state = ${state}
  ORDER BY d.target, d.collapse_key LIMIT 1`

/** Among what an instance (SQL) has out, and not looked for there: it may be much. */
export const isOutAt = (row: string, instance: string): string =>
  `${row}.state IS NOT DISTINCT FROM 1 AND ${row}.instance IS NOT DISTINCT FROM ${instance}`

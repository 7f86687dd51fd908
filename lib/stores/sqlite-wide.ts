/** One statement for many rows: binding a value costs libsql about 0.3 µs, calling it about 3 µs, so calls are shared. */
import { type Bound, type Database, type Statement } from './sqlite-database'

const WIDTHS = [64, 16, 4, 1] as const

export interface Wide {
  /** Runs it for all rows; `values` holds the values of each row in turn. Returns how many rows changed. */
  run(values: readonly Bound[]): number
  rows<Row>(values: readonly Bound[]): Row[]
}

/** `before` + as many `group`s as there are rows, with commas between them + `after`. */
export function prepareWide(database: Database, before: string, group: string, after = ''): Wide {
  const perRow = group.split('?').length - 1
  const statements = new Map<number, Statement>()
  const statementFor = (width: number): Statement => {
    const known = statements.get(width)
    if (known !== undefined) return known
    const made = database.prepare(before + Array<string>(width).fill(group).join(',') + after)
    statements.set(width, made)
    return made
  }
  const each = (values: readonly Bound[], run: (statement: Statement, bound: readonly Bound[]) => void): void => {
    let from = 0
    for (const width of WIDTHS) {
      for (const step = width * perRow; values.length - from >= step; from += step) {
        run(statementFor(width), from === 0 && values.length === step ? values : values.slice(from, from + step))
      }
    }
  }
  return Object.freeze({
    run(values: readonly Bound[]) {
      let changed = 0
      each(values, (statement, bound) => (changed += statement.run(bound)))
      return changed
    },
    rows<Row>(values: readonly Bound[]) {
      const found: Row[] = []
      each(values, (statement, bound) => found.push(...statement.rows<Row>(bound)))
      return found
    },
  })
}

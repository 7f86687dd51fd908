/** How commands write for people: rows under each other, moments, spans. */

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Cells padded to the width of their column; the last of a row is left as it is. */
export function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = []
  for (const row of rows) row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, cell.length)))
  return rows.map((row) =>
    row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0))).join('  '),
  )
}

/** `2026-01-31 12:00:00 UTC` */
export function moment(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** The two largest units that a span has: `3 h 12 min`. */
export function span(ms: number): string {
  const units = [
    [DAY, 'd'],
    [HOUR, 'h'],
    [MINUTE, 'min'],
    [SECOND, 's'],
  ] as const
  const whole = Math.max(0, Math.round(ms / SECOND)) * SECOND
  const first = units.findIndex(([unit]) => whole >= unit)
  if (first < 0) return '0 s'
  let left = whole
  const words = units.slice(first, first + 2).flatMap(([unit, name]) => {
    const count = Math.floor(left / unit)
    left -= count * unit
    return count === 0 ? [] : [`${count} ${name}`]
  })
  return words.join(' ')
}

/** `1 device`, `2 devices` */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`
}

/** What a process does that does not do everything. */
export function roleText(roles: readonly string[]): string {
  return roles.includes('dispatch')
    ? 'dispatch: it sends what other processes take in, and attaches to no server'
    : 'ingest: it takes in; other processes send'
}

/** A time as ISO 8601 has it, in UTC to the millisecond. Knows no clock. */

const digits = (value: number, count: number): string => String(value).padStart(count, '0')

/** `2026-11-21T23:40:00.`: all that is the same for the whole second. */
function spelled(second: Date): string {
  const day = `${digits(second.getUTCFullYear(), 4)}-${digits(second.getUTCMonth() + 1, 2)}-${digits(second.getUTCDate(), 2)}`
  const time = `${digits(second.getUTCHours(), 2)}:${digits(second.getUTCMinutes(), 2)}:${digits(second.getUTCSeconds(), 2)}`
  return `${day}T${time}.`
}

/**
 * Spells milliseconds since 1970, of the years 0 to 9999, as `Date` itself does; each second once for all that fall into it.
 *
 * COMPAT(V8 11.3, Node 20): its `toISOString` asks for the system's time zone and for that zone's name, which it needs for none of it, and has a
 * megabyte of ICU resident for as long as the process lives.
 */
export function makeIsoTime(): (at: number) => string {
  let second = NaN
  let its = ''
  return (at) => {
    const milliseconds = ((at % 1_000) + 1_000) % 1_000
    if (at - milliseconds !== second) {
      second = at - milliseconds
      its = spelled(new Date(second))
    }
    return `${its}${digits(milliseconds, 3)}Z`
  }
}

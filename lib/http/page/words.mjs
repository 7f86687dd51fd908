/** Numbers, moments and spans for a person, in the browser's language where it has one for them. */

const numbers = new Intl.NumberFormat()
const precise = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 })
const clock = { hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'short' }
const moments = new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'short', day: 'numeric', ...clock })
const days = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })

export const count = (value) => numbers.format(value)
export const moment = (at) => moments.format(new Date(at))
export const day = (at) => days.format(new Date(at))

/** What a colour of the service or of an app means, in one word. */
export const colours = { good: 'in order', unsure: 'not proven', look: 'look at it', bad: 'does not send' }

/** `850 ms`, `2.5 s`, `3 min` */
export function times(ms) {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  return ms < 60_000 ? `${precise.format(ms / 1_000)} s` : span(ms)
}

/** The largest unit that a span has. */
export function span(ms) {
  const units = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1_000, 's'],
  ]
  const [unit, name] = units.find(([unit]) => ms >= unit) ?? [1_000, 's']
  return `${Math.floor(Math.max(0, ms) / unit)} ${name}`
}

/** Pushes per second over the last two minutes, by what the push services said; a picture, and the same in words. */
import { byId, keep, make, makeSvg, set, write } from './elements.mjs'
import { count } from './words.mjs'

const SECONDS = 120
const [WIDTH, HEIGHT] = [720, 120]
const STEP = WIDTH / SECONDS

/** From the bottom up. */
const kinds = [
  { name: 'delivered', label: 'delivered', of: ['delivered'] },
  { name: 'again', label: 'to be tried again', of: ['busy', 'down', 'misconfigured'] },
  { name: 'lost', label: 'token dead or bad, or push refused', of: ['gone', 'suspect', 'refused'] },
]

const sum = (second, words) => words.reduce((all, word) => all + (second[word] ?? 0), 0)

/** Columns of one kind as one path. */
function columns(rows, kind, most) {
  const y = (value) => (HEIGHT - (value / most) * HEIGHT).toFixed(1)
  return rows
    .map((row, at) => {
      const from = row.slice(0, kind).reduce((all, each) => all + each, 0)
      const value = row[kind]
      if (value === 0) return ''
      const x = ((SECONDS - rows.length + at) * STEP).toFixed(1)
      return `M${x} ${y(from)}V${y(from + value)}h${(STEP - 1).toFixed(1)}V${y(from)}z`
    })
    .join('')
}

export function makePulse() {
  const svg = byId('pulse')
  const paths = kinds.map(({ name }) => makeSvg('path', { class: `pulse-${name}` }))
  svg.append(...paths)
  let seconds = []

  return {
    /** The whole past. */
    begin(past) {
      seconds = past
    },
    add(more) {
      seconds = [...seconds, ...more].slice(-SECONDS)
    },
    /** The last whole second. */
    last: () => seconds.at(-1) ?? {},
    /** Per second, over the last ten. */
    rate(word) {
      const tail = seconds.slice(-10)
      return tail.length === 0 ? 0 : tail.reduce((all, each) => all + (each[word] ?? 0), 0) / tail.length
    },
    draw() {
      const rows = seconds.map((second) => kinds.map(({ of }) => sum(second, of)))
      const most = Math.max(0, ...rows.map((row) => row.reduce((all, each) => all + each, 0)))
      kinds.forEach((_, at) => set(paths[at], 'd', columns(rows, at, Math.max(1, most))))
      const now = rows.at(-1) ?? kinds.map(() => 0)
      const told = kinds.map(({ label }, at) => `${count(now[at])} ${label}`).join(', ')
      const what = 'Pushes per second, the last two minutes'
      write(
        byId('pulse-caption'),
        most === 0 ? `${what}: none.` : `${what}; at most ${count(most)}. In the last second: ${told}.`,
      )
      keep(
        byId('legend'),
        kinds,
        ({ name }) => name,
        ({ name, label }) => make('li', {}, make('span', { class: `mark mark-${name}`, 'aria-hidden': 'true' }), label),
        () => undefined,
      )
    },
  }
}

/** The table of apps: how each stands, in words, and what to do. */
import { byId, keep, make, set, write, writeSaid } from './elements.mjs'
import { colours, count, day, span } from './words.mjs'

/** What is said, each with its cure. */
export function writeSays(list, says) {
  keep(
    list,
    says,
    ({ text }) => text,
    () => make('li', {}, make('span'), make('span', { class: 'cure' })),
    (item, { text, cure }) => {
      const [said, mend] = item.children
      writeSaid(said, text)
      writeSaid(mend, cure ?? '')
      mend.hidden = cure === undefined
    },
  )
}

function makeRow() {
  const cell = (label, className, ...children) => make('td', { 'data-label': label, class: className }, ...children)
  return make(
    'tr',
    {},
    make('th', { scope: 'row' }),
    cell('State', undefined, make('span', { class: 'badge' }), make('ul', { class: 'says' })),
    cell('Devices', 'number'),
    cell('Waiting', 'number'),
    cell('Delivered', 'number'),
    cell('Credential until'),
  )
}

export function drawApps(apps, now) {
  keep(
    byId('apps').tBodies[0],
    apps,
    ({ app }) => app,
    makeRow,
    (row, app) => {
      const [name, state, devices, waiting, delivered, until] = row.children
      const [badge, says] = state.children
      write(name, app.app)
      write(badge, colours[app.colour])
      set(badge, 'class', `badge ${app.colour}`)
      writeSays(says, app.says)
      write(devices, app.registrations === undefined ? '…' : count(app.registrations))
      const age = app.oldest === undefined ? '' : `, since ${span(now - app.oldest)}`
      write(waiting, `${count(app.waiting + app.inFlight)}${age}`)
      write(delivered, count(app.delivered))
      write(until, app.expiresAt === undefined ? 'no date' : day(app.expiresAt))
    },
  )
}

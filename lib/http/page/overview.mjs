/** The service at a glance, as it is told second by second: takes over what changed, and draws it when the browser is ready to. */
import { drawApps, writeSays } from './apps.mjs'
import { byId, keep, make, set, write } from './elements.mjs'
import { drawFailures } from './failures.mjs'
import { makePulse } from './pulse.mjs'
import { colours, count, span, times } from './words.mjs'

const states = {
  good: 'All in order',
  unsure: 'In order as far as it is known',
  look: 'Something is to be looked at',
  bad: 'Not in order',
}

function tilesOf({ queue, times: took }, pulse, now) {
  const { delivered, answered } = took
  const none = 'none lately'
  const perSecond = (word) => (Math.round(pulse.rate(word) * 10) / 10).toLocaleString()
  return [
    ['Accepted per second', perSecond('accepted')],
    ['Delivered per second', perSecond('delivered')],
    ['Waiting', `${count(queue.waiting)}${queue.inFlight === 0 ? '' : ` + ${count(queue.inFlight)} on their way`}`],
    ['The oldest waits', queue.oldest === undefined ? 'none waits' : span(now - queue.oldest)],
    [
      'Delivered within (50, 95 %)',
      delivered === undefined ? none : `${times(delivered.p50)}, ${times(delivered.p95)}`,
    ],
    ['Answered within (50, 95 %)', answered === undefined ? none : `${times(answered.p50)}, ${times(answered.p95)}`],
  ]
}

export function makeOverview() {
  const pulse = makePulse()
  let parts = {}
  let isDue = false
  let said = ''

  function draw() {
    isDue = false
    const { service, order } = parts
    if (service === undefined || document.hidden) return
    // The service's clock counts: the browser's may be wrong.
    const now = (pulse.last().at ?? Date.now()) + 1_000
    set(byId('standing'), 'class', `standing ${service.colour}`)
    write(byId('standing'), states[service.colour])
    announce(service, order)
    writeSays(byId('service-says'), service.says)
    keep(
      byId('links'),
      service.links,
      ({ domain }) => domain,
      () => make('li', {}, make('span', { class: 'badge' }), ' ', make('span')),
      (item, { domain, service: where, isOnline, isStandby }) => {
        const [badge, text] = item.children
        write(badge, isOnline ? 'attached' : isStandby ? 'stands by' : 'not attached')
        set(badge, 'class', `badge ${isOnline || isStandby ? 'good' : 'bad'}`)
        write(text, `${domain} at ${where}`)
      },
    )
    const alone = { ingest: ', takes in alone', dispatch: ', sends alone' }
    const role = service.roles.length === 1 ? alone[service.roles[0]] : ''
    write(byId('service-facts'), `Version ${service.version}, up ${span(now - service.startedAt)}${role}`)
    keep(
      byId('tiles'),
      tilesOf(parts, pulse, now),
      ([name]) => name,
      ([name]) => make('div', {}, make('dt', {}, name), make('dd')),
      (tile, [, value]) => write(tile.lastElementChild, value),
    )
    drawApps(
      order.map((app) => parts[`app ${app}`]),
      now,
    )
    drawFailures(parts.failures, now)
    pulse.draw()
  }

  /** Only what changes seldom is said aloud: the state of the service, its links and its apps. */
  function announce(service, order) {
    const apps = order.map((app) => parts[`app ${app}`]).filter(({ colour }) => colour === 'bad' || colour === 'look')
    const links = service.links.filter(({ isOnline, isStandby }) => !isOnline && !isStandby)
    const now = [
      states[service.colour],
      ...links.map(({ domain }) => `${domain} is not attached`),
      ...apps.map(({ app, colour }) => `${app}: ${colours[colour]}`),
    ].join('. ')
    if (now === said) return
    said = now
    write(byId('announcement'), now)
  }

  function draws() {
    if (isDue) return
    isDue = true
    requestAnimationFrame(draw)
  }

  document.addEventListener('visibilitychange', draws)
  return {
    all({ seconds, parts: whole }) {
      parts = whole
      pulse.begin(seconds)
      draws()
    },
    change({ seconds, parts: changed }) {
      parts = { ...parts, ...changed }
      pulse.add(seconds)
      draws()
    },
  }
}

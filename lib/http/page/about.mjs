/** What is known of an account, a node, a device or a push: its devices, what was, and the story of each push. */
import { byId, make, write } from './elements.mjs'
import { question } from './session.mjs'
import { moment, span } from './words.mjs'

const titles = { delivery: 'Push', registration: 'Device', node: 'Node', owner: 'Account', unknown: 'Not known' }

const link = (text) => make('a', { href: `#/about/${encodeURIComponent(text)}` }, text)

function facts(rows) {
  return make(
    'dl',
    { class: 'facts' },
    ...rows.flatMap(([name, value]) => [make('dt', {}, name), make('dd', {}, value)]),
  )
}

function deviceOf(device, send) {
  const { id, owner, app, node, service, dialect, address, callAddress, environment, registeredAt, seenAt } = device
  return make(
    'article',
    {},
    facts([
      ['Account', link(owner)],
      ['App', app],
      ['Device', link(id)],
      ['Node', make('span', {}, link(node), ` at ${service}`)],
      ['Token', address ?? 'comes with each publish'],
      ...(callAddress === undefined ? [] : [['Token for calls', callAddress]]),
      ...(environment === undefined ? [] : [['Environment', environment]]),
      ['Registered', `${moment(registeredAt)}, by ${dialect}`],
      ['Last seen', moment(seenAt)],
    ]),
    make(
      'button',
      { type: 'button', onclick: () => send(device), 'aria-label': `Send a test push to device ${id}` },
      'Send a test push …',
    ),
  )
}

function storyOf({ id, app, lines }) {
  const items = lines.map(({ at, text, next }) =>
    make(
      'li',
      {},
      make('span', { class: 'muted' }, at === undefined ? 'Now' : moment(at)),
      ' ',
      make('span', {}, next === undefined ? text : `${text}, at ${moment(next)}`),
    ),
  )
  return make('article', {}, make('h4', {}, 'Push ', link(id), ` for ${app}`), make('ol', { class: 'story' }, ...items))
}

function section(title, ...children) {
  return children.length === 0 ? [] : [make('section', {}, make('h3', {}, title), ...children)]
}

function bodyOf({ is, about, devices, tombstones, refusals, held, stories, at }, send) {
  const nothing = devices.length + tombstones.length + refusals.length + stories.length === 0
  const ended = tombstones.map(({ node, service, diedAt, why }) =>
    make('li', {}, `Until ${moment(diedAt)} node ${node} at ${service} was registered: ${why}`),
  )
  const refused = refusals.map(({ at: when, publisher, service, why }) =>
    make('li', {}, `${span(at - when)} ago a publish from ${publisher} to ${service} was refused: ${why}`),
  )
  return [
    ...(nothing
      ? [make('p', {}, `Nothing is known of ${about}: no account, no node, no device, and no push that came lately.`)]
      : []),
    ...Object.entries(held).map(([app, why]) =>
      make('p', { class: 'notice' }, `${app} is held, its pushes wait: ${why}`),
    ),
    ...section(devices.length === 1 ? 'Device' : 'Devices', ...devices.map((device) => deviceOf(device, send))),
    ...section('Devices that were', ...(ended.length === 0 ? [] : [make('ul', {}, ...ended)])),
    ...section('Refused publishes', ...(refused.length === 0 ? [] : [make('ul', {}, ...refused)])),
    ...section('Pushes, the newest first', ...stories.map(storyOf)),
    ...(stories.length === 0 && devices.length > 0 && is !== 'delivery' ? [make('p', {}, 'No push came lately.')] : []),
  ]
}

/** Shows it; resolves with false where nobody is signed in any more. `isStill`: whether the person is still there. */
export async function showAbout(about, send, isStill) {
  const reply = await question('explain', { about })
  if (!isStill()) return true
  if (reply.is === 'failed') {
    write(byId('found-title'), about)
    write(byId('found-fault'), reply.why)
    byId('found-body').replaceChildren()
    return reply.isOut !== true
  }
  write(byId('found-fault'), '')
  write(byId('found-title'), `${titles[reply.answer.is]} ${about}`)
  byId('found-body').replaceChildren(...bodyOf(reply.answer, send))
  return true
}

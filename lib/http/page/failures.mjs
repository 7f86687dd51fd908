/** What failed lately: the same trouble stands once, with how often it came. */
import { byId, keep, make, set, write, writeSaid } from './elements.mjs'
import { count, moment, span } from './words.mjs'

const grave = ['held', 'link', 'misconfigured', 'trouble']

function makeItem() {
  return make(
    'li',
    {},
    make('p', { class: 'what' }, make('strong'), ' ', make('span', { class: 'whose' })),
    make('p', { class: 'why' }),
    make('p', { class: 'cure' }),
    make('p', { class: 'muted' }, make('time'), make('span'), make('a')),
  )
}

export function drawFailures(failures, now) {
  byId('no-failures').hidden = failures.length > 0
  keep(
    byId('failures'),
    failures,
    ({ is, about, why }) => `${is} ${about} ${why}`,
    makeItem,
    (item, failure) => {
      const [what, why, cure, when] = item.children
      const [title, whose] = what.children
      const [time, often, push] = when.children
      set(item, 'class', grave.includes(failure.is) ? 'grave' : undefined)
      write(title, failure.says.text)
      write(whose, failure.about)
      write(why, failure.why)
      writeSaid(cure, failure.says.cure ?? '')
      cure.hidden = failure.says.cure === undefined
      set(time, 'datetime', new Date(failure.last).toISOString())
      set(time, 'title', moment(failure.last))
      write(time, `${span(now - failure.last)} ago`)
      write(often, failure.count === 1 ? '' : `, ${count(failure.count)} times since ${moment(failure.first)}`)
      push.hidden = failure.delivery === undefined
      if (failure.delivery === undefined) return
      write(push, 'its story')
      set(push, 'aria-label', `The story of push ${failure.delivery}`)
      set(push, 'href', `#/about/${encodeURIComponent(failure.delivery)}`)
    },
  )
}

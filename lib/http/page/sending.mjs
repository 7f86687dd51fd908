/** A test push, after it was confirmed. */
import { byId, write } from './elements.mjs'
import { question } from './session.mjs'

function told({ outcome, end, held, delivery }) {
  if (held !== undefined) return `It waits as push ${delivery}: the app is held. ${held}`
  if (end === 'delivered') return `The push service took it, as push ${delivery}.`
  const why = outcome?.why === undefined ? '' : `: ${outcome.why}`
  if (end !== undefined) return `It ended as ${end}${why}. It was push ${delivery}.`
  return `No answer yet${why}; it is tried on, as push ${delivery}.`
}

export function makeSending(afterwards) {
  const dialog = byId('sending')
  const go = byId('sending-go')
  let device

  go.addEventListener('click', async () => {
    go.disabled = true
    write(byId('sending-result'), 'It is being sent …')
    const reply = await question('test', { device: device.id })
    write(byId('sending-result'), reply.is === 'answer' ? told(reply.answer) : reply.why)
    byId('sending-close').focus()
    afterwards()
  })

  // The button that opened it may have been made anew meanwhile.
  dialog.addEventListener('close', () => byId('found-title').focus())

  return (chosen) => {
    device = chosen
    go.disabled = false
    write(byId('sending-text'), `The device of ${chosen.owner} (${chosen.app}) will show that a message came.`)
    write(byId('sending-result'), '')
    dialog.showModal()
  }
}

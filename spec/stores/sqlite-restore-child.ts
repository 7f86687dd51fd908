/** A process of its own that restores a store and kills itself at a step: `FILE FROM STEP`; at the step `done` once all is. */
import { systemClock } from '../../lib/clock'
import { sqlite } from '../../lib/stores/sqlite'

const [, , file = '', from = '', step = ''] = process.argv
const dieAt = (at: string): void => {
  if (at === step) process.kill(process.pid, 'SIGKILL')
}

const order = { from, withoutOutbox: false, withoutKey: false }
const restoring = sqlite.backup?.restoring({ file, maxDeliveries: 10 }, systemClock)
void restoring?.atOnce(order, dieAt).then(
  () => dieAt('done'),
  (error: unknown) => process.stderr.write(String(error)),
)

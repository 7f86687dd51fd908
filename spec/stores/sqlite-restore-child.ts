/** A process of its own that restores a store and kills itself at a step: `FILE FROM STEP`; at the step `replaced` once all is done. */
import { systemClock } from '../../lib/clock'
import { sqlite } from '../../lib/stores/sqlite'

const [, , file = '', from = '', step = ''] = process.argv
const dieAt = (at: string): void => {
  if (at === step) process.kill(process.pid, 'SIGKILL')
}

const order = { from, withoutOutbox: false, withoutKey: false }
void sqlite.backup?.restore({ file, maxDeliveries: 10 }, order, systemClock, dieAt).then(
  () => dieAt('replaced'),
  (error: unknown) => process.stderr.write(String(error)),
)

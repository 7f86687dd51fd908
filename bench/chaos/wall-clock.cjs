// Loaded into the service before anything else: sets its wall clock wrong by the milliseconds that stand in a file, as an
// operator or NTP does. The monotonic clock and the timers are left alone.
const { readFileSync } = require('node:fs')
const { isMainThread } = require('node:worker_threads')

const file = process.env.CHAOS_CLOCK
if (isMainThread && file !== undefined) {
  const RightDate = Date
  const rightNow = Date.now
  let wrong = 0
  const read = () => {
    try {
      wrong = Number(readFileSync(file, 'utf8')) || 0
    } catch {
      // no file: the clock is right
    }
  }
  read()
  setInterval(read, 50).unref()
  globalThis.Date = class extends RightDate {
    constructor(...given) {
      if (given.length === 0) super(rightNow() + wrong)
      else super(...given)
    }
    static now() {
      return rightNow() + wrong
    }
  }
}

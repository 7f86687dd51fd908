/** The command line as a process of its own with somebody at the keyboard: each line on standard input is an Enter. */
import { main } from '../../lib/cli'
import { systemClock } from '../../lib/clock'

void main(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  clock: systemClock,
  onEnter(call) {
    process.stdin.on('data', call)
    return () => void process.stdin.off('data', call).pause()
  },
}).then((code) => (process.exitCode = code))

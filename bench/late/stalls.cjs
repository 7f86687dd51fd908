// Loaded into every process of the benchmark before anything else, and into their threads: notes when a timer of 2 ms came late, and whether
// the thread ran meanwhile, waited for a core, collected garbage, or was blocked. Tells the folder of BENCH_STALLS at its end.
const { openSync, readSync, writeFileSync } = require('node:fs')
const { basename, join } = require('node:path')
const { PerformanceObserver, performance } = require('node:perf_hooks')
const { isMainThread, threadId } = require('node:worker_threads')

const folder = process.env.BENCH_STALLS
const LATE = 3

if (folder !== undefined) {
  // proc: nanoseconds that this thread ran, and that it waited for a core.
  const stat = openSync('/proc/thread-self/schedstat', 'r')
  const text = Buffer.alloc(64)
  const read = () =>
    text
      .toString('latin1', 0, readSync(stat, text, 0, 64, 0))
      .split(' ')
      .map((each) => Number(each) / 1e6)
  const stalls = []
  const pauses = []
  let [at, [ran, waited]] = [performance.now(), read()]
  const look = () => {
    const now = performance.now()
    const [nowRan, nowWaited] = read()
    if (now - at > 2 + LATE) stalls.push({ from: at, to: now, ran: nowRan - ran, waited: nowWaited - waited })
    at = now
    ran = nowRan
    waited = nowWaited
  }
  setInterval(look, 2).unref()
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) pauses.push({ from: startTime, to: startTime + duration })
  }).observe({ entryTypes: ['gc'] })
  process.on('exit', () => {
    const whose = `${basename(process.argv[1] ?? '')}${isMainThread ? '' : ' thread'}`
    const base = performance.timeOrigin
    const within = ({ from, to }) =>
      pauses.reduce((sum, gc) => sum + Math.max(0, Math.min(to, gc.to) - Math.max(from, gc.from)), 0)
    const told = stalls.map((each) => ({ ...each, from: base + each.from, to: base + each.to, gc: within(each) }))
    writeFileSync(join(folder, `${process.pid}-${threadId}.json`), JSON.stringify({ whose, stalls: told }))
  })
}

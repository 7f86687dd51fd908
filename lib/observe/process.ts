/** What the process uses: CPU, memory, and how late its event loop is. The names are those that dashboards for Node know. */
import { readdirSync } from 'node:fs'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { counterOf, gaugeOf, type Figure } from './figures'

const one = (value: number) => [{ labels: [], value }]

/** Measures from now on. `now`: ms since 1970. */
export function makeProcessFigures(now: () => number): {
  readonly figures: readonly Figure[]
  readonly stop: () => void
} {
  const lag = monitorEventLoopDelay({ resolution: 20 })
  lag.enable()
  const startedAt = now() - process.uptime() * 1000
  let before = performance.eventLoopUtilization()
  const named = (name: string, help: string) => ({ name, help, labels: [] })
  /** Nanoseconds above the resolution, as seconds; nothing measured yet is no delay. */
  const late = (nanoseconds: number): number => (Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e9) : 0)
  const figures: readonly Figure[] = [
    gaugeOf(named('process_start_time_seconds', 'When the process was started (seconds since 1970).'), () =>
      one(startedAt / 1000),
    ),
    counterOf(named('process_cpu_seconds_total', 'CPU time of the process, user and system.'), () => {
      const { user, system } = process.cpuUsage()
      return one((user + system) / 1e6)
    }),
    gaugeOf(named('process_resident_memory_bytes', 'Memory that the process holds.'), () =>
      one(process.memoryUsage.rss()),
    ),
    gaugeOf(named('process_open_fds', 'Files and sockets that the process has open.'), () => {
      try {
        return one(readdirSync('/proc/self/fd').length)
      } catch {
        return []
      }
    }),
    gaugeOf(named('nodejs_heap_size_used_bytes', "Memory that JavaScript's objects take."), () =>
      one(process.memoryUsage().heapUsed),
    ),
    gaugeOf(named('nodejs_external_memory_bytes', 'Memory outside the heap that objects hold.'), () =>
      one(process.memoryUsage().external),
    ),
    gaugeOf(
      named(
        'nodejs_eventloop_utilization_ratio',
        'Share of time that the event loop was busy since it was last asked.',
      ),
      () => {
        const current = performance.eventLoopUtilization()
        const { utilization } = performance.eventLoopUtilization(current, before)
        before = current
        return one(utilization)
      },
    ),
    gaugeOf(
      named('nodejs_eventloop_lag_mean_seconds', 'How late the event loop was on average since it was last asked.'),
      () => one(late(lag.mean)),
    ),
    gaugeOf(
      named(
        'nodejs_eventloop_lag_p99_seconds',
        'How late the event loop was at most in 99 of 100 moments since it was last asked.',
      ),
      () => one(late(lag.percentile(99))),
    ),
    gaugeOf(
      named('nodejs_eventloop_lag_max_seconds', 'How late the event loop was at most since it was last asked.'),
      () => {
        const value = late(lag.max)
        lag.reset()
        return one(value)
      },
    ),
  ]
  return { figures, stop: () => void lag.disable() }
}

/** Figures as Prometheus reads them: the text format 0.0.4, written by prom-client. Knows no figure. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { type Figure, type Sample, type Series } from './figures'

/** What the text is to be served as. */
export const CONTENT_TYPE: string = Registry.PROMETHEUS_CONTENT_TYPE

/** A histogram that was counted elsewhere: prom-client only writes it. */
class Counted extends Histogram {
  readonly #of: Extract<Figure, { type: 'histogram' }>
  readonly #series: readonly Series[]

  constructor(of: Extract<Figure, { type: 'histogram' }>, series: readonly Series[]) {
    super({ name: of.name, help: of.help, labelNames: [...of.labels], buckets: [...of.bounds], registers: [] })
    this.#of = of
    this.#series = series
  }

  /** By this name prom-client asks for what it writes; its types do not tell. */
  getForPromString() {
    const { name, help, labels, bounds } = this.#of
    const values = this.#series.flatMap(({ labels: said, counts, sum }) => {
      const own = named(labels, said)
      let all = 0
      const buckets = counts.map((count, at) => {
        all += count
        return { metricName: `${name}_bucket`, labels: { ...own, le: bounds[at] ?? '+Inf' }, value: all }
      })
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels: own, value: sum },
        { metricName: `${name}_count`, labels: own, value: all },
      ]
    })
    return Promise.resolve({ name, help, type: 'histogram', values, aggregator: 'sum' })
  }
}

function named(labels: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(labels.map((label, at) => [label, values[at] ?? '']))
}

/** Of one name may come several figures, of two listeners for instance: they are one. */
function merged(figures: readonly Figure[]): readonly (readonly Figure[])[] {
  const byName = new Map<string, Figure[]>()
  for (const figure of figures) byName.set(figure.name, [...(byName.get(figure.name) ?? []), figure])
  return [...byName.values()]
}

function register(registry: Registry, same: readonly Figure[]): void {
  const [first] = same
  if (first === undefined) return
  if (first.type === 'histogram') {
    const series = same.flatMap((each) => (each.type === 'histogram' ? each.series() : []))
    registry.registerMetric(new Counted(first, sumOf(series)))
    return
  }
  const samples = same.flatMap((each): readonly Sample[] => (each.type === 'histogram' ? [] : each.samples()))
  const options = { name: first.name, help: first.help, labelNames: [...first.labels], registers: [registry] }
  const metric = first.type === 'counter' ? new Counter(options) : new Gauge(options)
  for (const { labels, value } of samples) metric.inc(named(first.labels, labels), value)
}

function sumOf(series: readonly Series[]): readonly Series[] {
  const byLabels = new Map<string, Series>()
  for (const each of series) {
    const key = each.labels.join('\n')
    const before = byLabels.get(key)
    const counts = before === undefined ? each.counts : each.counts.map((count, at) => count + (before.counts[at] ?? 0))
    byLabels.set(key, { labels: each.labels, counts, sum: each.sum + (before?.sum ?? 0) })
  }
  return [...byLabels.values()]
}

/** The text. Each figure is read once. */
export function exposition(figures: readonly Figure[]): Promise<string> {
  const registry = new Registry()
  for (const same of merged(figures)) register(registry, same)
  return registry.metrics()
}

/** Figures that a part of the house keeps of itself: counters and histograms in plain maps, cheap to count and read when somebody asks. */

/** What a figure is, for whoever reads it and for docs/metrics.md. */
export interface FigureSpec {
  /** As Prometheus has it: base units, `_total` for counters. */
  readonly name: string
  /** One sentence. */
  readonly help: string
  readonly labels: readonly string[]
}

export interface Sample {
  /** In the order of the figure's labels. */
  readonly labels: readonly string[]
  readonly value: number
}

export interface Series {
  readonly labels: readonly string[]
  /** How many lay at or below each bound, and above the one before; the last one: above all. */
  readonly counts: readonly number[]
  readonly sum: number
}

export type Figure =
  | (FigureSpec & { readonly type: 'counter' | 'gauge'; readonly samples: () => readonly Sample[] })
  | (FigureSpec & {
      readonly type: 'histogram'
      readonly bounds: readonly number[]
      readonly series: () => readonly Series[]
    })

export interface Counter {
  readonly figure: Figure
  /** `labels`: in the order of the figure's. By 0 a series is told before anything is counted. */
  add(labels: readonly string[], by?: number): void
}

export interface Histogram {
  readonly figure: Figure
  add(labels: readonly string[], value: number): void
  /** Tells a series before anything is counted: a rate sees only what comes after the first sight. */
  expect(labels: readonly string[]): void
}

/** More combinations of labels than this are counted together, as `other`. */
const MOST = 1_000

/** Finds what belongs to a combination of labels, and makes it when it comes first. */
function byLabels<T>(make: () => T) {
  const all = new Map<string, { readonly labels: readonly string[]; readonly of: T }>()
  return {
    all,
    of(labels: readonly string[]): { of: T } {
      const key = labels.length === 1 ? (labels[0] ?? '') : labels.join('\n')
      const found = all.get(key)
      if (found !== undefined) return found
      if (all.size >= MOST) {
        const others = labels.map(() => 'other')
        const rest = all.get(others.join('\n'))
        if (rest !== undefined) return rest
        return add(others.join('\n'), others)
      }
      return add(key, [...labels])
    },
  }
  function add(key: string, labels: readonly string[]): { of: T } {
    const made = { labels, of: make() }
    all.set(key, made)
    return made
  }
}

export function makeCounter(spec: FigureSpec): Counter {
  const counts = byLabels(() => ({ value: 0 }))
  return Object.freeze({
    figure: {
      ...spec,
      type: 'counter' as const,
      samples: () => [...counts.all.values()].map(({ labels, of }) => ({ labels, value: of.value })),
    },
    add(labels: readonly string[], by = 1) {
      counts.of(labels).of.value += by
    },
  })
}

/** `bounds`: ascending. */
export function makeHistogram(spec: FigureSpec & { readonly bounds: readonly number[] }): Histogram {
  const { bounds } = spec
  const counts = byLabels(() => ({ counts: new Float64Array(bounds.length + 1), sum: 0 }))
  return Object.freeze({
    figure: {
      ...spec,
      type: 'histogram' as const,
      series: () => [...counts.all.values()].map(({ labels, of }) => ({ labels, counts: [...of.counts], sum: of.sum })),
    },
    add(labels: readonly string[], value: number) {
      const { of } = counts.of(labels)
      let at = 0
      while (at < bounds.length && value > (bounds[at] ?? 0)) at += 1
      of.counts[at] = (of.counts[at] ?? 0) + 1
      of.sum += value
    },
    expect: (labels: readonly string[]) => void counts.of(labels),
  })
}

/** A figure that is read of something else each time somebody asks. */
export function gaugeOf(spec: FigureSpec, samples: () => readonly Sample[]): Figure {
  return { ...spec, type: 'gauge', samples }
}

/** The same, of what only grows. */
export function counterOf(spec: FigureSpec, samples: () => readonly Sample[]): Figure {
  return { ...spec, type: 'counter', samples }
}

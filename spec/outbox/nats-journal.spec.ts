import {
  type Commit,
  type Folded,
  fold,
  leftOf,
  lives,
  nothing,
  readState,
  spellState,
} from '../../lib/outbox/nats-journal'

const IOS = 'org.example.ios'
const commit = (its: Partial<Commit>): Commit => ({
  ...{ at: 1000, took: 0, counts: {}, waits: [], out: [], ended: [], lines: '' },
  ...its,
})
const folded = (...commits: readonly Commit[]): Folded => {
  const it = nothing()
  commits.forEach((each, index) => fold(it, each, 10 + index))
  return it
}
const accepted = (count: number, id?: string): Commit =>
  commit({ took: count, counts: { [IOS]: { accepted: count } }, ...(id === undefined ? {} : { id }) })
const delivered = commit({ took: 5, counts: { [IOS]: { delivered: 2 } }, ended: [1, 4], id: 'second' })

describe('lib/outbox/nats-journal', () => {
  it('adds up what was taken in and what ended, and knows which are left', () => {
    const it = folded(accepted(5, 'first'), delivered)
    expect(it.counts.get(IOS)).toEqual({ accepted: 5, delivered: 2 })
    expect([...leftOf(it)]).toEqual([[IOS, 3]])
    expect([1, 2, 3, 4, 5, 6].filter((seq) => lives(it, seq))).toEqual([2, 3, 5])
  })

  it('counts a message once that stands there twice, and goes on after the second', () => {
    const it = folded(accepted(5, 'first'), delivered, delivered)
    expect(it.counts.get(IOS)).toEqual({ accepted: 5, delivered: 2 })
    expect(it.through).toBe(12)
  })

  it('counts it once, too, where the first of the two is in the saved state', () => {
    const before = folded(accepted(5, 'first'), delivered)
    const it = readState(spellState(before, [], 1_000_000))
    fold(it, delivered, 12)
    expect(it.counts.get(IOS)).toEqual({ accepted: 5, delivered: 2 })
  })

  it('counts two that say the same under names of their own, or under none, as two', () => {
    expect(folded(accepted(5, 'first'), accepted(5, 'second')).counts.get(IOS)).toEqual({ accepted: 10 })
    expect(folded(accepted(5), accepted(5)).counts.get(IOS)).toEqual({ accepted: 10 })
  })

  it('remembers the last takeovers, in the saved state too', () => {
    const its = Array.from({ length: 10 }, (_, index) => commit({ by: `instance ${index}` }))
    const before = folded(delivered, ...its)
    expect(before.takeovers).toEqual([13, 14, 15, 16, 17, 18, 19, 20])
    const it = readState(spellState(before, [], 1_000_000))
    fold(it, commit({ by: 'another' }), 30)
    expect(it.takeovers).toEqual([14, 15, 16, 17, 18, 19, 20, 30])
  })

  it('knows nothing more of what was there once the stream is made anew, but for what was counted', () => {
    const lost = commit({ took: 0, isAnew: true, counts: { [IOS]: { abandoned: 3 } } })
    const it = folded(accepted(5, 'first'), delivered, lost)
    expect([it.took, leftOf(it).size]).toEqual([0, 0])
    expect([1, 2, 5].filter((seq) => lives(it, seq))).toEqual([])
    expect(it.counts.get(IOS)).toEqual({ accepted: 5, delivered: 2, abandoned: 3 })
  })
})

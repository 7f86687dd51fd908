import { makeAskedBefore } from '../../lib/stores/asked-before'

const node = (number: number): string => `node${String(number).padStart(20, '0')}`

describe('lib/stores/asked-before', () => {
  it('knows each node that was asked for, and takes few others for one of them', () => {
    const isAskedBefore = makeAskedBefore()
    let mistaken = 0
    for (let at = 0; at < 10_000; at++) if (isAskedBefore(node(at))) mistaken++
    expect(mistaken).toBeLessThan(500)
    for (let at = 0; at < 10_000; at++) expect(isAskedBefore(node(at))).toBe(true)
  })

  it('still knows those of the generation before, and no older ones', () => {
    const isAskedBefore = makeAskedBefore(2)
    expect(['a', 'b', 'c', 'd', 'b', 'e', 'a'].map(isAskedBefore)).toEqual([
      ...[false, false, false, false],
      ...[true, false, false],
    ])
  })
})

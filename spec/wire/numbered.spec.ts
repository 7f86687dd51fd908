import fc from 'fast-check'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { makeNumbered } from '../../lib/wire/numbered'

const MIB = 1024 * 1024

describe('wire/numbered', () => {
  it('has nothing at first, and nothing to take away', () => {
    const numbered = makeNumbered<string>()
    expect([numbered.get(1), numbered.delete(1), numbered.all()]).toEqual([undefined, false, []])
  })

  it('tells them by their numbers, whatever the order they came in', () => {
    const numbered = makeNumbered<string>()
    for (const number of [9, 3, 2 ** 31 - 1, 0, 5]) numbered.add(number, `${number}`)
    expect(numbered.all()).toEqual(['0', '3', '5', '9', '2147483647'])
  })

  it('holds what a Map holds, whatever comes and goes', () => {
    const step = fc.record({ isAdded: fc.boolean(), number: fc.nat(200) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
        const numbered = makeNumbered<object>()
        const map = new Map<number, object>()
        for (const { isAdded, number } of steps) {
          if (isAdded && !map.has(number)) {
            const item = { number }
            map.set(number, item)
            numbered.add(number, item)
          } else if (!isAdded) expect(numbered.delete(number)).toBe(map.delete(number))
          expect(numbered.get(number)).toBe(map.get(number))
        }
        for (let number = 0; number <= 200; number++) expect(numbered.get(number)).toBe(map.get(number))
        expect(numbered.all()).toEqual([...map].sort(([one], [other]) => one - other).map(([, item]) => item))
      }),
    )
  })

  it('makes nothing old of what comes and goes, as a Map does', () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const old = (): number =>
      getHeapSpaceStatistics().find((space) => space.space_name === 'old_space')?.space_used_size ?? 0
    function grown(add: (number: number, item: object) => void, remove: (number: number) => void): number {
      let number = 0
      const pass = (count: number): void => {
        for (const last = number + count; number < last; number++) {
          add(number, { items: new Array(50).fill(number) })
          remove(number - 5)
        }
      }
      pass(20_000)
      collect()
      const before = old()
      pass(100_000)
      return old() - before
    }
    const numbered = makeNumbered<object>()
    expect(
      grown(
        (number, item) => numbered.add(number, item),
        (number) => void numbered.delete(number),
      ),
    ).toBeLessThan(MIB)
  })
})

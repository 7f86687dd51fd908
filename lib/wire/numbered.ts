/**
 * Items by a number of their own. Knows nothing of what they are. In place of a Map where items come and go with every request: each time a Map's table
 * is made anew, the old one refers to the new one, and V8 takes what hangs from an old object for alive until the next full collection, so that from
 * then on every table, and whatever was under way when it was left behind, becomes old.
 */

export interface Numbered<Item> {
  get(number: number): Item | undefined
  /** Under a number, 0 or more, that has none. */
  add(number: number, item: Item): void
  /** Whether there was one. */
  delete(number: number): boolean
  /** By their numbers, the lowest first. */
  all(): readonly Item[]
}

const FREE = -1
const FEW = 16

/** Holds nothing at first. */
export function makeNumbered<Item>(): Numbered<Item> {
  let size = 0
  let mask = FEW - 1
  let numbers: number[] = new Array<number>(FEW).fill(FREE)
  let items: (Item | undefined)[] = new Array<Item | undefined>(FEW).fill(undefined)

  const at = (place: number): number => numbers[place] ?? FREE
  /** Knuth, The Art of Computer Programming 3, §6.4: numbers in a row are spread evenly. */
  const homeOf = (number: number): number => (Math.imul(number, 0x9e3779b1) >>> 16) & mask
  const after = (place: number): number => (place + 1) & mask

  function placeOf(number: number): number {
    let place = homeOf(number)
    while (at(place) !== number && at(place) !== FREE) place = after(place)
    return place
  }
  function put(number: number, item: Item | undefined): void {
    const place = placeOf(number)
    numbers[place] = number
    items[place] = item
  }
  function grow(): void {
    const [before, its] = [numbers, items]
    mask = 2 * before.length - 1
    numbers = new Array<number>(mask + 1).fill(FREE)
    items = new Array<Item | undefined>(mask + 1).fill(undefined)
    before.forEach((number, place) => {
      if (number !== FREE) put(number, its[place])
    })
  }

  return Object.freeze({
    get: (number: number) => items[placeOf(number)],
    add(number: number, item: Item) {
      if (2 * ++size > mask) grow()
      put(number, item)
    },
    delete(number: number) {
      let gap = placeOf(number)
      if (at(gap) === FREE) return false
      size -= 1
      // Those that stand behind it move up where they are looked for from the gap's place or before: so a gap ends every search.
      for (let next = after(gap); at(next) !== FREE; next = after(next)) {
        const [fromHome, fromGap] = [(next - homeOf(at(next))) & mask, (next - gap) & mask]
        if (fromHome < fromGap) continue
        numbers[gap] = at(next)
        items[gap] = items[next]
        gap = next
      }
      numbers[gap] = FREE
      items[gap] = undefined
      return true
    },
    all() {
      const places = numbers.flatMap((number, place) => (number === FREE ? [] : [place]))
      return places.sort((one, other) => at(one) - at(other)).flatMap((place) => items[place] ?? [])
    },
  })
}

/** A first-in, first-out queue whose ends cost the same however long it is. Knows nothing of what waits in it. */

export interface Fifo<Item> {
  /** How many wait. A call, for V8 makes dictionaries of objects with accessors, from the second of a kind on. */
  length(): number
  push(item: Item): void
  /** Puts an item back before all others. */
  unshift(item: Item): void
  shift(): Item | undefined
}

const WORTH_COMPACTING = 1024

/** An empty queue. */
export function makeFifo<Item>(): Fifo<Item> {
  let items: (Item | undefined)[] = []
  let head = 0
  return Object.freeze({
    length: () => items.length - head,
    push(item: Item) {
      items.push(item)
    },
    unshift(item: Item) {
      if (head > 0) items[--head] = item
      else items.unshift(item)
    },
    shift() {
      if (head === items.length) return undefined
      const item = items[head]
      items[head++] = undefined
      if (head > WORTH_COMPACTING && head * 2 > items.length) {
        items = items.slice(head)
        head = 0
      }
      return item
    },
  })
}

/** Two of them as one: whatever `isFirst` goes ahead of all that is not, each kind in its own order. */
export function makeTwoLanes<Item>(isFirst: (item: Item) => boolean): Fifo<Item> {
  const first = makeFifo<Item>()
  const others = makeFifo<Item>()
  const laneOf = (item: Item): Fifo<Item> => (isFirst(item) ? first : others)
  return Object.freeze({
    length: () => first.length() + others.length(),
    push(item: Item) {
      laneOf(item).push(item)
    },
    unshift(item: Item) {
      laneOf(item).unshift(item)
    },
    shift: () => first.shift() ?? others.shift(),
  })
}

/** A binary heap: the first by an order, in steps that grow with the logarithm of its size. What went stale is let go in time. */

export interface Heap<T> {
  push(item: T): void
  first(): T | undefined
  shift(): T | undefined
}

const SMALL = 256

/** `isBefore`: whether the one comes out before the other. `isStale`: it need not come out any more. */
export function makeHeap<T>(isBefore: (one: T, other: T) => boolean, isStale: (item: T) => boolean): Heap<T> {
  let items: T[] = []
  let limit = SMALL
  const at = (index: number): T => items[index] as T
  const swap = (one: number, other: number): void => {
    const item = at(one)
    items[one] = at(other)
    items[other] = item
  }
  const sink = (from: number): void => {
    for (let index = from; ;) {
      const left = 2 * index + 1
      if (left >= items.length) return
      const right = left + 1
      const child = right < items.length && isBefore(at(right), at(left)) ? right : left
      if (!isBefore(at(child), at(index))) return
      swap(index, child)
      index = child
    }
  }
  const compact = (): void => {
    items = items.filter((item) => !isStale(item))
    for (let index = (items.length >> 1) - 1; index >= 0; index--) sink(index)
    limit = Math.max(SMALL, 2 * items.length)
  }
  return Object.freeze({
    push(item: T) {
      items.push(item)
      for (let index = items.length - 1; index > 0;) {
        const parent = (index - 1) >> 1
        if (!isBefore(at(index), at(parent))) break
        swap(index, parent)
        index = parent
      }
      if (items.length > limit) compact()
    },
    first: () => items[0],
    shift() {
      const first = items[0]
      const last = items.pop()
      if (items.length > 0 && last !== undefined) {
        items[0] = last
        sink(0)
      }
      return first
    },
  })
}

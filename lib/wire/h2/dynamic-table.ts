/** The dynamic table of one direction (RFC 7541 §2.3.2, §4): first in, first out, by size. Knows nothing of how fields are written. */

export interface Sized {
  readonly size: number
}

export interface DynamicTable<Entry extends Sized> {
  /** Bytes that it may hold. */
  limit(): number
  /** The entry that is so many places from the newest, which is 0. */
  at(place: number): Entry | undefined
  /** Evicts what it must; an entry larger than the table empties it and is not kept (§4.4). */
  insert(entry: Entry): void
  /** Changes the limit, evicting what no longer fits (§4.3). */
  resize(limit: number): void
}

const WORTH_COMPACTING = 256

/** `evicted` is told of each entry that leaves. */
export function makeDynamicTable<Entry extends Sized>(
  first: number,
  evicted: (entry: Entry) => void = () => undefined,
): DynamicTable<Entry> {
  /** The oldest that is still there has the index `head`. */
  let entries: Entry[] = []
  let head = 0
  let size = 0
  let limit = first

  const shrink = (most: number): void => {
    while (size > most) {
      const oldest = entries[head++]
      if (oldest === undefined) break
      size -= oldest.size
      evicted(oldest)
    }
    if (head > WORTH_COMPACTING && head * 2 > entries.length) {
      entries = entries.slice(head)
      head = 0
    }
  }

  return Object.freeze({
    limit: () => limit,
    at(place: number) {
      const index = entries.length - 1 - place
      return index < head ? undefined : entries[index]
    },
    insert(entry: Entry) {
      shrink(limit - entry.size)
      if (entry.size > limit) return
      entries.push(entry)
      size += entry.size
    },
    resize(most: number) {
      limit = most
      shrink(most)
    },
  })
}

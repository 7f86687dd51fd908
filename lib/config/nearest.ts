/** The known word that a misspelt one was probably meant to be. Knows nothing of configurations. */

/** Edit distance with neighbouring letters swapped counted once (optimal string alignment); case is ignored. */
function distance(left: string, right: string): number {
  const a = left.toLowerCase()
  const b = right.toLowerCase()
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const line = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (line[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      )
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (swapped) cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1)
      line.push(cost)
    }
    beforeLast = last
    last = line
  }
  return last[b.length] ?? 0
}

/** No key is longer; what is longer is compared with nothing, which bounds the work. */
const LONGEST = 250

/** The known word closest to `word`, or undefined where none is close enough to be what was meant. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length > LONGEST) return undefined
  let best: { readonly name: string; readonly far: number } | undefined
  for (const name of known) {
    const far = distance(word, name)
    if (best === undefined || far < best.far) best = { name, far }
  }
  if (best === undefined) return undefined
  const allowed = Math.max(1, Math.floor(Math.max(word.length, best.name.length) * 0.4))
  return best.far <= allowed ? best.name : undefined
}

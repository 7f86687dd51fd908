/**
 * Which nodes were asked for of late, roughly: a bit for each, found by a hash of its name. One that never was is taken for one that was in two cases
 * of a hundred; one that was is always known, as long as it is not long ago. Makes no garbage, whatever passes through.
 */

/** Nodes of a generation; those of the generation before are known, too. */
const GENERATION = 10_000
const BITS = 1 << 19

/** FNV-1a (draft-eastlake-fnv §2), 32 bits, by UTF-16 units. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  // The lower bits alone are used: those above are folded in.
  return (hash ^ (hash >>> 15)) >>> 0
}

/** Whether the node was asked for before; from now on it was. */
export function makeAskedBefore(generation = GENERATION): (node: string) => boolean {
  let current = new Uint8Array(BITS / 8)
  let former = new Uint8Array(BITS / 8)
  let marked = 0

  return (node) => {
    const bit = hashOf(node) % BITS
    const [at, mask] = [bit >>> 3, 1 << (bit & 7)]
    if (((current[at] ?? 0) & mask) !== 0) return true
    const isFormer = ((former[at] ?? 0) & mask) !== 0
    if (++marked > generation) {
      const oldest = former
      former = current
      current = oldest.fill(0)
      marked = 1
    }
    current[at] = (current[at] ?? 0) | mask
    return isFormer
  }
}

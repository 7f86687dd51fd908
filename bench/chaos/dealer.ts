/** Draws by chance, and yet everything in turn: what a run of a minute can meet at all, it meets. */
import { type Chance } from '../kill/chance'

/** Draws as from a pack of cards: none comes again before all have come. */
export function dealer<T>(cards: readonly T[], chance: Chance): () => T | undefined {
  let pack: T[] = []
  return () => {
    if (pack.length === 0) pack = [...cards]
    return pack.splice(chance.whole(pack.length), 1)[0]
  }
}

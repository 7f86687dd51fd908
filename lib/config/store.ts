/** The `store` of the configuration, read by the kind that it names. */
import { choose, isObject } from './app'
import { type Fault } from './fault'
import { type BoundKinds, type BoundStore, type ConfiguredStore } from './kinds'

/** The kind that is named, and what else stands beside its name; undefined with its fault added. */
export function chooseStore(
  raw: unknown,
  kinds: BoundKinds,
  faults: Fault[],
): { readonly store: BoundStore; readonly options: unknown } | undefined {
  if (!isObject(raw)) {
    const text = raw === undefined ? 'is missing' : 'is not an object: {…}'
    faults.push({ path: 'store', text, mend: 'Write { "kind": …, … }' })
    return undefined
  }
  const { kind, ...options } = raw
  const store = choose('kind', kind, ['store', 'kind'], kinds.stores, faults)
  return store === undefined ? undefined : { store, options }
}

/** The store with its options; undefined with its faults added. */
export function readStore(raw: unknown, kinds: BoundKinds, faults: Fault[]): ConfiguredStore | undefined {
  const chosen = chooseStore(raw, kinds, faults)
  return chosen?.store.read(chosen.options, ['store'], faults)
}

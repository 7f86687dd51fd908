/** What costs time to make and is often not asked for. Knows nothing of what is made. */

/** Makes it when it is first asked for; from then on it is the same one. What `make` throws it throws each time. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => (made ??= { value: make() }).value
}

/** Reading a store to its end, a page at a time. Knows no store. */

/** What lies in one page: no more than a store reads at once without others waiting. */
const PAGE = 500

/** All that `read` gives, page by page; `keyOf`: where the page after the one that ends with this begins. An empty page is not told of. */
export async function* pagesOf<T, K>(
  read: (where: { readonly limit: number; readonly after?: K }) => Promise<readonly T[]>,
  keyOf: (last: T) => K,
): AsyncGenerator<readonly T[]> {
  for (let where: { readonly limit: number; readonly after?: K } = { limit: PAGE }; ;) {
    const page = await read(where)
    const last = page.at(-1)
    if (last === undefined) return
    yield page
    if (page.length < PAGE) return
    where = { limit: PAGE, after: keyOf(last) }
  }
}

/** The static table (RFC 7541 Appendix A). */
import { makeField, type Field } from './field'

const ROWS: readonly (readonly [name: string, value?: string])[] = [
  [':authority'],
  [':method', 'GET'],
  [':method', 'POST'],
  [':path', '/'],
  [':path', '/index.html'],
  [':scheme', 'http'],
  [':scheme', 'https'],
  [':status', '200'],
  [':status', '204'],
  [':status', '206'],
  [':status', '304'],
  [':status', '400'],
  [':status', '404'],
  [':status', '500'],
  ['accept-charset'],
  ['accept-encoding', 'gzip, deflate'],
  ['accept-language'],
  ['accept-ranges'],
  ['accept'],
  ['access-control-allow-origin'],
  ['age'],
  ['allow'],
  ['authorization'],
  ['cache-control'],
  ['content-disposition'],
  ['content-encoding'],
  ['content-language'],
  ['content-length'],
  ['content-location'],
  ['content-range'],
  ['content-type'],
  ['cookie'],
  ['date'],
  ['etag'],
  ['expect'],
  ['expires'],
  ['from'],
  ['host'],
  ['if-match'],
  ['if-modified-since'],
  ['if-none-match'],
  ['if-range'],
  ['if-unmodified-since'],
  ['last-modified'],
  ['link'],
  ['location'],
  ['max-forwards'],
  ['proxy-authenticate'],
  ['proxy-authorization'],
  ['range'],
  ['referer'],
  ['refresh'],
  ['retry-after'],
  ['server'],
  ['set-cookie'],
  ['strict-transport-security'],
  ['transfer-encoding'],
  ['user-agent'],
  ['vary'],
  ['via'],
  ['www-authenticate'],
]

/** Its fields; the first has the index 1. */
export const STATIC_FIELDS: readonly Field[] = ROWS.map(([name, value = '']) => makeField(name, value))

/** The index of the first field of a name. */
export const STATIC_NAMES: ReadonlyMap<string, number> = new Map(
  [...STATIC_FIELDS.entries()].reverse().map(([at, { name }]) => [name, at + 1]),
)

/** The index of a field, name and value. */
export function staticIndexOf(name: string, value: string): number | undefined {
  const first = STATIC_NAMES.get(name)
  if (first === undefined) return undefined
  for (let index = first; STATIC_FIELDS[index - 1]?.name === name; index++) {
    if (STATIC_FIELDS[index - 1]?.value === value) return index
  }
  return undefined
}

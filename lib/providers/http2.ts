/** The setting `http2`: who speaks HTTP/2 for an app. */
import { z } from 'zod'
import { type Http2 } from '../wire/wire'

/** The key of an app's options. */
export const http2Option = z.enum(['own', 'node']).optional()

/** To be spread into the options of a wire. */
export function spokenBy(setting: Http2 | undefined): { readonly http2?: Http2 } {
  return setting === undefined ? {} : { http2: setting }
}

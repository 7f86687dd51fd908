/** Words that the option schemas of all kinds share; the configuration hands them out, for it alone reads files and environment. */
import { z } from 'zod'
import { type Credential } from './opaque'
import { type ProxySetting } from './proxy'

export interface OptionWords {
  /** A text, `{"file": path}` or `{"env": name}`, read when the configuration is. */
  readonly credential: z.ZodType<Credential>
  /** An `https://host[:port]` origin that stands in for the push service's own. */
  readonly endpoint: z.ZodType<string>
  /** The path of a file, taken relative to the configuration's folder and made absolute. */
  readonly path: z.ZodType<string>
  /**
   * `http://user:password@host:port`, its password elsewhere if need be, or `none`. A provider that has a key `proxy` of this word is
   * given the usual proxy of the configuration where the app says nothing.
   */
  readonly proxy: z.ZodType<ProxySetting>
}

/** So many at once, and so many per second: how every limit of the configuration is written. */
export const pace = z.strictObject({
  burst: z.number().int().min(1).describe('How many may pass at once after a rest.'),
  perSecond: z.number().positive().describe('How many may pass per second in the long run.'),
})

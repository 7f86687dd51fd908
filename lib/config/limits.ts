/** The keys that bound what passes: paces at the door, and the fuse against mass forgetting. Their defaults live where they are used. */
import { z } from 'zod'
import { pace } from '../model/options'

export const limits = z.strictObject({
  node: pace.optional().describe('Per device. Default: 30 at once, 0.5 a second.'),
  calls: pace
    .optional()
    .describe('Calls per device, which never wait behind messages. Default: 10 at once, 0.2 a second.'),
  account: pace.optional().describe('Per account. Default: 120 at once, 2 a second.'),
  domain: pace.optional().describe('Per domain of accounts. Default: 20000 at once, 2000 a second.'),
  app: pace.optional().describe('Per app. Default: 40000 at once, 4000 a second.'),
})

export const fuse = z.strictObject({
  tokens: z.number().int().min(1).optional().describe('Most tokens of an app forgotten in an hour. Default: 1000.'),
  share: z
    .number()
    .gt(0)
    .max(1)
    .optional()
    .describe("Most of an app's registrations forgotten in an hour, as a share. Default: 0.1."),
  atLeast: z
    .number()
    .int()
    .min(0)
    .optional()
    .describe('So many may be forgotten in an hour whatever share of the app that is. Default: 20.'),
})

/** Only what the file sets. */
export type LimitsConfig = Readonly<z.infer<typeof limits>>
export type FuseConfig = Readonly<z.infer<typeof fuse>>

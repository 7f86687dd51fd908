/** `match` of an app: by it, requests that name no app find theirs. */
import { z } from 'zod'
import { type Match } from '../model/match'

export const match = z
  .strictObject({
    service: z
      .string()
      .exactOptional()
      .describe("The service a request names, such as `apns` or `fcm`; the provider's own name by default."),
    mode: z
      .string()
      .exactOptional()
      .describe('The mode a request names: `prod`, which is meant where none is named, or `dev`.'),
    topic: z.string().exactOptional().describe('The topic a request names; one that names none fits, too.'),
    tags: z.array(z.string()).exactOptional().describe('The tags that a request may ask for.'),
    platform: z.string().exactOptional().describe('The platform a request names, such as `apple_rn`.'),
  })
  .describe(
    'By it, requests and publishes that name no app find theirs; an app without it is found by its name only.',
  ) satisfies z.ZodType<Match>

/** The part `keep` of the configuration: for how long what is no longer needed to deliver is remembered. */
import { z } from 'zod'

export const keep = z.strictObject({
  registrations: z
    .number()
    .int()
    .min(1)
    .default(270)
    .describe('Days after which a device is forgotten that neither registered nor was published to.'),
  tombstones: z
    .number()
    .int()
    .min(1)
    .default(365)
    .describe('Days for which it is remembered that, when and why a registration ended.'),
  traces: z
    .number()
    .int()
    .min(1)
    .default(24)
    .describe('Hours for which it is remembered what became of a push; `xmpp-push explain` tells it.'),
  tracesPerDevice: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(20)
    .describe('How many of the latest pushes of a device are told.'),
  tracesSize: z
    .number()
    .int()
    .min(1)
    .default(512)
    .describe('MiB that traces may take; beyond it the oldest go sooner.'),
})

/** Days, hours, pushes and MiB, as the names of the settings say. */
export type KeepConfig = Readonly<z.infer<typeof keep>>

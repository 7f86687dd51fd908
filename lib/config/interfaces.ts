/** The settings of each HTTP interface, by its name: what it serves for, and what it may. Knows their names, not what they do. */
import { z } from 'zod'

/** Interfaces that can be served, and whether strangers may ask them. */
export const builtInterfaces = {
  'webpush-example': 'anyone',
  mongoosepush: 'callers',
  matrix: 'callers',
  rocketchat: 'callers',
  tigase: 'anyone',
} as const satisfies Readonly<Record<string, 'anyone' | 'callers'>>

export type InterfaceName = keyof typeof builtInterfaces

export const interfaceNames = Object.keys(builtInterfaces) as readonly InterfaceName[]

export const interfaceSettings = z
  .strictObject({
    mongoosepush: z
      .strictObject({
        deadTokenPolicy: z
          .enum(['vendor', 'proven'])
          .default('vendor')
          .describe(
            'When a caller is told that a token is dead: only in the vendor\'s own words (`vendor`), or also where "bad token" was proven (`proven`).',
          ),
      })
      .prefault({})
      .describe('The interface of MongoosePush.'),
  })
  .prefault({})
  .describe('Settings of single interfaces.')

export type InterfaceSettings = z.output<typeof interfaceSettings>

/** The services whose devices or settings can be taken over: one line each. Knows their names, not what they kept. */
import { appserver } from './appserver'
import { type DeviceSource } from './import'
import { p2 } from './p2'

export const deviceSources = { p2, appserver } as const satisfies Readonly<Record<string, DeviceSource>>

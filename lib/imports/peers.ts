/** The services whose devices or settings can be taken over: one line each. Knows their names, not what they kept. */
import { appserver } from './appserver'
import { fpush } from './fpush'
import { type DeviceSource, type SettingsSource } from './import'
import { mattermost } from './mattermost'
import { mongoosepush } from './mongoosepush'
import { p2 } from './p2'
import { sygnal } from './sygnal'

export const deviceSources = { p2, appserver } as const satisfies Readonly<Record<string, DeviceSource>>

export const settingsSources = {
  ...{ fpush, mongoosepush, mattermost, sygnal },
} as const satisfies Readonly<Record<string, SettingsSource>>

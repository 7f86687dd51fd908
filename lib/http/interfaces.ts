/** Every interface that can be served: one line each. Knows their names, not what they do. */
import { appserver } from './appserver'
import { health } from './health'
import { type InterfaceKind } from './interface'
import { matrix } from './matrix'
import { mattermost } from './mattermost'
import { metrics } from './metrics'
import { mongoosePush } from './mongoosepush'
import { openapi } from './openapi'
import { page } from './page'
import { rocketchat } from './rocketchat'
import { tigase } from './tigase'
import { webPushExample } from './webpush-example'

export const interfaces: readonly InterfaceKind[] = [
  webPushExample,
  mongoosePush,
  mattermost,
  matrix,
  rocketchat,
  tigase,
  appserver,
  health,
  metrics,
  openapi,
  page,
]

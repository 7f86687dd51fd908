/** Everything this program can speak, keep and send: one line each. Knows their names, not what they do. */
import { type Dialect } from './dialects/dialect'
import { appserver as appserverDialect } from './dialects/appserver'
import { conversations as conversationsDialect } from './dialects/conversations'
import { monal as monalDialect } from './dialects/monal'
import { mongooseim } from './dialects/mongooseim'
import { oshiya } from './dialects/oshiya'
import { tigase } from './dialects/tigase'
import { push2 as push2Dialect } from './dialects/push2'
import { webpush as webPushDialect } from './dialects/webpush'
import { nats } from './outbox/nats'
import { appserver } from './profiles/appserver'
import { conversations } from './profiles/conversations'
import { generic } from './profiles/generic'
import { mattermost } from './profiles/mattermost'
import { monal } from './profiles/monal'
import { matrix } from './profiles/matrix'
import { mongoosepush } from './profiles/mongoosepush'
import { openfire } from './profiles/openfire'
import { push2 } from './profiles/push2'
import { rocketchat } from './profiles/rocketchat'
import { siskin } from './profiles/siskin'
import { stork } from './profiles/stork'
import { webpush as webPushProfile } from './profiles/webpush'
import { apns } from './providers/apns'
import { fcm } from './providers/fcm'
import { relay } from './providers/relay'
import { webpush } from './providers/webpush'
import { postgres } from './stores/postgres'
import { sqlite } from './stores/sqlite'

export const dialects = [
  tigase,
  conversationsDialect,
  appserverDialect,
  oshiya,
  webPushDialect,
  monalDialect,
  mongooseim,
  push2Dialect,
] as const satisfies readonly Dialect[]
export const providers = { apns, fcm, webpush, relay }
export const profiles = {
  siskin,
  stork,
  conversations,
  appserver,
  monal,
  openfire,
  mongoosepush,
  push2,
  matrix,
  rocketchat,
  mattermost,
  generic,
  webpush: webPushProfile,
}
export const stores = { sqlite, postgres }
/** Outboxes besides the store's own. */
export const outboxes = { nats }

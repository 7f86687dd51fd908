/** Every interface that can be served, by its name in the configuration. Knows their names, not what they do. */
import { type HttpInterface, type HttpSurroundings } from './interface'
import { matrix } from './matrix'
import { mongoosePush, type MongoosePushSettings } from './mongoosepush'
import { rocketchat } from './rocketchat'
import { tigase } from './tigase'
import { webPushExample } from './webpush-example'

/** What the configuration sets of single interfaces. */
export interface Settings {
  readonly mongoosepush: MongoosePushSettings
}

export const interfaces = {
  'webpush-example': webPushExample,
  tigase,
  matrix,
  rocketchat,
  mongoosepush: (surroundings: HttpSurroundings, { mongoosepush }: Settings) =>
    mongoosePush(surroundings, mongoosepush),
} satisfies Readonly<Record<string, (surroundings: HttpSurroundings, settings: Settings) => HttpInterface>>

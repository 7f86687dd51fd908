/**
 * Apps that were written for MongooseIM: the publish-options of `enable` say it all with every publish, push service, device
 * token and how to show it; the app is found by `match`. The node is the client's own, created here or nowhere.
 */
import { type Given } from '../model/notification'
import { type Brought, type Dialect, type Fields, type PublishFields } from './dialect'

/** Values of the options that are no token: names, no texts. */
const LONGEST_VALUE = 256

function valueOf(options: Fields, name: string): string | undefined {
  const value = options.get(name)?.[0]?.trim()
  return value === undefined || value === '' || value.length > LONGEST_VALUE ? undefined : value
}

function isTrue(options: Fields, name: string): boolean {
  return valueOf(options, name)?.toLowerCase() === 'true'
}

/** The whole seconds of `time_to_live`; what is no number of them counts as left out. */
function secondsIn(options: Fields): number | undefined {
  const text = valueOf(options, 'time_to_live')
  return text === undefined || !/^\d{1,9}$/.test(text) ? undefined : Number(text)
}

/** How it is to be shown, in the words of MongoosePush's interface, which MongooseIM would write. */
function givenIn(options: Fields): Given {
  const [priority, sound, clickAction] = ['priority', 'sound', 'click_action'].map((name) => valueOf(options, name))
  const topic = valueOf(options, 'topic')
  const seconds = secondsIn(options)
  return {
    ...(priority === 'normal' || priority === 'high' ? { priority } : {}),
    ...(seconds === undefined ? {} : { time_to_live: seconds }),
    ...(topic === undefined ? {} : { topic }),
    ...(isTrue(options, 'mutable_content') ? { mutable_content: true } : {}),
    ...(isTrue(options, 'silent')
      ? { silent: true }
      : {
          alert: {
            ...(sound === undefined ? {} : { sound }),
            ...(clickAction === undefined ? {} : { click_action: clickAction }),
          },
        }),
  }
}

function brings({ options }: PublishFields): Brought | undefined {
  const service = valueOf(options, 'service')
  const address = options.get('device_id')?.[0] ?? options.get('device')?.[0]
  if (service === undefined || address === undefined) return undefined
  const mode = valueOf(options, 'mode') ?? 'prod'
  const topic = valueOf(options, 'topic')
  const seconds = secondsIn(options)
  return {
    app: { by: 'match', asked: { service, mode, ...(topic === undefined ? {} : { topic }) } },
    address,
    environment: mode === 'dev' ? 'sandbox' : 'production',
    ...(seconds === undefined ? {} : { life: seconds * 1_000 }),
    given: givenIn(options),
  }
}

export const mongooseim: Dialect = Object.freeze({
  name: 'mongooseim',
  commands: [],
  features: () => [],
  brings,
})

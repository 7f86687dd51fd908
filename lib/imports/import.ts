/** Contract: what another push service leaves behind, its devices or its settings, in our words. Nothing is written here. */
import { type Opaque } from '../model/opaque'
import { type Hints } from '../model/registration'

/** A device as another service knew it. */
export interface ForeignDevice {
  /** Where it stands in the source, for people: `row 12`. */
  readonly where: string
  /** The dialect in which it registered there, and will register here. */
  readonly dialect: string
  /** The account, or a stand-in where the service kept none. */
  readonly owner: string
  /** As the dialect names it when it looks for what was taken over. */
  readonly device: string
  readonly node: string
  readonly secret: Opaque
  readonly speaks: 'apns' | 'fcm'
  /** As it was kept; the app's provider normalises it. */
  readonly address: Opaque
  readonly hints: Hints
  /** Milliseconds since 1970 when the token was registered; 0 where the service did not note it. */
  readonly registeredAt: number
}

/** What is not taken, and why; `mend`: what to do about it. */
export interface LeftOut {
  readonly where: string
  readonly why: string
  readonly mend: string
}

export type Entry =
  { readonly is: 'device'; readonly device: ForeignDevice } | { readonly is: 'left'; readonly left: LeftOut }

/** The source can't be read as a whole: what it is, where, what to do. */
export class SourceRefused extends Error {
  override readonly name = 'SourceRefused'
}

/** Where another service keeps its registrations. */
export interface DeviceSource {
  readonly name: string
  /** One entry for each registration, as long as the file lasts; throws `SourceRefused`. Reading again tells the same. */
  read(path: string): AsyncIterable<Entry>
}

/** A secret that stood in the settings themselves, and the name of the file that it is to be kept in. */
export interface Secret {
  readonly file: string
  readonly value: Opaque
}

/** Settings of another service as ours. */
export interface Translation {
  /** What `component.config.json` is to say; whole only where `left` says nothing else. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly secrets: readonly Secret[]
  /** Their key, and ours. */
  readonly taken: readonly { readonly from: string; readonly to: string }[]
  readonly left: readonly LeftOut[]
}

/** What the settings are read with. */
export interface SettingsPlace {
  /** Where relative paths of theirs start; absolute. */
  readonly folder: string
  /** The environment of their process, where it was told. */
  readonly environment: ReadonlyMap<string, string>
}

export interface SettingsSource {
  readonly name: string
  /** `text`: undefined where only the environment is told. Throws `SourceRefused` where it is not what it should be. */
  translate(text: string | undefined, place: SettingsPlace): Translation
}

/**
 * Of the configuration only what leads to the running service: where its store lies. Looks for no secret and minds no fault elsewhere, so that
 * whoever may open the service's socket can ask it, whatever became of the rest.
 */
import { dirname, resolve } from 'node:path'
import * as built from '../kinds'
import { Credential } from '../model/opaque'
import { isObject } from './app'
import { override } from './environment'
import { type Fault } from './fault'
import { bindKinds, type Kinds } from './kinds'
import { load } from './load'
import { configShape } from './schema'
import { chooseStore } from './store'
import { type Environment, makeWords } from './words'

export interface Whereabouts {
  /** The configuration, absolute. */
  readonly file: string
  /** The path of the store's own file, where it is one. */
  readonly place: string | undefined
}

export type ReadWhereabouts =
  | { readonly is: 'whereabouts'; readonly whereabouts: Whereabouts }
  | { readonly is: 'faults'; readonly faults: readonly Fault[] }

const UNREAD = new Credential(Buffer.from('not read'), 'nowhere')

/** Never throws for what stands in the file. */
export function readWhereabouts<P, F, S>({
  file,
  env = process.env,
  kinds,
}: {
  readonly file: string
  readonly env?: Environment
  readonly kinds?: Kinds<P, F, S>
}): ReadWhereabouts {
  const path = resolve(file)
  const words = makeWords({ folder: dirname(path), env, instead: UNREAD })
  const bound = kinds === undefined ? bindKinds(built, words) : bindKinds(kinds, words)
  const loaded = load(path, undefined)
  if (!('raw' in loaded)) return { is: 'faults', faults: [loaded] }
  const { raw } = override(loaded.raw, () => configShape(bound, words), env, [])
  const faults: Fault[] = []
  const chosen = chooseStore(isObject(raw) ? raw['store'] : undefined, bound, faults)
  const place =
    chosen?.store.isPlaced === true ? chosen.store.read(chosen.options, ['store'], faults)?.place : undefined
  return faults.length > 0 ? { is: 'faults', faults } : { is: 'whereabouts', whereabouts: { file: path, place } }
}

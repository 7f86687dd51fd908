/** A configuration's store, for reading alone: what is not there yet is not made. Takes of the configuration the store. */
import { existsSync } from 'node:fs'
import { type Config } from '../config'

/** What is read of it; of what waits it knows nothing where that waits elsewhere. */
export type ReadStore = Awaited<ReturnType<NonNullable<Config['store']['inspectAlone']>>>

/** A store that is only read; undefined where nothing was ever put there. Rejects where it can't be read. */
export async function readStore({ store }: Pick<Config, 'store'>): Promise<ReadStore | undefined> {
  if (store.inspectAlone === undefined) throw new Error(`a ${store.kind} store can't be read without changing it`)
  if (store.place !== undefined && !existsSync(store.place)) return undefined
  return store.inspectAlone().catch((error: unknown) => {
    if (error instanceof Error && error.name === 'NothingStored') return undefined
    throw error
  })
}

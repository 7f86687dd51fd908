/** What `xmpp-push migrate` would meet: both stores are read and neither is written, nor made where it is not there yet. */
import { existsSync, statSync } from 'node:fs'
import { compareRegistrations, type Owned } from '../admin/move'
import { type Config } from '../config'
import { type DryReport } from './migrate-report'
import { readStore } from './read-store'

/** Devices of one account. */
const MOST = 10_000

/** What a move needs of a configuration: where its service is asked for, and its store. */
export type Placed = Pick<Config, 'file' | 'store'>

export interface Looked {
  /** What names the database, however it is addressed; undefined where there is none yet, or it is a file. */
  readonly identity?: string
  /** A service works on it, on whatever machine. */
  readonly isAtWork: boolean
}

/** A look at a store that several machines may share. Nothing is changed. */
export async function lookAt(config: Placed): Promise<Looked> {
  if (config.store.place !== undefined) return { isAtWork: false }
  const read = await readStore(config)
  try {
    const identity = await read?.identity?.()
    return { ...(identity === undefined ? {} : { identity }), isAtWork: (await read?.isAtWork?.()) === true }
  } finally {
    await read?.close()
  }
}

/** Whether both configurations name one file: to move a store into itself would end what waits. */
export function areOneFile(from: Placed, to: Placed): boolean {
  const [one, other] = [from.store.place, to.store.place]
  if (one === undefined || other === undefined) return false
  if (one === other) return true
  if (!existsSync(one) || !existsSync(other)) return false
  const [first, second] = [statSync(one), statSync(other)]
  return first.dev === second.dev && first.ino === second.ino
}

/** `compared`: told after each page with how many devices were compared, of how many. */
export async function dryRun(
  { from, to }: { readonly from: Placed; readonly to: Config },
  words: { readonly from: string; readonly to: string },
  compared: (count: number, of: number) => void,
): Promise<DryReport> {
  const first = await readStore(from)
  if (first === undefined) throw new Error(`${words.from} names a store that is not there yet: nothing is to be moved`)
  const second = await readStore(to).catch(async (error: unknown) => {
    await first.close()
    throw error
  })
  try {
    const count = await first.records.count()
    const accounts = await first.records.accounts()
    const total = [...count.values()].reduce((sum, its) => sum + its, 0)
    const apps = [...new Set([...count.keys(), ...accounts.keys()])]
    const owned: Owned = {
      async ownedBy(service, owner) {
        const found = (await second?.records.devices({ owner, limit: MOST })) ?? []
        return found.filter((each) => each.service === service)
      },
    }
    const waiting = [...accounts.values()].reduce((sum, its) => sum + its.waiting + its.inFlight, 0)
    return {
      ...{ ...words, dryRun: true, isSecondNew: second === undefined },
      unknownApps: apps.filter((app) => !to.apps.has(app)),
      ...(from.store.inspect === undefined ? {} : { waiting }),
      compared: await compareRegistrations(first.records, owned, (done) => compared(done, total)),
    }
  } finally {
    await first.close()
    await second?.close()
  }
}

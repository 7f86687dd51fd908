/** The way into the registry for devices that are taken over: the running service by its socket, or the store where none runs. */
import { randomUUID } from 'node:crypto'
import { askService } from '../admin/asking'
import { socketPath } from '../admin/office'
import { type Answers } from '../admin/questions'
import { type Incoming, lookAt, type Looking, MOST_INCOMING, takeIn, type TakenIn } from '../admin/take-in'
import { type Clock } from '../clock'
import { type Config } from '../config'
import { readStore } from './read-store'

/** Below the 64 KiB that a question may have. */
const LARGEST_QUESTION = 60_000

export interface Door {
  /** For people: where the devices go. */
  readonly where: string
  /** How each stands, in order; with `commit`, after it was taken in. Rejects with the reason, and what to do. */
  take(devices: readonly Incoming[], commit: boolean): Promise<readonly TakenIn[]>
  close(): Promise<void>
}

/** Parts of a list that fit into one question. */
export function questionsOf(devices: readonly Incoming[]): readonly (readonly Incoming[])[] {
  const parts: Incoming[][] = []
  let bytes = LARGEST_QUESTION
  for (const device of devices) {
    const its = Buffer.byteLength(JSON.stringify(device)) + 1
    const last = parts.at(-1)
    if (last === undefined || bytes + its > LARGEST_QUESTION || last.length >= MOST_INCOMING) {
      parts.push([device])
      bytes = its
    } else {
      last.push(device)
      bytes += its
    }
  }
  return parts
}

async function throughSocket(
  path: string,
  devices: readonly Incoming[],
  commit: boolean,
  clock: Clock,
): Promise<readonly TakenIn[] | undefined> {
  const asked = await askService(path, { ask: 'take-in', devices, commit }, clock)
  if (asked.is === 'nobody') return undefined
  if (asked.is === 'silent') throw new Error(asked.why)
  if (asked.reply.is === 'failed') throw new Error(asked.reply.why)
  return (asked.reply.answer as Answers['take-in']).stands
}

/** Of one node, of whoever. */
const MOST = 10_000

/** The store is read only, and not made where it is not there yet: all is new then. */
async function openToLook(config: Config): Promise<Door> {
  const read = await readStore(config)
  const { kind } = config.store
  if (read === undefined) {
    return {
      where: `the store (${kind}), where nothing is yet; no service runs`,
      take: (devices) => Promise.resolve(devices.map(() => ({ is: 'new' }))),
      close: () => Promise.resolve(),
    }
  }
  const { records, close } = read
  const findOne = async ({ service, node }: { readonly service: string; readonly node: string }) =>
    (await records.devices({ node, limit: MOST })).filter((each) => each.service === service)
  const registry: Looking['registry'] = { find: (queries) => Promise.all(queries.map(findOne)) }
  return {
    where: `the store (${kind}); no service runs`,
    take: (devices) => lookAt(devices, { registry, records }),
    close,
  }
}

/** Rejects with the reason where there is a service that does not answer, or a store that can't be opened. `commit`: something may be taken in. */
export async function openDoor(
  config: Config,
  {
    commit,
    trouble,
    clock,
  }: { readonly commit: boolean; readonly trouble: (text: string) => void; readonly clock: Clock },
): Promise<Door> {
  const path = socketPath(config.file, config.store.place)
  if ((await throughSocket(path, [], false, clock)) !== undefined) {
    return {
      where: 'the running service',
      async take(devices, commit) {
        const stands: TakenIn[] = []
        for (const part of questionsOf(devices)) {
          const some = await throughSocket(path, part, commit, clock)
          if (some === undefined) throw new Error('the service ended meanwhile; run the same command again')
          stands.push(...some)
        }
        return stands
      },
      close: () => Promise.resolve(),
    }
  }
  if (!commit) return openToLook(config)
  const store = await config.store.open({ clock, trouble })
  const { registry, records } = store
  const now = (): number => registry.now()
  return {
    where: `the store (${config.store.kind}); no service runs`,
    take: (devices, commit) => takeIn(devices, { registry, records, commit, newId: randomUUID, now }),
    close: () => store.close(),
  }
}

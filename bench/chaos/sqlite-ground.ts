/** The store of one instance: a file on a disk of its own. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../lib/clock'
import { type Program } from '../kill/lives'
import { snapshot } from '../kill/snapshot'
import { type Device } from './devices'
import { makeDisk } from './disk'
import { type Books, type Ground } from './ground'
import { DOMAIN } from './world'

/** Of Web Push the address is JSON with the endpoint in it. */
export const endpointOf = (text: string): string =>
  text.startsWith('{') ? (JSON.parse(text) as { endpoint: string }).endpoint : text

/** Makes its disk below `folder`. The books are read by the store as the program itself has it. */
export function makeSqliteGround(
  folder: string,
  program: Pick<Program, 'sqlite'>,
  complain: (text: string) => void,
): Ground {
  const disk = makeDisk(folder)
  const file = join(disk.folder, 'xmpp-push.db')

  /** From a copy; undefined where that is torn. */
  function copied(): ReturnType<typeof snapshot> {
    const at = join(folder, 'copy')
    try {
      return snapshot(file, at)
    } catch {
      return undefined
    } finally {
      rmSync(at, { recursive: true, force: true })
    }
  }

  async function books(devices: readonly Device[]): Promise<Books> {
    const store = await program.sqlite.open(
      { file, maxDeliveries: 1_000_000 },
      { clock: systemClock, trouble: complain },
    )
    const remembered = new Map<Device, readonly string[]>()
    for (const device of devices) {
      const owned = await store.registry.ownedBy(DOMAIN, device.owner)
      const its = owned.filter(({ app }) => app === device.app)
      const texts = its.flatMap(({ address, callAddress }) => [address?.reveal() ?? '', callAddress?.reveal() ?? ''])
      remembered.set(device, texts.map(endpointOf))
    }
    const accounts = await store.accounts()
    await store.close()
    return { accounts, remembered }
  }

  return Object.freeze({
    settings: { store: { kind: 'sqlite', file } },
    disk,
    faults: [],
    async look() {
      const seen = copied()
      return seen && { closes: seen.closes, left: seen.left.length }
    },
    leftovers: async () => (copied()?.left ?? []).map((each) => ({ id: each.id, words: JSON.stringify(each) })),
    killed: async () => copied()?.closes === true,
    stopping: async (over: Promise<unknown>) => void (await over),
    wasAway: () => false,
    books,
    close: async () => disk.close(),
  })
}

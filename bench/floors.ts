/** Asks for the floor: beside a push service that is as light as the one measured with, and on the same disk as the service. */
import { join } from 'node:path'
import { type FloorOrder, type FloorTold } from './floor'
import { part, type BenchHouse } from './house'
import { type LightOrder, type LightTold } from './light-peer'

export async function floorAt({ folder }: BenchHouse, count: number): Promise<FloorTold> {
  const peer = part<LightOrder, LightTold>('light-peer.ts', 'apns')
  const floor = part<FloorOrder, FloorTold>('floor.ts')
  try {
    const { url, ca } = await peer.hear('listening')
    return await floor.ask({ url, ca, file: join(folder, 'floor.db'), count }, 'floor')
  } finally {
    peer.end()
    floor.end()
  }
}

/** Microseconds of what nothing can do without: a request as frames, a cut stanza, a durable row. */
export const floorOf = ({ frames, scan, store }: FloorTold): number => frames + scan + store

/** The APNs simulator in a process of its own: knows a key and so many devices, counts what it accepts. */
import { randomBytes } from 'node:crypto'
import { startApnsSimulator } from '../lib/sim/apns'
import { makeProviderKey } from '../lib/sim/certificates'

export type PeerOrder = { readonly do: 'devices'; readonly count: number } | { readonly do: 'count' }

export type PeerTold =
  | {
      readonly is: 'listening'
      readonly url: string
      readonly ca: string
      readonly key: string
      readonly floorKey: string
    }
  | { readonly is: 'devices'; readonly tokens: readonly string[] }
  | { readonly is: 'count'; readonly accepted: number; readonly distinct: number; readonly violations: number }

const tell = (told: PeerTold): void => void process.send?.(told)

async function serve(): Promise<void> {
  const simulator = await startApnsSimulator()
  const key = makeProviderKey()
  simulator.addKey({ keyId: 'BENCHKEY01', teamId: 'BENCHTEAM1', key: key.publicKey })
  // Apple bears one new token per key in 20 minutes: the floor brings its own.
  const floorKey = makeProviderKey()
  simulator.addKey({ keyId: 'FLOORKEY01', teamId: 'BENCHTEAM1', key: floorKey.publicKey })
  process.on('disconnect', () => process.exit())
  process.on('message', (order: PeerOrder) => {
    if (order.do === 'devices') {
      const tokens = Array.from({ length: order.count }, () => randomBytes(32).toString('hex'))
      for (const token of tokens) simulator.addDevice({ token, topic: 'org.example.bench' })
      tell({ is: 'devices', tokens })
      return
    }
    const accepted = simulator.journal.entries.filter(({ answer }) => answer.kind === 'status' && answer.status === 200)
    const distinct = new Set(accepted.map(({ headers }) => headers['apns-id'])).size
    tell({ is: 'count', accepted: accepted.length, distinct, violations: simulator.violations.length })
  })
  tell({ is: 'listening', url: simulator.url, ca: simulator.ca, key: key.privatePem, floorKey: floorKey.privatePem })
}

void serve()

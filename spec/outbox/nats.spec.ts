import { join } from 'node:path'
import { nats } from '../../lib/outbox/nats'
import { sqlite } from '../../lib/stores/sqlite'
import { storeContract } from '../contracts/store'
import { realDescribe } from '../support/available'
import { makeFolder } from '../support/folder'
import { handClock } from '../support/hand-clock'
import { startNats } from '../support/nats-cluster'
import { natsOptions } from '../support/nats-outbox'
import { serverForAll } from '../support/real-server'

/** A delivery comes by its partition's own way. */
const TRAITS = { comesApart: true }

realDescribe('nats', 'lib/outbox/nats beside lib/stores/sqlite', () => {
  const cluster = serverForAll(() => startNats())
  const folder = makeFolder()
  let made = 0

  storeContract(async ({ bound }) => {
    const clock = handClock()
    const options = natsOptions(cluster(), { maxDeliveries: bound, maxDeliveriesPerApp: bound })
    const file = join(folder.path, `store-${++made}.db`)
    const trouble = (text: string) => {
      if (!text.includes('as many as')) throw new Error(text)
    }
    const surroundings = { clock, trouble, sends: true }
    const open = async () =>
      nats.open(options, await sqlite.open({ file, maxDeliveries: bound }, surroundings), surroundings)
    return { clock, open }
  }, TRAITS)
})

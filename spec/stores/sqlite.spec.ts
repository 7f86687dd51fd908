import { join } from 'node:path'
import { sqlite } from '../../lib/stores/sqlite'
import { storeContract } from '../contracts/store'
import { makeFolder } from '../support/folder'
import { handClock } from '../support/hand-clock'

describe('lib/stores/sqlite', () => {
  const folder = makeFolder()
  let made = 0

  storeContract(async ({ bound }) => {
    const clock = handClock()
    const file = join(folder.path, `store-${++made}.db`)
    const trouble = (text: string) => {
      if (!text.includes('as many as')) throw new Error(text)
    }
    return { clock, open: () => sqlite.open({ file, maxDeliveries: bound }, { clock, trouble }) }
  })
})

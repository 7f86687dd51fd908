import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqlite } from '../../lib/stores/sqlite'
import { type Store } from '../../lib/stores/store'
import { outboxContract } from '../contracts/outbox'
import { handClock } from '../support/hand-clock'

const folder = mkdtempSync(join(tmpdir(), 'xmpp-push-'))
afterAll(() => rmSync(folder, { recursive: true }))

let made = 0
const newFile = () => join(folder, `${++made}`, 'store.db')

describe('lib/stores/sqlite', () => {
  outboxContract(async ({ bound }) => {
    const clock = handClock()
    const file = newFile()
    const open = () =>
      sqlite.open(
        { file, maxDeliveries: bound },
        {
          clock,
          trouble: (text) => {
            throw new Error(text)
          },
        },
      )
    let store: Store = await open()
    return {
      outbox: () => store.outbox,
      clock,
      accounts: () => store.accounts(),
      async reopen() {
        await store.close()
        store = await open()
      },
      close: () => store.close(),
    }
  })
})

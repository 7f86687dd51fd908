import { storeContract } from '../contracts/store'
import { realDescribe } from '../support/available'
import { handClock } from '../support/hand-clock'
import { startPostgres } from '../support/postgres'
import { openPostgres } from '../support/postgres-store'
import { serverForAll } from '../support/real-server'

realDescribe('postgres', 'lib/stores/postgres', () => {
  const server = serverForAll(() => startPostgres())

  storeContract(async ({ bound }) => {
    const clock = handClock()
    const url = await server().database()
    const trouble = (text: string) => {
      if (!text.includes('as many as')) throw new Error(text)
    }
    return { clock, open: () => openPostgres(server(), url, { clock, trouble }, { maxDeliveries: bound }) }
  })
})

import { openNats } from '../../lib/outbox/nats'
import { outboxContract } from '../contracts/outbox'
import { realDescribe } from '../support/available'
import { handClock } from '../support/hand-clock'
import { startNats } from '../support/nats-cluster'
import { natsOptions } from '../support/nats-outbox'
import { serverForAll } from '../support/real-server'

realDescribe('nats', 'lib/outbox/nats', () => {
  const cluster = serverForAll(() => startNats())

  outboxContract(async ({ bound }) => {
    const clock = handClock()
    const options = natsOptions(cluster(), { maxDeliveries: bound, maxDeliveriesPerApp: bound })
    const trouble = (text: string) => {
      if (!text.includes('as many as')) throw new Error(text)
    }
    const open = () => openNats(options, { clock, trouble, sends: true })
    let its = await open()
    return {
      outbox: () => its.outbox,
      clock,
      accounts: () => its.accounts(),
      async reopen() {
        await its.close()
        its = await open()
      },
      close: () => its.close(),
    }
  })
})

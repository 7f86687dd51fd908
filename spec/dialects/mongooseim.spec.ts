import { mongooseim } from '../../lib/dialects/mongooseim'
import { carryingContract } from '../contracts/carrying-dialect'

describe('dialects/mongooseim', () => {
  carryingContract({
    dialect: mongooseim,
    publish: {
      node: 'any',
      options: {
        service: 'apns',
        device_id: 'a1b2',
        mode: 'dev',
        topic: 'org.x',
        priority: 'high',
        time_to_live: '60',
        silent: 'true',
      },
    },
    brings: {
      ...{ app: { by: 'match', asked: { service: 'apns', mode: 'dev', topic: 'org.x' } }, address: 'a1b2' },
      ...{ environment: 'sandbox', life: 60_000 },
      given: { priority: 'high', time_to_live: 60, topic: 'org.x', silent: true },
    },
    required: ['service', 'device_id'],
  })

  it('takes `device` for `device_id`, and prod for the mode that nobody names', () => {
    const options = new Map([
      ['service', ['fcm']],
      ['device', ['token']],
    ])
    expect(mongooseim.brings?.({ options }, () => false)).toMatchObject({
      ...{ address: 'token', environment: 'production', app: { asked: { service: 'fcm', mode: 'prod' } } },
    })
  })
})

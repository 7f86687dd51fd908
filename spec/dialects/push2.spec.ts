import { push2 } from '../../lib/dialects/push2'
import { PUSH2 } from '../../lib/model/push2'
import { carryingContract } from '../contracts/carrying-dialect'

const apple = 'https://api.push.apple.com/3/device/a1b2#org.example.ios&c3d4'

describe('dialects/push2', () => {
  carryingContract({
    dialect: push2,
    publish: { node: apple, options: { [PUSH2.client]: apple, [PUSH2.payload]: 'Y2lwaGVy' } },
    brings: {
      ...{ app: { by: 'match', asked: { service: 'apns', mode: 'prod', topic: 'org.example.ios' } }, address: 'a1b2' },
      ...{ environment: 'production', given: { payload: 'Y2lwaGVy' } },
    },
    required: [PUSH2.client],
  })

  const read = (client: string, more: Readonly<Record<string, string>> = {}) =>
    push2.brings?.(
      { options: new Map(Object.entries({ [PUSH2.client]: client, ...more }).map(([name, value]) => [name, [value]])) },
      () => false,
    )

  it('rings the second token, where there is one', () => {
    expect(read(apple, { [PUSH2.voip]: 'true' })).toMatchObject({ address: 'c3d4', given: { voip: true } })
    expect(read('https://api.push.apple.com/3/device/a1b2#t', { [PUSH2.voip]: 'true' })).toMatchObject({
      address: 'a1b2',
    })
  })

  it('knows Apple\u2019s sandbox by its host', () => {
    expect(read('https://api.development.push.apple.com/3/device/a1b2#t')).toMatchObject({
      ...{ environment: 'sandbox', app: { asked: { mode: 'dev', topic: 't' } } },
    })
  })

  it('takes any other URL for a Web Push endpoint, with the token that was sent along', () => {
    const jwt = { [PUSH2.jwt]: 'a.b.c', [PUSH2.key]: 'k' }
    expect(read('https://push.example.org/x', jwt)).toEqual({
      ...{ app: { by: 'match', asked: { service: 'webpush' } }, address: 'sealed https://push.example.org/x' },
      given: { payload: '', jwt: 'a.b.c', key: 'k' },
    })
  })
})

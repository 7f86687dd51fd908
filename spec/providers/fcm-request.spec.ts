import fc from 'fast-check'
import { Opaque } from '../../lib/model/opaque'
import { requestFor } from '../../lib/providers/fcm-request'

describe('providers/fcm-request', () => {
  const sender = { project: 'a-project', bearer: 'ya29.token' }

  it('spells any token, data and collapse key as JSON that says the same', () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 })
    fc.assert(
      fc.property(text, fc.dictionary(text, text), text, (token, data, collapseKey) => {
        const message = {
          address: new Opaque(token),
          content: { speaks: 'fcm', data, priority: 'HIGH', collapseKey } as const,
          expiresAt: 61_500,
        }
        const { body } = requestFor(message, sender, 1_000)
        expect(JSON.parse(body.toString())).toEqual({
          message: { token, data, android: { priority: 'HIGH', ttl: '60s', collapse_key: collapseKey } },
        })
      }),
    )
  })

  it('goes where the project is, whichever was asked for before', () => {
    const message = {
      address: new Opaque('t'),
      content: { speaks: 'fcm', data: {}, priority: 'HIGH' } as const,
      expiresAt: 1,
    }
    const paths = ['a', 'b', 'a'].map((project) => requestFor(message, { ...sender, project }, 0).path)
    expect(paths).toEqual(['a', 'b', 'a'].map((project) => `/v1/projects/${project}/messages:send`))
  })
})

import { makeMends } from '../../lib/admin/mends'

describe('lib/admin/mends', () => {
  it('knows what is to be done about an app that is held, as it was said last', () => {
    const mends = makeMends()
    mends.see({ at: 'held', app: 'a', why: 'x', mend: 'Change the topic', nextIn: 1 })
    expect([mends.of('a'), mends.of('b')]).toEqual(['Change the topic', undefined])
    mends.see({ at: 'held', app: 'a', why: 'down', nextIn: 1 })
    expect(mends.of('a')).toBeUndefined()
  })
})

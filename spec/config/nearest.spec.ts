import { nearest } from '../../lib/config/nearest'

describe('lib/config/nearest', () => {
  const keys = ['topic', 'teamId', 'keyId', 'environment', 'key']

  it.each([
    ['topc', 'topic'],
    ['toipc', 'topic'],
    ['TOPIC', 'topic'],
    ['team_id', 'teamId'],
    ['enviroment', 'environment'],
    ['keys', 'key'],
    ['kye', 'key'],
  ])('takes %s for %s', (word, meant) => {
    expect(nearest(word, keys)).toBe(meant)
  })

  it.each(['colour', 'x', '', 'o'.repeat(10_000)])('takes %.20s for nothing', (word) => {
    expect(nearest(word, keys)).toBeUndefined()
  })

  it('takes a word for nothing where nothing is known', () => {
    expect(nearest('topic', [])).toBeUndefined()
  })
})

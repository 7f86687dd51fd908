import { matchApp, type MatchAsked, type Matchable } from '../../lib/model/match'

const apps: readonly Matchable[] = [
  { name: 'iphone', speaks: 'apns', match: { mode: 'prod' } },
  { name: 'iphone-dev', speaks: 'apns', match: { mode: 'dev' } },
  { name: 'other-topic', speaks: 'apns', match: { mode: 'prod', topic: 'org.example.other' } },
  { name: 'android', speaks: 'fcm', match: { tags: ['a', 'b'] } },
  { name: 'mattermost', speaks: 'apns', match: { platform: 'apple_rn' } },
  { name: 'named-only', speaks: 'webpush' },
]

const found = (asked: MatchAsked, among = apps): string | readonly string[] => {
  const matched = matchApp(among, asked)
  return matched.is === 'one' ? matched.app.name : matched.is === 'several' ? matched.names : 'none'
}

describe('model/match', () => {
  it.each<[string, MatchAsked, string | readonly string[]]>([
    ['by its mode', { service: 'apns', mode: 'dev' }, 'iphone-dev'],
    ['by the topic, where one names it', { service: 'apns', mode: 'prod', topic: 'org.example.other' }, 'other-topic'],
    ['that names no topic, where the request names one', { service: 'apns', mode: 'prod', topic: 'org.x' }, 'iphone'],
    ['by its push service, whose name is the service of a match that names none', { service: 'fcm' }, 'android'],
    ['by every tag that is asked for', { service: 'fcm', mode: 'prod', tags: ['b'] }, 'android'],
    ['by its platform', { platform: 'apple_rn' }, 'mattermost'],
  ])('finds an app %s', (_, asked, name) => {
    expect(found(asked)).toBe(name)
  })

  it.each<[string, MatchAsked]>([
    ['another mode', { service: 'apns', mode: 'staging' }],
    ['another service', { service: 'hms' }],
    ['a tag that the app has not', { service: 'fcm', tags: ['a', 'c'] }],
    ['another platform', { platform: 'android_rn' }],
  ])('finds none for %s', (_, asked) => {
    expect(found(asked)).toBe('none')
  })

  it('never finds an app without a match', () => {
    expect(found({ service: 'webpush' })).toBe('none')
  })

  it('names those that fit equally well', () => {
    expect(found({ service: 'apns', mode: 'prod' })).toEqual(['iphone', 'other-topic'])
  })
})

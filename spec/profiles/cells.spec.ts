/** Class × profile: the suite of the contract for every profile that there is, and settings of some. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { goldenFile, profileContract } from '../contracts/profile'
import { cells, pairs, profileWith, registration, requestText } from '../support/golden'

const names = [...new Set(pairs.map(([name]) => name))]

describe.each(names)('lib/profiles/%s', profileContract)

describe('lib/profiles', () => {
  it('has golden requests for nothing that there is not', () => {
    const files = pairs.map(([name, speaks]) => goldenFile(name, speaks))
    expect(readdirSync(join(__dirname, 'golden')).sort()).toEqual(files.sort())
  })

  it('names a room by its hash, and collapses its pushes apart from those of the account', () => {
    const channel = 'c0ffee'.padEnd(40, '0')
    const room = { ...registration, hints: { androidId: '1f3a', channel } }
    const request = requestText(profileWith('conversations', 'fcm'), 'fcm', cells['message'] ?? fail(), room)
    expect(request).toContain(`"channel": "${channel}"`)
    expect(request).toContain('"collapse_key": "c0ffee"')
    // SHA-1 of romeo@example.com, NUL, 1f3a
    expect(request).toContain('"account": "7935f8e91805d1484a385f4290a756259afd4e6e"')
  })

  it.each([
    ['appserver', { collapse: true }, 'apns-collapse-id: xmpp-body-push'],
    ['appserver', { title: 'Neue Nachricht', body: 'Mehr in der App' }, '"body": "Mehr in der App"'],
    ['monal', { title: 'Neue Nachricht', sound: 'ping.caf' }, '"sound": "ping.caf"'],
    ['openfire', { category: 'chat' }, '"category": "chat"'],
  ])('%s takes its settings: %j', (name, options, expected) => {
    const summary = cells['message'] ?? fail()
    expect(requestText(profileWith(name, 'apns', options), 'apns', summary)).toContain(expected)
    expect(requestText(profileWith(name, 'apns'), 'apns', summary)).not.toContain(expected)
  })
})

function fail(): never {
  throw new Error('there is no such cell')
}

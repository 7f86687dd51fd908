/** Class × profile: for each cell one golden request, and what it may not contain. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cells, goldenText, pairs, profileWith, registration, requestText } from '../support/golden'

const folder = join(__dirname, 'golden')
const fileOf = (name: string, speaks: string): string => `${name}.${speaks}.txt`

describe('lib/profiles', () => {
  it.each(pairs)('%s sends to %s exactly what its golden requests say', (name, speaks) => {
    const file = join(folder, fileOf(name, speaks))
    expect(goldenText(name, speaks)).toBe(existsSync(file) ? readFileSync(file, 'utf8') : `there is no ${file}`)
  })

  it('has golden requests for nothing that there is not', () => {
    expect(readdirSync(folder).sort()).toEqual(pairs.map(([name, speaks]) => fileOf(name, speaks)).sort())
  })

  const texts = Object.entries(cells).map(([cell, summary]) => [cell, summary] as const)

  it.each(pairs)('%s tells %s nothing of who wrote and what, unless it is set to', (name, speaks) => {
    const profile = profileWith(name, speaks)
    for (const [, summary] of texts) {
      const request = requestText(profile, speaks, summary)
      expect(request).not.toMatch(/juliet|Jule|Art thou/i)
      if (!profile.passesEncrypted) expect(request).not.toContain('Y2lwaGVydGV4dA')
    }
  })

  it.each(pairs)('%s names to %s what the operator is told that it does, and nothing else', (name, speaks) => {
    const profile = profileWith(name, speaks)
    const all = texts.map(([, summary]) => requestText(profile, speaks, summary)).join('\n')
    expect(all.includes(registration.owner)).toBe(profile.reveals.includes("the account's bare JID"))
    expect(/"(unread-messages|count|badge|message-count)": "?[13]/.test(all)).toBe(
      profile.reveals.includes('the number of unread messages'),
    )
    expect(/"account": "[0-9a-f]{40}"/.test(all)).toBe(profile.reveals.includes('a hash of account and device'))
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

/** Which component tells an administrator, and what the stanza is. */
import { type Element } from 'ltx'
import { tellAdministrator, type Line } from '../../lib/xmpp/administrator-message'

const sent: string[] = []

function line(domain: string, isOnline = true, isWritten = true): Line {
  const send = async (stanza: Element | string): Promise<boolean> => {
    sent.push(String(stanza))
    return isWritten
  }
  return { domain, link: { isOnline, send } }
}

beforeEach(() => {
  sent.length = 0
})

describe('lib/xmpp/administrator-message', () => {
  it('is a chat message from the component, its text escaped', async () => {
    expect(await tellAdministrator([line('push.example.com')], 'admin@example.com', 'a < b')).toBe(true)
    expect(sent).toEqual([
      expect.stringMatching(
        /^<message type="chat" id="[0-9a-f-]{36}" from="push\.example\.com" to="admin@example\.com"><body>a &lt; b<\/body><\/message>$/,
      ),
    ])
  })

  it('comes from the component at the administrator’s own server, where that is attached', async () => {
    const both = [line('push.example.org'), line('push.example.com')]
    await tellAdministrator(both, 'admin@example.com', 'text')
    expect(sent[0]).toContain('from="push.example.com"')
  })

  it('comes from another one where that is not attached, or where there is none', async () => {
    await tellAdministrator([line('push.example.org'), line('push.example.com', false)], 'admin@example.com', 'text')
    await tellAdministrator([line('push.example.org')], 'admin@notexample.org', 'text')
    expect(sent.map((stanza) => stanza.includes('from="push.example.org"'))).toEqual([true, true])
  })

  it('is not sent where no component is attached, and says so where it could not be written', async () => {
    expect(await tellAdministrator([line('push.example.com', false)], 'admin@example.com', 'text')).toBe(false)
    expect(sent).toEqual([])
    expect(await tellAdministrator([line('push.example.com', true, false)], 'admin@example.com', 'text')).toBe(false)
  })
})

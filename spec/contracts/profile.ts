/**
 * What every profile owes the people whose pushes it writes: its golden requests, nothing of a message by default, and the truth to the
 * operator. A profile's spec calls `profileContract` once with its name; `spec/profiles/cells.spec.ts` does so for all that there are.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Notification } from '../../lib/model/notification'
import { type Speech } from '../../lib/model/content'
import { cells, goldenText, pairs, profileWith, registration, requestText } from '../support/golden'

const GOLDEN = join(__dirname, '..', 'profiles', 'golden')

/** The file that holds what a profile writes for one family of push services. */
export const goldenFile = (name: string, speaks: string): string => `${name}.${speaks}.txt`

const wakeUp: Notification = { class: 'message', urgency: 'high', expiresAt: 0, content: { count: 1 } }

/** Declares the whole suite, once for each family that the profile writes for. */
export function profileContract(name: string): void {
  const families = pairs.filter(([each]) => each === name).map(([, speaks]) => speaks)

  it('writes for a family of push services', () => {
    expect(families.length).toBeGreaterThan(0)
  })

  describe.each(families)('for %s', (speaks: Speech) => {
    const profile = profileWith(name, speaks)
    const all = Object.values(cells)

    it('sends exactly what its golden requests say', () => {
      const file = join(GOLDEN, goldenFile(name, speaks))
      expect(goldenText(name, speaks)).toBe(existsSync(file) ? readFileSync(file, 'utf8') : `there is no ${file}`)
    })

    it('writes the same again, and for that family alone', () => {
      expect(goldenText(name, speaks)).toBe(goldenText(name, speaks))
      for (const call of ['call', 'message'] as const) {
        const notification = { ...wakeUp, class: call }
        const written = profile.write({ id: 'd', notification, registration })
        if (written.is === 'content') expect(written.content.speaks).toBe(speaks)
        else expect(written.why).not.toBe('')
      }
    })

    it('writes for a caller who brought the address along, or says why not', () => {
      expect(['content', 'silence']).toContain(profile.write({ id: 'd', notification: wakeUp }).is)
    })

    it('tells nothing of who wrote and what, unless it is set to', () => {
      expect(profile.keeps).toMatchObject({ sender: false, body: false })
      for (const summary of all) {
        const request = requestText(profile, speaks, summary)
        expect(request).not.toMatch(/juliet|Jule|Art thou/i)
        if (!profile.passesEncrypted) expect(request).not.toContain('Y2lwaGVydGV4dA')
      }
    })

    it('names what the operator is told that it does, and nothing else', () => {
      const requests = all.map((summary) => requestText(profile, speaks, summary)).join('\n')
      expect(requests.includes(registration.owner)).toBe(profile.reveals.includes("the account's bare JID"))
      expect(/"(unread-messages|count|badge|message-count)": "?[13]/.test(requests)).toBe(
        profile.reveals.includes('the number of unread messages'),
      )
      expect(/"account": "[0-9a-f]{40}"/.test(requests)).toBe(profile.reveals.includes('a hash of account and device'))
    })

    it('lets nothing replace a push that carries content', () => {
      if (!profile.passesEncrypted) return
      const encrypted = { iv: 'aXY=', data: 'Y2lwaGVydGV4dA==' }
      expect(profile.collapseKey({ ...wakeUp, content: { encrypted } })).toBeUndefined()
    })
  })
}

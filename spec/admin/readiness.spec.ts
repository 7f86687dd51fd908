/** What readiness says of apps whose credential expires, or whose fuse has blown. */
import { tellReadiness, type AppStanding, type Readiness } from '../../lib/admin/readiness'

const DAY = 24 * 3600_000
const now = Date.UTC(2026, 0, 1)

const both = ['ingest', 'dispatch']

function told(standing: Partial<AppStanding>, roles: readonly string[] = both): Readiness {
  const links = [{ domain: 'push.example.com', isOnline: true }]
  return tellReadiness({ roles, links, apps: [{ app: 'ios', isOpen: true, ...standing }], now })
}

describe('lib/admin/readiness', () => {
  it('is whole where nothing expires within 30 days and no fuse has blown', () => {
    expect(told({ expiresAt: now + 31 * DAY })).toMatchObject({
      status: 'ready',
      apps: [{ isReady: true, warnings: [] }],
    })
  })

  it('warns of a credential that expires within 30 days, and goes on taking work', () => {
    const { status, apps } = told({ expiresAt: now + 29 * DAY })
    expect({ status, apps }).toMatchObject({
      status: 'degraded',
      apps: [{ isReady: true, warnings: ['its credential expires in 29 days'], expiresAt: '2026-01-30T00:00:00.000Z' }],
    })
  })

  it.each([true, false])('says that a credential has expired, whether or not it could be opened (%s)', (isOpen) => {
    const [app] = told({ isOpen, expiresAt: now - DAY }).apps
    expect(app).toMatchObject({
      isReady: false,
      why: 'its credential expired 2025-12-31; put a new key or certificate in the place of the old file: it is read by itself',
    })
  })

  it('warns of a blown fuse with the command that resets it', () => {
    const [app] = told({ fuse: 'more than 10 tokens' }).apps
    expect(app?.isReady).toBe(true)
    expect(app?.warnings).toEqual([
      'its fuse has blown: more than 10 tokens; see its credential, topic and project, then: xmpp-push fuse reset ios',
    ])
  })

  it('is ready while it stands by, and is not while it is neither attached nor standing by', () => {
    const apps = [{ app: 'ios', isOpen: true }]
    const [domain, isOnline] = ['push.example.com', false]
    expect(tellReadiness({ roles: both, links: [{ domain, isOnline, isStandby: true }], apps, now })).toMatchObject({
      ...{ status: 'ready', components: [{ domain, isReady: true, isStandby: true }] },
    })
    expect(tellReadiness({ roles: both, links: [{ domain, isOnline }], apps, now })).toMatchObject({
      ...{ status: 'not-ready', components: [{ domain, isReady: false }] },
    })
  })

  it('tells why a link is down and what to do, where that is known', () => {
    const link = { domain: 'push.example.com', isOnline: false }
    const whyOf = (more: object): string | undefined =>
      tellReadiness({ roles: both, links: [{ ...link, ...more }], apps: [], now }).components[0]?.why
    expect(whyOf({})).toBe('it is not attached to its XMPP server; the log tells why')
    expect(whyOf({ why: 'nothing listens', mend: 'Start it' })).toBe(
      'it is not attached to its XMPP server: nothing listens. Start it',
    )
  })

  it('is red for an app that is in doubt, and says why', () => {
    expect(told({ doubt: 'a wrong key' })).toMatchObject({ status: 'not-ready', apps: [{ why: 'a wrong key' }] })
  })

  it('tells why credentials could not be used', () => {
    const [app] = told({ isOpen: false, refused: 'key: a.p8 is no key' }).apps
    expect(app?.why).toBe('its credentials could not be used: key: a.p8 is no key')
  })

  it('passes on what was noticed, and is no less ready for it', () => {
    const noticed = [{ about: 'example.org', text: 'never published', mend: 'Load the module' }]
    const links = [{ domain: 'push.example.com', isOnline: true }]
    const read = tellReadiness({ roles: both, links, apps: [{ app: 'ios', isOpen: true }], noticed, now })
    expect([read.status, read.noticed]).toEqual(['ready', noticed])
  })

  it('is ready to take in although no app sends, where others do that, and is not where it should send itself', () => {
    expect(told({ held: 'a wrong key' }, ['ingest']).status).toBe('degraded')
    expect(told({ held: 'a wrong key' }).status).toBe('not-ready')
    expect(told({ held: 'a wrong key' }, ['dispatch']).status).toBe('not-ready')
  })

  it('is ready to send without a component, and not where nothing can be written', () => {
    const apps = [{ app: 'ios', isOpen: true }]
    expect(tellReadiness({ roles: ['dispatch'], links: [], apps, now }).status).toBe('ready')
    expect(tellReadiness({ roles: ['dispatch'], links: [], store: 'away', apps, now }).status).toBe('not-ready')
  })
})

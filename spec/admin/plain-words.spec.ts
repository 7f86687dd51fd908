import { appInWords, type AppFacts, type Colour } from '../../lib/admin/plain-words'
import { tellGlance, type GlanceParts } from '../../lib/admin/glance'
import { ends, type Account } from '../../lib/model/accounting'

const DAY = 24 * 3600_000
const NOW = Date.UTC(2026, 0, 1)
const well: AppFacts = { app: 'a', isConfigured: true, isOpen: true, isProven: true, missing: 0 }

describe('lib/admin/plain-words', () => {
  it.each<[string, Partial<AppFacts>, Colour, RegExp, RegExp | undefined]>([
    ['well', {}, 'good', /took pushes within the hour/, undefined],
    ['not proven', { isProven: false }, 'unsure', /Nothing was delivered within the hour/, /test push/],
    ['held', { held: 'it rests' }, 'bad', /It is held, its pushes wait: It rests\.$/, /outbox retry --app a/],
    ['held, with a mend', { held: 'x', mend: 'Change the topic' }, 'bad', /held/, /^Change the topic\. Then/],
    [
      'in doubt',
      { doubt: 'no answer' },
      'bad',
      /in doubt, its pushes are tried all the same: No answer\.$/,
      /check --live/,
    ],
    ['without credentials', { isOpen: false }, 'bad', /credentials could not be used/, /xmpp-push check/],
    ['expired', { expiresAt: NOW - DAY }, 'bad', /expired on 2025-12-31/, /new key or certificate/],
    ['soon to expire', { expiresAt: NOW + 10 * DAY }, 'look', /expires in 10 days, on 2026-01-11/, /new key/],
    ['blown', { fuse: 'too many' }, 'look', /fuse has blown/, /fuse reset a/],
    ['off in its accounts', { missing: 3 }, 'look', /off by 3/, /report it/],
    ['not configured', { isConfigured: false }, 'bad', /not in the configuration/, /outbox drop --app a/],
  ])('says of an app that is %s what it is and what to do', (_, facts, colour, text, cure) => {
    const told = appInWords({ ...well, ...facts }, NOW)
    expect(told.colour).toBe(colour)
    expect(told.says[0]?.text).toMatch(text)
    if (cure === undefined) expect(told.says[0]?.cure).toBeUndefined()
    else expect(told.says[0]?.cure).toMatch(cure)
  })

  it('says the worst first, and the rest too', () => {
    const { colour, says } = appInWords({ ...well, held: 'x', fuse: 'y' }, NOW)
    expect([colour, says.length]).toEqual(['bad', 2])
    expect(says[0]?.text).toMatch(/held/)
  })
})

describe('lib/admin/glance', () => {
  const account = (more: Partial<Account>): Account => ({
    ...(Object.fromEntries(ends.map((end) => [end, 0])) as Record<(typeof ends)[number], number>),
    ...{ accepted: 0, resent: 0, inFlight: 0, waiting: 0, ...more },
  })
  const parts: GlanceParts = {
    ...{ version: '1', uptime: 1_000, now: NOW, seconds: [], times: {}, failures: [] },
    roles: ['ingest', 'dispatch'],
    links: [{ domain: 'push.example.com', service: 'xmpp://127.0.0.1', isOnline: true }],
    apps: [{ app: 'a', isOpen: true, isProven: true }],
    accounts: new Map([['a', account({ accepted: 5, delivered: 3, waiting: 2 })]]),
  }

  it('is in order where everything is', () => {
    expect(tellGlance(parts).service).toMatchObject({ colour: 'good', says: [] })
    expect(tellGlance(parts)).toMatchObject({ queue: { waiting: 2, inFlight: 0 }, apps: [{ delivered: 3 }] })
  })

  it.each<[string, Partial<GlanceParts>, Colour]>([
    ['a link that is down', { links: [{ domain: 'p', service: 's', isOnline: false }] }, 'bad'],
    ['a store that takes nothing', { store: 'disk full' }, 'bad'],
    ['a service that accepts nothing', { closed: 'the service is stopping' }, 'bad'],
    ['an app that does not send', { apps: [{ app: 'a', isOpen: false }] }, 'look'],
    ['an app that nothing proves', { apps: [{ app: 'a', isOpen: true }] }, 'unsure'],
  ])('is not where there is %s', (_, more, colour) => {
    expect(tellGlance({ ...parts, ...more }).service.colour).toBe(colour)
  })

  it('shows an app that is no longer configured as long as something waits for it', () => {
    const stranger = (waiting: number) =>
      tellGlance({ ...parts, accounts: new Map([['old', account({ accepted: waiting, waiting })]]) }).apps
    expect(stranger(1)).toMatchObject([{ app: 'a' }, { app: 'old', colour: 'bad' }])
    expect(stranger(0)).toHaveLength(1)
  })

  it('tells how many devices there are only once they were counted', () => {
    expect(tellGlance(parts).apps[0]).not.toHaveProperty('registrations')
    expect(tellGlance({ ...parts, registrations: new Map() }).apps[0]?.registrations).toBe(0)
  })
})

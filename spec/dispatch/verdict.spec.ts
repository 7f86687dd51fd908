import fc from 'fast-check'
import { delayBefore, judge, type History } from '../../lib/dispatch/verdict'
import { type Outcome } from '../../lib/model/outcome'

const now = Date.UTC(2026, 0, 1)
const common = { attempts: 1, begunAt: now - 500, isProven: false, isListenedTo: false }
const message: History = { ...common, class: 'message', expiresAt: now + 28 * 24 * 3600_000 }
const call: History = { ...common, class: 'call', expiresAt: now + 30_000 }

describe('dispatch/verdict', () => {
  it('ends what was delivered', () => {
    expect(judge({ is: 'delivered' }, message, now, 0)).toEqual({ is: 'ended', end: 'delivered' })
  })

  it("believes a dead token only against registrations older than the vendor's word", () => {
    expect(judge({ is: 'gone', why: 'Unregistered', since: now - 60_000 }, message, now, 0)).toEqual({
      is: 'ended',
      end: 'gone',
      forget: { registeredBefore: now - 60_000, why: 'Unregistered' },
    })
  })

  it('spares whoever registered since the attempt began, where the vendor names no moment', () => {
    expect(judge({ is: 'gone', why: 'UNREGISTERED' }, message, now, 0)).toMatchObject({
      forget: { registeredBefore: now - 500 },
    })
  })

  it('spares whoever registered since the attempt began, where the vendor names a later moment', () => {
    expect(judge({ is: 'gone', why: 'Unregistered', since: now + 60_000 }, message, now, 0)).toMatchObject({
      forget: { registeredBefore: now - 499 },
    })
  })

  it('believes a bad token only while the credential is proven good', () => {
    expect(judge({ is: 'suspect', why: 'BadDeviceToken' }, { ...message, isProven: true }, now, 0)).toEqual({
      is: 'ended',
      end: 'gone',
      forget: { registeredBefore: now - 500, why: 'BadDeviceToken' },
    })
  })

  it.each(['suspect', 'refused'] as const)('drops what is %s and forgets nobody', (is) => {
    expect(judge({ is, why: 'x' }, message, now, 0)).toEqual({ is: 'ended', end: 'refused' })
  })

  it('comes back to a busy device no sooner than it was told, and holds nobody else', () => {
    const verdict = judge({ is: 'busy', why: 'x', whom: 'target', notBefore: now + 90_000 }, message, now, 0)
    expect(verdict).toEqual({ is: 'again', at: now + 90_000, ambiguous: false })
  })

  it('puts off to a whole millisecond, not sooner than asked for, whatever fraction the pause is told with', () => {
    for (const notBefore of [now + 90_000.4, now + 90_000.6]) {
      expect(
        judge({ is: 'down', why: 'x', ambiguous: false, whom: 'target', notBefore }, message, now, 0),
      ).toMatchObject({
        is: 'again',
        at: now + 90_001,
      })
    }
  })

  it('holds the app where the credential is asked to wait', () => {
    const verdict = judge({ is: 'busy', why: 'quota', whom: 'credential', notBefore: now + 90_000 }, message, now, 0)
    expect(verdict).toMatchObject({ is: 'again', hold: { why: 'quota', notBefore: now + 90_000 } })
  })

  it('repeats what may have arrived, unless it is a call', () => {
    const lost: Outcome = { is: 'down', why: 'lost', ambiguous: true }
    expect(judge(lost, message, now, 0)).toMatchObject({ is: 'again', ambiguous: true })
    expect(judge(lost, call, now, 0)).toEqual({ is: 'ended', end: 'abandoned' })
  })

  it('repeats a call that surely did not arrive', () => {
    expect(judge({ is: 'down', why: 'refused', ambiguous: false }, call, now, 0)).toMatchObject({ is: 'again' })
  })

  it('holds the app and forgets nothing where the fault is ours', () => {
    const verdict = judge({ is: 'misconfigured', why: 'InvalidProviderToken', mend: 'check keyId' }, message, now, 0)
    expect(verdict).toMatchObject({ is: 'again', hold: { why: 'InvalidProviderToken', mend: 'check keyId' } })
    expect(verdict).not.toHaveProperty('forget')
  })

  it('lets the app go on where our fault concerns one kind of device', () => {
    const verdict = judge({ is: 'misconfigured', why: 'THIRD_PARTY_AUTH_ERROR', whom: 'target' }, message, now, 0)
    expect(verdict).toMatchObject({ is: 'again' })
    expect(verdict).not.toHaveProperty('hold')
  })

  it('lets a delivery expire rather than send it after its time', () => {
    expect(judge({ is: 'down', why: 'x', ambiguous: false }, { ...call, attempts: 9 }, now, 0.99)).toEqual({
      is: 'ended',
      end: 'expired',
    })
  })

  it('waits from 1 s to 15 min, whatever the attempt and the chance', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.double({ min: 0, max: 0.999999, noNaN: true }), (attempt, chance) => {
        const delay = delayBefore(attempt, chance)
        return delay >= 1_000 && delay <= 15 * 60_000
      }),
    )
  })

  it('never plans an attempt at or after the expiry, and never forgets for anything but a dead token', () => {
    const word = fc.constantFrom<Outcome>(
      { is: 'delivered' },
      { is: 'suspect', why: 'x' },
      { is: 'refused', why: 'x' },
      { is: 'busy', why: 'x', whom: 'credential' },
      { is: 'down', why: 'x', ambiguous: true },
      { is: 'misconfigured', why: 'x' },
    )
    fc.assert(
      fc.property(word, fc.nat(50), fc.nat(60_000), (outcome, attempts, left) => {
        const verdict = judge(outcome, { ...message, attempts, expiresAt: now + left }, now, 0.5)
        return verdict.forget === undefined && (verdict.is === 'ended' || verdict.at < now + left)
      }),
    )
  })

  it('ends what our own fault prevents where the caller hears of it, and tries again where nobody listens', () => {
    const outcome = { is: 'misconfigured', why: 'InvalidProviderToken' } as const
    expect(judge(outcome, { ...message, isListenedTo: true }, now, 0)).toEqual({
      is: 'ended',
      end: 'refused',
      hold: { why: 'InvalidProviderToken' },
    })
    expect(judge(outcome, message, now, 0)).toMatchObject({ is: 'again', hold: { why: 'InvalidProviderToken' } })
  })
})

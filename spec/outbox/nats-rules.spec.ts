/** What becomes of deliveries by the rules, and what their stories tell of it. No NATS. */
import { makeChanges } from '../../lib/outbox/nats-changes'
import { type Row, read } from '../../lib/outbox/nats-row'
import { makeRules } from '../../lib/outbox/nats-rules'
import { makeStanding } from '../../lib/outbox/nats-standing'
import { readLine } from '../../lib/stores/trace-lines'

const NOW = 1000

describe('lib/outbox/nats-rules', () => {
  const start = () => {
    const standing = makeStanding()
    const changes = makeChanges()
    return { standing, changes, rules: makeRules(standing, changes) }
  }
  const row = (seq: number): Row => {
    const its = { i: `delivery-${seq}`, a: 'org.example.ios', t: 'phone', k: 'wake', c: 'message', u: 'high' }
    const text = JSON.stringify({ ...its, x: 9e12, m: 1, n: 'null', d: '' })
    return read(text, { seq, partition: 0, ack: () => undefined })
  }
  const stepsOf = (lines: string | undefined): readonly string[] =>
    lines === undefined || lines === '' ? [] : readLine(lines.trim()).steps.map(({ is }) => is)

  it('tells of what was out when its instance ended that it was interrupted, though a newer one takes its place', () => {
    const { standing, changes, rules } = start()
    const [out, newer] = [row(1), row(2)]
    standing.goOut(out)
    rules.waitOn(newer, NOW)
    rules.comeBack(out, NOW)
    const its = changes.take().get(0)
    expect(its?.ended).toEqual([out])
    expect(stepsOf(its?.lines)).toEqual(['interrupted', 'coalesced'])
  })

  it('tells of what nobody had taken that it was coalesced, and nothing else', () => {
    const { standing, changes, rules } = start()
    const [out, newer] = [row(1), row(2)]
    standing.goOut(out)
    rules.waitOn(newer, NOW)
    rules.release(out, NOW)
    expect(stepsOf(changes.take().get(0)?.lines)).toEqual(['coalesced'])
  })

  it('sends again what was out when its instance ended: in doubt, one attempt more', () => {
    const { standing, changes, rules } = start()
    const out = row(1)
    standing.goOut(out)
    rules.comeBack(out, NOW)
    expect(rules.claim('others', new Map([['org.example.ios', 1]]), NOW)).toEqual([out])
    expect([out.attempts, out.ambiguous, out.notes]).toEqual([1, true, 'null,[1000,"interrupted"]'])
    expect(changes.take().get(0)?.ended).toEqual([])
  })
})

import { makeChanges } from '../../lib/outbox/nats-changes'
import { read } from '../../lib/outbox/nats-row'

const text = JSON.stringify({
  i: 'one',
  a: 'org.example.ios',
  t: 'phone',
  c: 'message',
  u: 'high',
  x: 9e12,
  m: 1,
  n: 'null',
  d: '',
})
const row = (seq: number, partition = 0) => read(text, { seq, partition, ack: () => undefined })

describe('lib/outbox/nats-changes', () => {
  it('knows what ended until that is written down', () => {
    const changes = makeChanges()
    const one = row(7)
    changes.ended(one, 1000, 'delivered', null)
    expect(changes.take().get(0)?.ended).toEqual([one])
    expect(changes.ending(7)).toBe(one)
    changes.written([one])
    expect(changes.ending(7)).toBeUndefined()
  })

  it('knows nothing of a partition that another instance has', () => {
    const changes = makeChanges()
    const [ours, theirs] = [row(7, 0), row(8, 1)]
    changes.ended(ours, 1000, 'delivered', null)
    changes.ended(theirs, 1000, 'delivered', null)
    changes.forget(1)
    expect([changes.ending(7), changes.ending(8)]).toEqual([ours, undefined])
    expect([...changes.take().keys()]).toEqual([0])
  })
})

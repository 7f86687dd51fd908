import { makeProof } from '../../lib/dispatch/proof'
import { type Outcome } from '../../lib/model/outcome'
import { handClock } from '../support/hand-clock'

const delivered: Outcome = { is: 'delivered' }
const suspect: Outcome = { is: 'suspect', why: 'BadDeviceToken' }

describe('dispatch/proof', () => {
  const setUp = () => {
    const clock = handClock()
    const proof = makeProof(clock)
    const note = (outcome: Outcome, times: number): void => {
      for (let n = 0; n < times; n++) proof.note('app', outcome)
    }
    return { clock, proof, note }
  }

  it('holds nothing for proven that never delivered', () => {
    const { proof, note } = setUp()
    note(suspect, 5)
    expect(proof.holds('app')).toBe(false)
  })

  it('takes one delivery within the hour for a proof', async () => {
    const { proof, note, clock } = setUp()
    note(delivered, 1)
    note(suspect, 1)
    await clock.advance(3600_000)
    expect(proof.holds('app')).toBe(true)
    await clock.advance(1)
    expect(proof.holds('app')).toBe(false)
  })

  it('doubts the credential when more than a tenth of the tokens are bad', () => {
    const { proof, note } = setUp()
    note(delivered, 90)
    note(suspect, 10)
    expect(proof.holds('app')).toBe(true)
    note(suspect, 1)
    expect(proof.holds('app')).toBe(false)
  })

  it('does not forget at the turn of an hour what it saw just before', async () => {
    const { proof, note, clock } = setUp()
    await clock.advance(3599_000)
    note(suspect, 50)
    note(delivered, 10)
    await clock.advance(2_000)
    note(delivered, 1)
    expect(proof.holds('app')).toBe(false)
  })

  it('proves one app and one environment at a time', () => {
    const { proof, note } = setUp()
    note(delivered, 1)
    expect(proof.holds('app sandbox')).toBe(false)
  })
})

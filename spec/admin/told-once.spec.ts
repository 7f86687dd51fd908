import { makeToldOnce } from '../../lib/admin/told-once'
import { type Finding } from '../../lib/providers/provider'

const refused = 'https://127.0.0.1:9: connect ECONNREFUSED 127.0.0.1:9'
const fault: Finding = { is: 'fault', text: `APNs (production) could not be asked: ${refused}`, mend: 'See to it' }

describe('lib/admin/told-once', () => {
  const told: string[] = []
  beforeEach(() => void (told.length = 0))

  it('leaves out what the answer tells, and passes on the rest when it is there', async () => {
    const { notice, prove } = makeToldOnce((text) => told.push(text))
    const findings = await prove(async () => {
      notice(refused)
      notice('key ABC123DEFG is used from now on')
      expect(told).toEqual([])
      return [fault]
    })
    expect(findings).toEqual([fault])
    expect(told).toEqual(['key ABC123DEFG is used from now on'])
  })

  it('leaves out what a fault tells with its mend, and no warning, which the log has from here alone', async () => {
    const { notice, prove } = makeToldOnce((text) => told.push(text))
    const clock: Finding = { is: 'fault', text: 'the clock is 6 min ahead', mend: 'Set it right' }
    await prove(async () => {
      notice('the clock is 6 min ahead. Set it right')
      return [fault, clock]
    })
    expect(told).toEqual([])
    await prove(async () => {
      notice('the clock is 2 min ahead. Set it right')
      return [{ ...clock, is: 'warning', text: 'the clock is 2 min ahead' }]
    })
    expect(told).toEqual(['the clock is 2 min ahead. Set it right'])
  })

  it('passes on at once what is noticed while nobody asks, the same words too', async () => {
    const { notice, prove } = makeToldOnce((text) => told.push(text))
    notice(refused)
    await prove(async () => [fault])
    notice(refused)
    expect(told).toEqual([refused, refused])
  })

  it('keeps nothing back where the question fails', async () => {
    const { notice, prove } = makeToldOnce((text) => told.push(text))
    const asking = prove(async () => {
      notice(refused)
      throw new Error('no answer')
    })
    await expect(asking).rejects.toThrow('no answer')
    expect(told).toEqual([refused])
  })
})

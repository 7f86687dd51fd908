import { rootCertificates } from 'node:tls'
import { makeAuthority } from '../../lib/sim/certificates'
import { beside, trusting } from '../../lib/wire/trust'

const authority = (): Buffer => Buffer.from(makeAuthority().caPem)

describe('lib/wire/trust', () => {
  it('is made once for each authority, however often it is asked for', () => {
    const [one, other] = [authority(), authority()]
    expect(trusting(one)).toBe(trusting(Buffer.from(one)))
    expect(trusting(one)).not.toBe(trusting(other))
    expect(trusting(one)).not.toBe(trusting(undefined))
    expect(trusting(undefined)).toBe(trusting(undefined))
  })

  it('keeps what is in use, and not all that ever was', () => {
    const [used, unused] = [authority(), authority()]
    const [first, gone] = [trusting(used), trusting(unused)]
    for (let more = 0; more < 4; more++) {
      trusting(authority())
      expect(trusting(used)).toBe(first)
    }
    expect(trusting(unused)).not.toBe(gone)
  })

  it('adds authorities to the system’s own', () => {
    const one = authority()
    expect(beside(one).ca).toEqual([...rootCertificates, one.toString('utf8')])
    expect(beside(undefined)).toEqual({})
  })
})

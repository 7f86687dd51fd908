import fc from 'fast-check'
import { judgeReply } from '../../lib/providers/fcm-outcome'

const judge = (status: number, body: string) =>
  judgeReply({ is: 'reply', status, headers: {}, body }, Date.UTC(2026, 0, 1))

describe('lib/providers/fcm-outcome', () => {
  const errors = fc.record({
    error: fc.record({
      message: fc.anything(),
      status: fc.oneof(
        fc.constantFrom('INVALID_ARGUMENT', 'NOT_FOUND', 'UNAUTHENTICATED', 'constructor'),
        fc.anything(),
      ),
      details: fc.oneof(
        fc.array(fc.oneof(fc.object(), fc.constant({ '@type': 'x.FcmError', errorCode: 7 }))),
        fc.anything(),
      ),
    }),
  })
  const bodies = fc.oneof(
    fc.string(),
    fc.json(),
    errors.map((error) => JSON.stringify(error)),
  )

  it('says something of any answer at all, and never that a token is dead unless FCM says so in its own words', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), bodies, (status, body) => {
        const { is } = judge(status, body)
        expect(['delivered', 'refused', 'busy', 'down', 'misconfigured', 'token refused']).toContain(is)
      }),
    )
  })

  it('takes nothing for its own word that every object has', () => {
    const details = [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode: 'constructor' }]
    expect(judge(400, JSON.stringify({ error: { details } })).is).toBe('refused')
  })

  it('looks past details without a word for the one that has it', () => {
    const type = 'type.googleapis.com/google.firebase.fcm.v1.FcmError'
    const details = [{ '@type': type }, { '@type': type, errorCode: 'UNREGISTERED' }]
    expect(judge(404, JSON.stringify({ error: { details } })).is).toBe('gone')
  })

  it('keeps what it quotes short', () => {
    const outcome = judge(400, JSON.stringify({ error: { message: 'x'.repeat(10_000) } }))
    expect('why' in outcome ? outcome.why.length : 0).toBeLessThanOrEqual(300)
  })
})
